//! The service that is made from facts.

mod answers;
mod certificates;
mod client_auth;
mod dpop;
mod flows;
mod hostile;
mod shipped;

use std::time::UNIX_EPOCH;

use bytes::Bytes;
use http::{Request, Response};
use jeton_emulator::generic_service::{Facts, GenericClient, GenericService};
use jeton_emulator::{Decision, Emulator, Options};
use serde_json::Value;

use crate::stage::{json, parameter};

const ISSUER: &str = "https://as.example";
const TOKEN: &str = "https://as.example/token";
const AUTHORIZE: &str = "https://as.example/authorize?response_type=code&client_id=a-client&state=7&redirect_uri=http://127.0.0.1/cb";
const ME: &str = "https://api.example/me";
/// The example of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A service with everything, and these facts besides. Top-level keys come first.
fn facts(top: &str, sections: &str) -> Facts {
    let grants = [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "password",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ];
    let request = if sections.contains("[request]") { String::new() } else { format!("[request]\ngrants = {grants:?}\n") };
    let text = format!(
        r#"
        name = "Example"
        issuer = "{ISSUER}"
        {top}
        [endpoints]
        authorize = "https://as.example/authorize"
        token = "{TOKEN}"
        revoke = "https://as.example/revoke"
        device = "https://as.example/device"
        verification = "https://as.example/activate"
        introspect = "https://as.example/introspect"
        register = "https://as.example/register"
        par = "https://as.example/par"
        jwks = "https://as.example/jwks"
        metadata = "https://as.example/.well-known/oauth-authorization-server"
        openid-configuration = "https://as.example/.well-known/openid-configuration"
        {request}
        [[calls]]
        url = "{ME}"
        answer = {{ sub = "{{id}}", email = "{{login}}" }}
        {sections}
        "#
    );
    Facts::parse(&text).unwrap()
}

async fn started(facts: Facts) -> Emulator {
    let emulator = Emulator::start(Options { generic: vec![facts], ..Options::default() }).await.unwrap();
    emulator.clock().freeze();
    service(&emulator).register_client(GenericClient::new("a-client", "a-secret").redirect_uri("http://127.0.0.1/cb"));
    emulator
}

async fn with(top: &str, sections: &str) -> Emulator {
    started(facts(top, sections)).await
}

fn service(emulator: &Emulator) -> &GenericService {
    emulator.generic("Example").unwrap()
}

fn now(emulator: &Emulator) -> u64 {
    emulator.clock().now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

async fn post(emulator: &Emulator, url: &str, form: &[(&str, &str)]) -> (u16, Value) {
    let answer = emulator.client().post(url, form).await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default())
}

/// A token request with the secret in the body.
async fn ask(emulator: &Emulator, form: &[(&str, &str)]) -> (u16, Value) {
    post(emulator, TOKEN, &[&[("client_id", "a-client"), ("client_secret", "a-secret")], form].concat()).await
}

async fn consent(emulator: &Emulator, more: &str) -> url::Url {
    emulator.consent(&format!("{AUTHORIZE}{more}"), Decision::Grant).await.unwrap()
}

async fn redeem(emulator: &Emulator, code: &str, more: &[(&str, &str)]) -> (u16, Value) {
    let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", "http://127.0.0.1/cb")];
    ask(emulator, &[&form[..], more].concat()).await
}

async fn tokens(emulator: &Emulator, more: &str) -> Value {
    let code = parameter(&consent(emulator, more).await, "code").unwrap();
    let (status, tokens) = redeem(emulator, &code, &[]).await;
    assert_eq!(status, 200, "{tokens}");
    tokens
}

async fn refresh(emulator: &Emulator, token: &str) -> (u16, Value) {
    ask(emulator, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

async fn send(emulator: &Emulator, method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    emulator.client().send(request.body(body.to_owned().into()).unwrap()).await.unwrap()
}

async fn get_json(emulator: &Emulator, url: &str) -> Value {
    json(&emulator.client().get(url).await.unwrap())
}
