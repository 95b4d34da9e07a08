//! The manifest of what a server says of itself. The same document makes the same manifest, letter for letter.

use std::fmt::Write as _;

use jeton_runtime::GrantKind;

use super::{Issuer, Metadata};

/// Writes `provider.toml`.
pub fn manifest(id: &str, issuer: &Issuer, metadata: &Metadata) -> String {
    let mut text = format!("# What {issuer} said of itself, for `jeton providers add {issuer}`.\n");
    let name = quoted(issuer.name());
    let grants: Vec<_> = metadata.grants.iter().map(|grant| grant.name()).collect();
    lines(
        &mut text,
        &[
            ("id", quoted(id)),
            ("name", name),
            ("version", quoted("1")),
            ("contract", quoted("0.1")),
            ("component", quoted("oauth2")),
            ("summary", quoted(&format!("OAuth 2 as {issuer} describes itself"))),
            ("grants", list(&grants)),
            ("issuer", quoted(&metadata.issuer)),
        ],
    );
    if let Some(url) = &metadata.documentation {
        lines(&mut text, &[("documentation", quoted(url.as_str()))]);
    }
    client(&mut text, metadata);
    endpoints(&mut text, issuer, metadata);
    if metadata.iss {
        table(&mut text, "callback", &[("iss", quoted("required"))]);
    }
    protocol(&mut text, metadata);
    for scope in &metadata.scopes {
        let _ = write!(text, "\n[[scopes]]\nid = {0}\nname = {0}\n", quoted(scope));
    }
    table(&mut text, "guide", &[("text", quoted(&guide(id, issuer, metadata)))]);
    text
}

/// What a client has.
fn client(text: &mut String, metadata: &Metadata) {
    let authentication = &metadata.authentication;
    for (kind, label) in authentication.secrets() {
        let needed = (!authentication.public).to_string();
        table(text, &format!("secrets.{kind}"), &[("name", quoted(label)), ("required", needed)]);
        if let Some(algorithm) = authentication.algorithm {
            table(text, "signs", &[(kind, list(&[algorithm]))]);
        }
    }
    if !authentication.also.is_empty() {
        let all: Vec<_> = [authentication.how].iter().chain(&authentication.also).copied().collect();
        let pattern = quoted(&all.join("|"));
        let named = quoted("How the client authenticates");
        table(text, "settings.client-authentication", &[("name", named), ("pattern", pattern), ("default", quoted(authentication.how))]);
    }
    if metadata.endpoints.contains_key("register") {
        table(text, "secrets.registration-access-token", &[("name", quoted("Registration Access Token"))]);
        let keys = [("name", quoted("Where the registration is managed")), ("pattern", quoted("(https://.+)?")), ("default", quoted(""))];
        table(text, "settings.registration-client-uri", &keys);
    }
}

fn endpoints(text: &mut String, issuer: &Issuer, metadata: &Metadata) {
    for (name, url) in &metadata.endpoints {
        let mut keys = vec![("url", quoted(url.as_str()))];
        if *name == "authorize" {
            keys.push(("browser", "true".to_owned()));
        }
        let accepts = accepts(name, metadata);
        if !accepts.is_empty() {
            keys.push(("accepts", list(&accepts)));
        }
        if metadata.authentication.by_certificate() && is_shown(name, metadata) {
            keys.push(("client-certificate", "true".to_owned()));
        }
        keys.extend(answers(name));
        table(text, &format!("endpoints.{name}"), &keys);
    }
    if metadata.grants.contains(&GrantKind::DeviceCode) {
        table(text, "endpoints.verification", &[("url", quoted(&issuer.home())), ("browser", "true".to_owned())]);
    }
}

