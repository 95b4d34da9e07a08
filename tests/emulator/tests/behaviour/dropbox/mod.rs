//! Dropbox.

mod api;
mod authorize;
mod team;
mod token;

use bytes::Bytes;
use http::{Request, Response};
use jeton_emulator::dropbox_service::DropboxApp;
use jeton_emulator::{Decision, Emulator, Options};
use serde_json::Value;

use crate::stage::{json, parameter};

const TOKEN: &str = "https://api.dropboxapi.com/oauth2/token";
const AUTHORIZE: &str = "https://www.dropbox.com/oauth2/authorize?response_type=code&client_id=a-key&state=7";
const REDIRECT: &str = "http://localhost:53682/";
/// The example of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn app() -> DropboxApp {
    DropboxApp::new("a-key", "a-secret").redirect_uri(REDIRECT)
}

async fn with(app: DropboxApp) -> Emulator {
    let emulator = Emulator::start(Options::default()).await.unwrap();
    emulator.clock().freeze();
    emulator.dropbox_service().register_app(app);
    emulator
}

/// A code for [`AUTHORIZE`] with the redirect URI and these parameters.
async fn code(emulator: &Emulator, more: &str) -> String {
    let back = emulator.consent(&format!("{AUTHORIZE}&redirect_uri={REDIRECT}{more}"), Decision::Grant).await.unwrap();
    assert_eq!(parameter(&back, "state").as_deref(), Some("7"));
    parameter(&back, "code").unwrap()
}

async fn ask(emulator: &Emulator, form: &[(&str, &str)]) -> (u16, Value) {
    let answer = emulator.client().post(TOKEN, form).await.unwrap();
    (answer.status().as_u16(), json(&answer))
}

/// The code's tokens, with the secret.
async fn redeem(emulator: &Emulator, code: &str) -> (u16, Value) {
    let secret = [("client_id", "a-key"), ("client_secret", "a-secret")];
    ask(emulator, &[&secret[..], &[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT)]].concat()).await
}

async fn refresh(emulator: &Emulator, token: &str, more: &[(&str, &str)]) -> (u16, Value) {
    let form = [("client_id", "a-key"), ("client_secret", "a-secret"), ("grant_type", "refresh_token"), ("refresh_token", token)];
    ask(emulator, &[&form[..], more].concat()).await
}

/// A call of the API with a body in JSON, or with none.
async fn call(emulator: &Emulator, path: &str, token: &str, body: Option<&str>, headers: &[(&str, &str)]) -> Response<Bytes> {
    let mut request = Request::post(format!("https://api.dropboxapi.com/2/{path}")).header("authorization", format!("Bearer {token}"));
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    emulator.client().send(request.body(body.unwrap_or_default().to_owned().into()).unwrap()).await.unwrap()
}

/// The status, and the tag of the error if it has one.
fn tag(answer: &Response<Bytes>) -> (u16, String) {
    let tag = serde_json::from_slice::<Value>(answer.body()).map(|body| body["error"][".tag"].as_str().unwrap_or_default().to_owned());
    (answer.status().as_u16(), tag.unwrap_or_default())
}
