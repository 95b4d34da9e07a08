//! What is particular about a service, as data. The files in `services/` are such facts; everything that is left out is what the RFCs say.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::answer::{AnswerFacts, ErrorFacts};
use super::api::CallFacts;
use super::assertion::AssertionFacts;
use super::client_auth::ClientAuth;
use super::device::DeviceFacts;
use crate::{Lifetimes, RedirectRule, Rotation};

/// The facts of one service.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Facts {
    /// The display name.
    pub name: String,
    /// The issuer identifier (RFC 8414).
    #[serde(default)]
    pub issuer: Option<String>,
    /// Where everything is. Their host names become the service's own; a path segment in braces fits anything.
    pub endpoints: BTreeMap<Endpoint, String>,
    /// Further host names under which all paths are served.
    #[serde(default)]
    pub other_hosts: Vec<String>,
    /// Standard parameter names that this service replaces, each with its own: `client_id = "client_key"`.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// The authorization request and its answer.
    #[serde(default)]
    pub authorize: AuthorizeFacts,
    /// How clients authenticate; any of these.
    #[serde(default = "basic_and_post")]
    pub client_auth: Vec<ClientAuth>,
    /// What the `aud` of a client assertion must be.
    #[serde(default)]
    pub assertion_audience: AssertionAudience,
    /// The token request.
    #[serde(default)]
    pub request: RequestFacts,
    /// Assertions as grants (RFC 7523).
    #[serde(default)]
    pub assertions: AssertionFacts,
    /// The token answer.
    #[serde(default)]
    pub answer: AnswerFacts,
    /// Refusals of the token endpoint.
    #[serde(default)]
    pub errors: ErrorFacts,
    /// What stands between scopes.
    #[serde(default = "space")]
    pub scope_separator: String,
    /// When there is a refresh token, and what becomes of it.
    #[serde(default)]
    pub refresh: RefreshFacts,
    /// The device flow, where it isn't RFC 8628's.
    #[serde(default)]
    pub device: DeviceFacts,
    /// How long things live.
    #[serde(default)]
    pub lifetimes: LifetimeFacts,
    /// How tokens are revoked.
    #[serde(default)]
    pub revocation: RevocationFacts,
    /// DPoP (RFC 9449).
    #[serde(default)]
    pub dpop: Demand,
    /// Whether DPoP proofs must carry the server's nonce.
    #[serde(default)]
    pub dpop_nonce: bool,
    /// Whether access tokens are bound to the certificate that they were asked for with (RFC 8705, 3).
    #[serde(default)]
    pub certificate_bound: bool,
    /// Where endpoints are for clients that show a certificate (RFC 8705, 5). Elsewhere it isn't asked for then.
    #[serde(default)]
    pub aliases: BTreeMap<Endpoint, String>,
    /// Pushed authorization requests (RFC 9126).
    #[serde(default)]
    pub par: Demand,
    /// The initial access token that a registration needs (RFC 7591 section 3).
    #[serde(default)]
    pub registration_token: Option<String>,
    /// The resources that tokens can be made for (RFC 8707); empty allows any.
    #[serde(default)]
    pub resources: Vec<String>,
    /// Further members of the metadata document.
    #[serde(default)]
    pub metadata: toml::Table,
    /// Calls of the API, in the order in which tests try them. The first is the userinfo endpoint of the metadata.
    #[serde(default)]
    pub calls: Vec<CallFacts>,
}

/// The endpoints that the emulator knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// RFC 6749
    Authorize,
    /// RFC 6749
    Token,
    /// Where refresh tokens go, if not to the token endpoint.
    Refresh,
    /// RFC 7009, or what the service has in its place.
    Revoke,
    /// RFC 8628
    Device,
    /// Where a person enters a device's code.
    Verification,
    /// RFC 7662
    Introspect,
    /// RFC 7591
    Register,
    /// RFC 7592: what each registration has for itself.
    Registration,
    /// RFC 9126
    Par,
    /// RFC 7517
    Jwks,
    /// RFC 8414
    Metadata,
    /// OpenID Connect Discovery 1.0
    OpenidConfiguration,
}

/// See [`Facts::authorize`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AuthorizeFacts {
    /// Parameters that must be there, with their values; any value, if that is empty.
    pub required: BTreeMap<String, String>,
    /// PKCE.
    pub pkce: Pkce,
    /// How redirect URIs are compared.
    pub redirect: RedirectRule,
    /// Redirect URIs that stand for a page with a code to copy; an empty one: that none was sent.
    pub copy_code: Vec<String>,
    /// Whether the state is left out of the answer.
    pub drops_state: bool,
    /// The name of the code in the answer, if it isn't `code`.
    pub code: Option<String>,
    /// Further parameters of the answer.
    pub callback: BTreeMap<String, String>,
    /// Whether the answer names the issuer (RFC 9207).
    pub iss: bool,
}

/// PKCE (RFC 7636).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pkce {
    /// Checked where it is used.
    #[default]
    Optional,
    /// Demanded, with S256.
    Required,
    /// Neither checked nor refused.
    Ignored,
    /// A request with it is refused.
    Refused,
}

