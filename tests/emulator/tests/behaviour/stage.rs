//! The scene of most tests: an emulator with one app, and the requests that its client makes.

use bytes::Bytes;
use http::Response;
use jeton_emulator::{App, Emulator, Issued, Options};
use serde_json::Value;

pub(crate) const TOKEN: &str = "https://api.box.com/oauth2/token";
pub(crate) const REVOKE: &str = "https://api.box.com/oauth2/revoke";
pub(crate) const ME: &str = "https://api.box.com/2.0/users/me";
pub(crate) const AUTHORIZE: &str = "https://account.box.com/api/oauth2/authorize?response_type=code&client_id=an-app&state=a%20state&redirect_uri=http://127.0.0.1:5000/cb";

/// An emulator with the app `an-app` / `a-secret`, whose redirect URI is `http://127.0.0.1/cb`.
pub(crate) async fn emulator() -> Emulator {
    started(Options::default()).await
}

pub(crate) async fn started(options: Options) -> Emulator {
    let emulator = Emulator::start(options).await.unwrap();
    emulator.box_service().register_app(App::new("an-app", "a-secret").redirect_uri("http://127.0.0.1/cb")).unwrap();
    emulator
}

pub(crate) fn tokens(emulator: &Emulator) -> Issued {
    emulator.box_service().issue_tokens("an-app").unwrap()
}

/// A token request of `an-app`: status and JSON.
pub(crate) async fn ask(emulator: &Emulator, grant: &[(&str, &str)]) -> (u16, Value) {
    let form = [&[("client_id", "an-app"), ("client_secret", "a-secret")], grant].concat();
    let answer = emulator.client().post(TOKEN, &form).await.unwrap();
    (answer.status().as_u16(), json(&answer))
}

pub(crate) async fn redeem(emulator: &Emulator, code: &str) -> (u16, Value) {
    ask(emulator, &[("grant_type", "authorization_code"), ("code", code)]).await
}

pub(crate) async fn refresh(emulator: &Emulator, token: &str) -> (u16, Value) {
    ask(emulator, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

pub(crate) fn json(answer: &Response<Bytes>) -> Value {
    serde_json::from_slice(answer.body()).unwrap()
}

pub(crate) fn text(answer: &Response<Bytes>) -> String {
    String::from_utf8(answer.body().to_vec()).unwrap()
}

pub(crate) fn header<'a>(answer: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
    answer.headers().get(name).map(|value| value.to_str().unwrap())
}

pub(crate) fn parameter(url: &url::Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A refusal as the token endpoint words it.
pub(crate) fn refused(error: &str, description: &str) -> (u16, Value) {
    (400, serde_json::json!({ "error": error, "error_description": description }))
}
