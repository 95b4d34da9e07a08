//! What a metadata document says, member by member, after the checks.

use std::collections::BTreeMap;

use jeton_runtime::{GrantKind, presentable};
use serde_json::{Map, Value};
use url::Url;

use super::Issuer;
use super::authentication::Authentication;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// What is kept of it.
pub struct Metadata {
    /// As the document has it.
    pub issuer: String,
    /// By the manifest's names.
    pub endpoints: BTreeMap<&'static str, Url>,
    pub grants: Vec<GrantKind>,
    pub authentication: Authentication,
    /// Whether tokens are good only together with the client's certificate (RFC 8705, 3).
    pub bound: bool,
    /// `S256`, `plain`; none where the document doesn't say.
    pub pkce: Option<&'static str>,
    /// Whether the browser's answer names the issuer (RFC 9207).
    pub iss: bool,
    pub scopes: Vec<String>,
    pub documentation: Option<Url>,
}

/// The manifest's name and the document's.
const ENDPOINTS: [(&str, &str); 8] = [
    ("authorize", "authorization_endpoint"),
    ("token", "token_endpoint"),
    ("revoke", "revocation_endpoint"),
    ("device", "device_authorization_endpoint"),
    ("par", "pushed_authorization_request_endpoint"),
    ("userinfo", "userinfo_endpoint"),
    ("introspect", "introspection_endpoint"),
    ("register", "registration_endpoint"),
];

/// Where no client shows who it is.
const NOT_ALIASED: [&str; 2] = ["authorize", "register"];

const GRANTS: [(&str, GrantKind); 4] = [
    ("authorization_code", GrantKind::AuthorizationCode),
    ("urn:ietf:params:oauth:grant-type:device_code", GrantKind::DeviceCode),
    ("client_credentials", GrantKind::ClientCredentials),
    ("urn:ietf:params:oauth:grant-type:token-exchange", GrantKind::TokenExchange),
];

/// An address is shown whole.
const LONGEST: usize = 300;
/// Scopes are a help for the person; beyond so many they are none.
const MOST_SCOPES: usize = 100;

fn lie(what: String, hint: impl Into<String>) -> Failure {
    Failure::new(what, hint).exit(Exit::Denied)
}

