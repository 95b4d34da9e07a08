//! Passes a text, or a list, of two megabytes to the function of the host that the test names.

use attempts_time::{tell, told};
use jeton_provider::bindings::jeton::provider::{crypto as sign, http};
use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "huge_values.toml");

const HUGE: usize = 2 << 20;

fn text() -> String {
    "x".repeat(HUGE)
}

fn field(name: &str, value: String) -> http::Field<'static> {
    http::Field { name: name.to_owned(), value: http::Value::Text(value) }
}

/// Small ones, but very many.
fn fields() -> Vec<http::Field<'static>> {
    (0..HUGE / 32).map(|_| field("", String::new())).collect()
}

fn request() -> http::Request<'static> {
    http::Request { method: Method::Post, endpoint: "api".to_owned(), path: None, query: vec![], headers: vec![], body: http::Body::None }
}

fn claim(name: String, value: sign::ClaimValue) -> sign::Claim {
    sign::Claim { name, value }
}

fn signed(key: &Secret, header: &[sign::Claim], claims: &[sign::Claim]) -> String {
    format!("{:?}", sign::sign_jwt(key, sign::Algorithm::Hs256, header, claims))
}

impl Provider for Attempt {
    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let key = client.secret("client-secret").ok_or_else(|| Error::other("no secret"))?;
        let send = |request: http::Request<'_>| format!("{:?}", http::send(&request).map(|answer| answer.status()));
        let where_to = told(&tokens, "where").unwrap_or_default();
        let outcome = match where_to.as_str() {
            "client.setting" => format!("{:?}", client.setting(&text())),
            "client.secret" => format!("{:?}", client.secret(&text()).is_some()),
            "http.send endpoint" => send(http::Request { endpoint: text(), ..request() }),
            "http.send path" => send(http::Request { path: Some(text()), ..request() }),
            "http.send query" => send(http::Request { query: vec![field("a", text())], ..request() }),
            "http.send queries" => send(http::Request { query: fields(), ..request() }),
            "http.send header" => send(http::Request { headers: vec![field("x-a", text())], ..request() }),
            "http.send headers" => send(http::Request { headers: fields(), ..request() }),
            "http.send form" => send(http::Request { body: http::Body::Form(vec![field(&text(), String::new())]), ..request() }),
            "http.send forms" => send(http::Request { body: http::Body::Form(fields()), ..request() }),
            "http.send json" => send(http::Request { body: http::Body::Json(vec![field("a", text())]), ..request() }),
            "http.send scheme" => {
                let value = http::Value::Credential(http::Credential { scheme: text(), secret: &key });
                send(http::Request { headers: vec![http::Field { name: "authorization".to_owned(), value }], ..request() })
            }
            "http.send username" => {
                let value = http::Value::Basic(http::Basic { username: text(), password: &key });
                send(http::Request { headers: vec![http::Field { name: "authorization".to_owned(), value }], ..request() })
            }
            "response.header" => format!("{:?}", http::send(&request())?.header(&text())),
            "response.text" => format!("{:?}", http::send(&request())?.text(&text())),
            "response.secret" => format!("{:?}", http::send(&request())?.secret(&text()).is_some()),
            "crypto.sign-jwt header" => signed(&key, &[claim("a".to_owned(), sign::ClaimValue::Text(text()))], &[]),
            "crypto.sign-jwt claims" => signed(&key, &[], &[claim(text(), sign::ClaimValue::Boolean(true))]),
            "crypto.sign-jwt texts" => {
                let texts = (0..HUGE / 8).map(|_| String::new()).collect();
                signed(&key, &[], &[claim("a".to_owned(), sign::ClaimValue::Texts(texts))])
            }
            "crypto.sign-jwt half" => {
                let half = "x".repeat(HUGE / 4);
                let aud = sign::ClaimValue::Text("https://hostile.example/".to_owned());
                signed(&key, &[], &[claim("aud".to_owned(), aud), claim("a".to_owned(), sign::ClaimValue::Text(half))])
            }
            "storage.get" => format!("{:?}", storage::get(&text())),
            "storage.set name" => format!("{:?}", storage::set(&text(), "", 1)),
            "storage.set value" => format!("{:?}", storage::set("a", &text(), 1)),
            "storage.delete" => format!("{:?}", storage::delete(&text())),
            "log.write" => format!("{:?}", log::write(log::Level::Info, &text())),
            "random.bytes" => format!("{:?}", random::bytes(u32::MAX).len()),
            "the answer" => text(),
            other => format!("unknown: {other}"),
        };
        tell(outcome)
    }
}
