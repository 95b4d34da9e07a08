//! The scene: a web client, a desktop client and a device, and the requests that they make.

use bytes::Bytes;
use http::Response;
use jeton_emulator::google_service::{Client, ClientKind, Refusal};
use jeton_emulator::{Decision, Emulator};
use serde_json::Value;

use crate::stage::{json, parameter, started};

pub(crate) const TOKEN: &str = "https://oauth2.googleapis.com/token";
pub(crate) const REVOKE: &str = "https://oauth2.googleapis.com/revoke";
pub(crate) const USERINFO: &str = "https://openidconnect.googleapis.com/v1/userinfo";
pub(crate) const DRIVE: &str = "https://www.googleapis.com/auth/drive";
pub(crate) const FILE: &str = "https://www.googleapis.com/auth/drive.file";
pub(crate) const BACK: &str = "https://app.example/cb";

/// An emulator with the clients `web`, `desktop` and `tv`, whose secret is `a-secret`. Its clock stands still.
pub(crate) async fn emulator() -> Emulator {
    let emulator = started(jeton_emulator::Options::default()).await;
    emulator.clock().freeze();
    let google = emulator.google_service();
    google.register_client(Client::new("web", "a-secret").redirect_uri(BACK)).unwrap();
    google.register_client(Client::new("desktop", "a-secret").kind(ClientKind::Desktop)).unwrap();
    google.register_client(Client::new("tv", "a-secret").kind(ClientKind::LimitedInput)).unwrap();
    emulator
}

/// An authorization URL of `web` for these scopes, with more parameters.
pub(crate) fn authorize(scopes: &[&str], more: &[(&str, &str)]) -> String {
    authorize_of("web", BACK, scopes, more)
}

pub(crate) fn authorize_of(client: &str, back: &str, scopes: &[&str], more: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([("response_type", "code"), ("client_id", client), ("redirect_uri", back), ("state", "a state")]);
    query.append_pair("scope", &scopes.join(" ")).extend_pairs(more);
    format!("https://accounts.google.com/o/oauth2/v2/auth?{}", query.finish())
}

/// Offline access with consent, whatever was granted before.
pub(crate) const OFFLINE: &[(&str, &str)] = &[("access_type", "offline"), ("prompt", "consent")];

pub(crate) async fn code(emulator: &Emulator, url: &str) -> String {
    parameter(&emulator.consent(url, Decision::Grant).await.unwrap(), "code").unwrap()
}

pub(crate) async fn send(emulator: &Emulator, client: &str, grant: &[(&str, &str)]) -> Response<Bytes> {
    let form = [&[("client_id", client), ("client_secret", "a-secret")], grant].concat();
    emulator.client().post(TOKEN, &form).await.unwrap()
}

/// A token request: status and JSON.
pub(crate) async fn ask(emulator: &Emulator, client: &str, grant: &[(&str, &str)]) -> (u16, Value) {
    let answer = send(emulator, client, grant).await;
    (answer.status().as_u16(), json(&answer))
}

pub(crate) async fn redeem(emulator: &Emulator, code: &str) -> (u16, Value) {
    ask(emulator, "web", &[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK)]).await
}

pub(crate) async fn refresh(emulator: &Emulator, token: &str) -> (u16, Value) {
    ask(emulator, "web", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

/// Tokens of `web` for these scopes, by way of consent.
pub(crate) async fn tokens(emulator: &Emulator, scopes: &[&str]) -> Value {
    let code = code(emulator, &authorize(scopes, OFFLINE)).await;
    let (status, tokens) = redeem(emulator, &code).await;
    assert_eq!(status, 200, "{tokens}");
    tokens
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {value}"))
}

/// A refusal as the token endpoint words it.
pub(crate) fn refused(refusal: Refusal) -> (u16, Value) {
    let (status, error, description) = refusal.wire();
    let mut body = serde_json::json!({ "error": error, "error_description": description });
    if let Some(subtype) = refusal.subtype() {
        body["error_subtype"] = subtype.into();
    }
    (status, body)
}