impl Metadata {
    /// Reads the document of this issuer.
    pub fn read(document: &[u8], issuer: &Issuer) -> Result<Self> {
        let Ok(Value::Object(document)) = serde_json::from_slice(document) else {
            let what = format!("what {issuer} answers is no metadata: it must be an object in JSON");
            return Err(Failure::new(what, "Is it the issuer, as the service's documentation has it?"));
        };
        let document = Members(document);
        let said = document.text("issuer").unwrap_or_default();
        if !issuer.is(said) {
            let what = format!("the metadata that {issuer} answers is that of another issuer, `{}`", presentable(said, 200));
            let slash = format!("If that is the one: jeton providers add {}", presentable(said, 200));
            let hint = if issuer.is_but_for_a_slash(said) { slash } else { "It isn't used. Ask the service for its issuer".to_owned() };
            return Err(lie(what, hint));
        }
        let mut endpoints = BTreeMap::new();
        for (name, member) in ENDPOINTS {
            if let Some(said) = document.0.get(member).filter(|said| !said.is_null()) {
                endpoints.insert(name, address(member, said.as_str().unwrap_or_default())?);
            }
        }
        let grants = grants(&document, &mut endpoints)?;
        let (methods, algorithms) =
            (document.texts("token_endpoint_auth_methods_supported"), document.texts("token_endpoint_auth_signing_alg_values_supported"));
        let authentication = Authentication::of(methods.as_deref(), algorithms.as_deref())?;
        if authentication.by_certificate() {
            aliases(&document, &mut endpoints)?;
        }
        let challenges = document.texts("code_challenge_methods_supported");
        Ok(Self {
            issuer: said.to_owned(),
            endpoints,
            grants,
            authentication,
            bound: document.0.get("tls_client_certificate_bound_access_tokens") == Some(&Value::Bool(true)),
            pkce: challenges.and_then(|known| ["S256", "plain"].into_iter().find(|name| known.iter().any(|one| one == name))),
            iss: document.0.get("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true)),
            scopes: scopes(&document),
            documentation: document.text("service_documentation").and_then(|text| address("service_documentation", text).ok()),
        })
    }

    /// What a person who reads fast shouldn't miss.
    pub fn remarks(&self, issuer: &Issuer) -> Vec<String> {
        let mut remarks = vec![];
        for (name, url) in self.endpoints.iter().filter(|(_, url)| !issuer.has(url)) {
            remarks.push(format!("`{name}` is at another host than the issuer: {}", url.host_str().unwrap_or_default()));
        }
        if self.authentication.by_certificate() {
            let token = self.endpoints.get("token").map_or("", |url| url.as_str());
            remarks.push(format!(
                "It takes nothing else than a certificate (RFC 8705): a client shows one, at the addresses that are for that, such as {token}"
            ));
        }
        if self.pkce != Some("S256") && self.endpoints.contains_key("authorize") {
            remarks.push(match self.pkce {
                Some(_) => "It knows PKCE in its plain form alone, which hides nothing from whoever sees the request.".to_owned(),
                None => "It doesn't say whether it knows PKCE. Jeton uses it all the same: who doesn't know it ignores it.".to_owned(),
            });
        }
        if self.grants.contains(&GrantKind::DeviceCode) {
            remarks.push(format!("Where a device's code is entered isn't said: pages of {} are taken, and no others.", issuer.home()));
        }
        remarks
    }

    /// Asked for where the person names none: to be told who signed in, and a refresh token.
    pub fn usual_scopes(&self) -> Vec<&str> {
        ["openid", "profile", "email"].into_iter().filter(|name| self.scopes.iter().any(|scope| scope == name)).collect()
    }
}

struct Members(Map<String, Value>);

impl Members {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    fn texts(&self, name: &str) -> Option<Vec<String>> {
        let texts = self.0.get(name)?.as_array()?;
        Some(texts.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }
}

/// An address of the document, if it is one that a manifest may have.
fn address(member: &str, said: &str) -> Result<Url> {
    let shown = presentable(said, 200);
    let Ok(url) = Url::parse(said) else {
        return Err(lie(format!("the metadata's {member} is no address: `{shown}`"), "Tell the service"));
    };
    let rule = if url.scheme() != "https" {
        "isn't https: whoever is on the way could read the secrets that go there"
    } else if !url.username().is_empty() || url.password().is_some() {
        "holds a user name, which hides where it leads"
    } else if url.query().is_some() || url.fragment().is_some() {
        "has a query or a fragment, which a manifest's address has not"
    } else if url.as_str().len() > LONGEST {
        "is too long to be read"
    } else {
        return Ok(url);
    };
    Err(lie(
        format!("the metadata's {member} {rule}: `{shown}`"),
        "Nothing was added. Tell the service; or write a provider.toml by its documentation",
    ))
}

/// Those endpoints that are elsewhere for a client that shows a certificate (RFC 8705, 5). Nobody shows one where the browser goes.
fn aliases(document: &Members, endpoints: &mut BTreeMap<&'static str, Url>) -> Result<()> {
    let Some(Value::Object(aliases)) = document.0.get("mtls_endpoint_aliases") else { return Ok(()) };
    for (name, member) in ENDPOINTS.iter().filter(|(name, _)| !NOT_ALIASED.contains(name)) {
        if let (Some(url), Some(said)) = (endpoints.get_mut(name), aliases.get(*member)) {
            *url = address(&format!("mtls_endpoint_aliases.{member}"), said.as_str().unwrap_or_default())?;
        }
    }
    Ok(())
}

/// What can be had there, and no endpoints but for that.
fn grants(document: &Members, endpoints: &mut BTreeMap<&'static str, Url>) -> Result<Vec<GrantKind>> {
    let said = document.texts("grant_types_supported");
    let codes = document.texts("response_types_supported").is_none_or(|types| types.iter().any(|kind| kind == "code"));
    let offered = |(name, kind): &(&str, GrantKind)| {
        let unsaid = matches!(kind, GrantKind::AuthorizationCode | GrantKind::DeviceCode);
        said.as_ref().map_or(unsaid, |said| said.iter().any(|one| one == name))
    };
    let mut grants: Vec<_> = GRANTS.iter().filter(|grant| offered(grant)).map(|(_, kind)| *kind).collect();
    grants.retain(|kind| match kind {
        GrantKind::AuthorizationCode => codes && endpoints.contains_key("authorize"),
        GrantKind::DeviceCode => endpoints.contains_key("device"),
        _ => true,
    });
    if grants.is_empty() || !endpoints.contains_key("token") {
        let what = "the metadata names no way to get a token that Jeton knows: it needs a token_endpoint, and an authorization_endpoint \
            for codes or another grant";
        return Err(Failure::new(what, "Write a provider.toml by the service's documentation"));
    }
    if !grants.contains(&GrantKind::AuthorizationCode) {
        endpoints.retain(|name, _| !["authorize", "par"].contains(name));
    }
    if !grants.contains(&GrantKind::DeviceCode) {
        endpoints.remove("device");
    }
    Ok(grants)
}

/// Those that are scopes (RFC 6749, 3.3).
fn scopes(document: &Members) -> Vec<String> {
    let plain = |scope: &String| {
        (1..=200).contains(&scope.len()) && scope.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
    };
    let mut scopes = document.texts("scopes_supported").unwrap_or_default();
    scopes.retain(plain);
    scopes.truncate(MOST_SCOPES);
    scopes
}
