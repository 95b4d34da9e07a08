//! Puts a secret into every place of a request, to endpoints that don't accept it.

use jeton_provider::bindings::jeton::provider::http::{self, Basic, Body, Credential, Field, Value};
use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../secrets.toml");

impl Provider for Attempt {
    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let told = |name: &str| tokens.extras.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default();
        let owned = client.secret(if told("secret") == "private-key" { "private-key" } else { "client-secret" });
        let secret = match (told("secret"), &owned) {
            ("refresh-token", _) => tokens.refresh()?,
            ("access-token", _) => tokens.access()?,
            (_, Some(owned)) => owned,
            (_, None) => return Err(Error::other("the client has no such secret")),
        };
        let value = match told("as") {
            "credential" => Value::Credential(Credential { scheme: "Bearer".to_owned(), secret }),
            "basic" => Value::Basic(Basic { username: "app".to_owned(), password: secret }),
            _ => Value::Secret(secret),
        };
        let fields = vec![Field { name: told("name").to_owned(), value }];
        let (mut query, mut headers, mut body) = (vec![], vec![], Body::None);
        match told("place") {
            "query" => query = fields,
            "header" => headers = fields,
            "form" => body = Body::Form(fields),
            _ => body = Body::Json(fields),
        }
        let endpoint = told("endpoint").to_owned();
        http::send(&http::Request { method: Method::Post, endpoint, path: None, query, headers, body })?;
        Err(Error::other("it was sent"))
    }
}