/// The secrets that go there.
fn accepts(name: &str, metadata: &Metadata) -> Vec<&'static str> {
    let client = metadata.authentication.sent();
    let has = |grant| metadata.grants.contains(&grant);
    let mut kinds: Vec<&str> = match name {
        "token" => {
            let mut kinds = vec!["refresh-token"];
            if has(GrantKind::AuthorizationCode) {
                kinds.extend(["code", "code-verifier"]);
            }
            if has(GrantKind::DeviceCode) {
                kinds.push("device-code");
            }
            if has(GrantKind::TokenExchange) {
                kinds.extend(["access-token", "assertion"]);
            }
            kinds
        }
        "revoke" => vec!["access-token", "refresh-token"],
        "introspect" => vec!["access-token"],
        "userinfo" => return vec!["access-token"],
        "device" | "par" => vec![],
        _ => return vec![],
    };
    kinds.extend(client.filter(|kind| !kinds.contains(kind)));
    kinds
}

/// Whether the connection to it shows the client's certificate.
fn is_shown(name: &str, metadata: &Metadata) -> bool {
    match name {
        "token" | "revoke" | "device" | "par" | "introspect" => true,
        "userinfo" => metadata.bound,
        _ => false,
    }
}

/// What is taken out of its answers, and what the component reads of them.
fn answers(name: &str) -> Vec<(&'static str, String)> {
    let captures = |kinds: &str| ("captures", format!("{{ {kinds} }}"));
    match name {
        "token" => vec![captures("access-token = \"/access_token\", refresh-token = \"/refresh_token\", id-token = \"/id_token\"")],
        "device" => vec![
            captures("device-code = \"/device_code\""),
            ("reveals", list(&["/user_code", "/verification_uri", "/verification_uri_complete", "/interval"])),
        ],
        "par" => vec![("captures", "{}".to_owned()), ("reveals", list(&["/request_uri"]))],
        "introspect" => vec![("captures", "{}".to_owned()), ("reveals", list(&["/active", "/sub", "/username"]))],
        "register" => {
            vec![captures("client-secret = \"/client_secret\", registration-access-token = \"/registration_access_token\"")]
        }
        _ => vec![],
    }
}

fn protocol(text: &mut String, metadata: &Metadata) {
    let authentication = &metadata.authentication;
    let mut keys = vec![("authentication", quoted(authentication.how))];
    keys.extend(authentication.algorithm.map(|algorithm| ("algorithm", quoted(algorithm))));
    table(text, "protocol.client", &keys);
    if metadata.pkce == Some("plain") && metadata.grants.contains(&GrantKind::AuthorizationCode) {
        table(text, "protocol.authorize", &[("pkce", quoted("plain"))]);
    }
    let (usual, offline) = (metadata.usual_scopes(), metadata.scopes.iter().any(|scope| scope == "offline_access"));
    let mut keys = vec![];
    keys.extend((!usual.is_empty()).then(|| ("default", list(&usual))));
    keys.extend(offline.then(|| ("offline", quoted("offline_access"))));
    if !keys.is_empty() {
        table(text, "protocol.scopes", &keys);
    }
    if metadata.endpoints.contains_key("introspect") && !metadata.endpoints.contains_key("userinfo") {
        table(text, "protocol.identify", &[("style", quoted("introspection"))]);
    }
}

fn guide(id: &str, issuer: &Issuer, metadata: &Metadata) -> String {
    let mut guide = format!(
        "1. Register an application with {}, as its documentation says.\n2. Enter {{redirect_uri}} as its redirect URI.\n3. Then: jeton clients \
         add {id} --id CLIENT_ID\n",
        issuer.name()
    );
    if metadata.endpoints.contains_key("register") {
        let _ = writeln!(guide, "\nOr let Jeton register it: jeton clients add {id} --register");
    }
    guide
}

fn table(text: &mut String, name: &str, keys: &[(&str, String)]) {
    let _ = write!(text, "\n[{name}]\n");
    lines(text, keys);
}

fn lines(text: &mut String, keys: &[(&str, String)]) {
    for (key, value) in keys {
        let _ = writeln!(text, "{key} = {value}");
    }
}

/// JSON's strings are TOML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn list(texts: &[&str]) -> String {
    let quoted: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", quoted.join(", "))
}