/// Whether something may or must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Demand {
    /// It isn't known.
    #[default]
    Off,
    /// It may be.
    Optional,
    /// It must be.
    Required,
}

/// What a client assertion must be addressed to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssertionAudience {
    /// The token endpoint, as RFC 7523 had it.
    TokenEndpoint,
    /// The issuer alone.
    Issuer,
    /// Either.
    #[default]
    Either,
}

/// See [`Facts::request`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RequestFacts {
    /// The method.
    pub method: String,
    /// Where the parameters are; any of these.
    pub body: Vec<Body>,
    /// Headers that must be there, with their values; any value, if that is empty.
    pub headers: BTreeMap<String, String>,
    /// Parameters that must be there, with their values.
    pub parameters: BTreeMap<String, String>,
    /// The values of `grant_type` that are known.
    pub grants: Vec<String>,
}

impl Default for RequestFacts {
    fn default() -> Self {
        let grants = ["authorization_code", "refresh_token"].map(str::to_owned).to_vec();
        Self { method: "POST".to_owned(), body: vec![Body::Form], headers: BTreeMap::new(), parameters: BTreeMap::new(), grants }
    }
}

/// The forms in which a token request may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// `application/x-www-form-urlencoded`
    Form,
    /// `application/json`
    Json,
    /// In the query.
    Query,
}

/// See [`Facts::refresh`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RefreshFacts {
    /// Whether there are refresh tokens.
    pub offered: bool,
    /// Only for requests with this scope.
    pub scope: Option<String>,
    /// Only for authorization requests with this parameter, as `name=value`.
    pub parameter: Option<String>,
    /// What becomes of a used one.
    pub rotation: Rotation,
    /// Whether one that doesn't rotate is repeated in the answer.
    pub repeated: bool,
}

impl Default for RefreshFacts {
    fn default() -> Self {
        Self { offered: true, scope: None, parameter: None, rotation: Rotation::Never, repeated: false }
    }
}

/// Lifetimes in seconds; 0 never ends.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LifetimeFacts {
    /// Authorization codes.
    pub code: u64,
    /// Access tokens.
    pub access: u64,
    /// Refresh tokens.
    pub refresh: u64,
    /// Device codes.
    pub device: u64,
}

impl Default for LifetimeFacts {
    fn default() -> Self {
        Self { code: 60, access: 3600, refresh: 0, device: 900 }
    }
}

/// See [`Facts::revocation`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RevocationFacts {
    /// How.
    pub style: RevocationStyle,
    /// Whether everything of the same consent dies, or the pair only.
    pub cascade: bool,
    /// Whether the parameters are JSON, and not a form.
    pub json: bool,
    /// The answer's JSON; an empty body, if there is none.
    pub answer: Option<toml::Table>,
    /// Kinds of tokens that are answered with `unsupported_token_type`: `access_token`, `refresh_token`.
    pub unsupported: Vec<String>,
}

/// How a token is revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationStyle {
    /// POST with the client's authentication and `token`.
    #[default]
    Rfc7009,
    /// POST with the token as bearer.
    BearerPost,
    /// GET with `token` in the query.
    Get,
    /// DELETE with the client's authentication, and `access_token` in JSON.
    Delete,
    /// POST with `token` and no client.
    Alone,
}

/// The facts can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// Not TOML, or an unknown or missing key.
    #[error("the facts can't be read: {0}")]
    Toml(#[from] toml::de::Error),
    /// A URL that isn't https, or has no host.
    #[error("`{0}` must be an https URL with a host name")]
    Url(String),
}

impl Facts {
    /// Reads facts from TOML.
    pub fn parse(text: &str) -> Result<Self, FactsError> {
        let facts: Self = toml::from_str(text)?;
        for url in facts.urls() {
            if super::place::split(url).is_none() {
                return Err(FactsError::Url(url.to_owned()));
            }
        }
        Ok(facts)
    }

    pub(super) fn urls(&self) -> impl Iterator<Item = &str> {
        let endpoints = self.endpoints.values().chain(self.aliases.values());
        endpoints.map(String::as_str).chain(self.calls.iter().map(|call| call.url.as_str()))
    }

    pub(super) fn asks_for_certificate(&self, host: &str) -> bool {
        let mut aliases = self.aliases.values();
        self.aliases.is_empty() || aliases.any(|url| super::place::split(url).is_some_and(|(known, _)| known == host))
    }

    pub(super) fn lifetimes(&self) -> Lifetimes {
        let LifetimeFacts { code, access, refresh, .. } = self.lifetimes;
        Lifetimes { code: duration(code), access: duration(access), refresh: duration(refresh) }
    }
}

pub(super) fn duration(seconds: u64) -> Duration {
    if seconds == 0 { Duration::MAX } else { Duration::from_secs(seconds) }
}

fn space() -> String {
    " ".to_owned()
}

fn basic_and_post() -> Vec<ClientAuth> {
    vec![ClientAuth::ClientSecretBasic, ClientAuth::ClientSecretPost]
}
