//! Sends a secret where the service answers with a redirect, and reads where to.

use attempts_network::{Body, Field, Method, Request, Value};
use jeton_provider::bindings::jeton::provider::http;
use jeton_provider::*;

struct Attempt;
// Without a manifest: the test adds one.
jeton_provider::bindings::__export!(Attempt with_types_in jeton_provider::bindings);

impl Provider for Attempt {
    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let token = Field { name: "refresh_token".to_owned(), value: Value::Secret(tokens.refresh()?) };
        let answer = http::send(&Request {
            method: Method::Post,
            endpoint: "token".to_owned(),
            path: None,
            query: vec![],
            headers: vec![],
            body: Body::Form(vec![token]),
        })?;
        let read = ["location", "Location", "content-location", "refresh"].map(|name| answer.header(name));
        let read: Vec<_> = read.into_iter().flatten().collect();
        Err(Error::other(format!("status {}, to [{}]", answer.status(), read.join(", "))))
    }
}
