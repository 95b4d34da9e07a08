//! The scene: a server, a program on a device and a single page app, and the requests that they make.

use bytes::Bytes;
use http::{Request, Response};
use jeton_emulator::microsoft_service::{App, DEFAULT_TENANT, Platform};
use jeton_emulator::{Decision, Emulator, User};
use serde_json::Value;

use crate::stage::{json, parameter, started};

pub(crate) const BACK: &str = "https://app.example/cb";
pub(crate) const LOCAL: &str = "http://localhost:5000/";
pub(crate) const SPA_BACK: &str = "https://spa.example/";
pub(crate) const SCOPES: &str = "openid profile offline_access User.Read Files.ReadWrite";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An emulator with the apps `web` (secret `a-secret`), `native` and `spa`. Its clock stands still.
pub(crate) async fn emulator() -> Emulator {
    let emulator = started(jeton_emulator::Options::default()).await;
    emulator.clock().freeze();
    let microsoft = emulator.microsoft_service();
    let web = App::new("web").secret("a-secret").redirect_uri(Platform::Web, BACK).admin_consent(DEFAULT_TENANT);
    microsoft.register_app(web).unwrap();
    microsoft.register_app(App::new("native").redirect_uri(Platform::Native, "http://localhost").public_client_flows()).unwrap();
    microsoft.register_app(App::new("spa").redirect_uri(Platform::Spa, SPA_BACK)).unwrap();
    emulator
}

/// Grace, who isn't there from the start, with the password `pw`.
pub(crate) fn grace() -> User {
    let [id, name, login, password] = ["7", "Grace", "grace@example.net", "pw"].map(str::to_owned);
    User { id, name, login, password }
}

pub(crate) fn at(tenant: &str, endpoint: &str) -> String {
    format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/{endpoint}")
}

pub(crate) fn authorize(tenant: &str, client: &str, back: &str, more: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([("response_type", "code"), ("client_id", client), ("redirect_uri", back), ("state", "a state")]);
    if !more.iter().any(|(name, _)| *name == "scope") {
        query.append_pair("scope", SCOPES);
    }
    query.extend_pairs(more);
    format!("{}?{}", at(tenant, "authorize"), query.finish())
}

pub(crate) async fn code(emulator: &Emulator, url: &str) -> String {
    parameter(&emulator.consent(url, Decision::Grant).await.unwrap(), "code").unwrap()
}

/// A token request: status and JSON.
pub(crate) async fn ask(emulator: &Emulator, tenant: &str, form: &[(&str, &str)]) -> (u16, Value) {
    outcome(&emulator.client().post(&at(tenant, "token"), form).await.unwrap())
}

pub(crate) async fn ask_from_origin(emulator: &Emulator, form: &[(&str, &str)]) -> (u16, Value) {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = Request::post(at("common", "token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "https://spa.example");
    outcome(&emulator.client().send(request.body(body.into()).unwrap()).await.unwrap())
}

pub(crate) fn outcome(answer: &Response<Bytes>) -> (u16, Value) {
    (answer.status().as_u16(), json(answer))
}

/// The form with which `web` redeems a code.
pub(crate) fn redeeming(code: &str) -> Vec<(&str, &str)> {
    vec![("grant_type", "authorization_code"), ("client_id", "web"), ("client_secret", "a-secret"), ("redirect_uri", BACK), ("code", code)]
}

pub(crate) fn refreshing<'a>(client: &'a str, token: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)]
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {value}"))
}

/// Whether an answer is the refusal of this number.
#[track_caller]
pub(crate) fn assert_aadsts(answer: &(u16, Value), code: u32, error: &str, status: u16) {
    let (found, body) = answer;
    assert_eq!((*found, text(body, "error"), &body["error_codes"]), (status, error, &serde_json::json!([code])), "{body}");
}
