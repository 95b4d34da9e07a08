//! Wants the client's certificate, or its key, to go where the manifest doesn't show it: by the endpoint, the path and the headers that it
//! asks for, and by sending what it holds of them.

use attempts_network::{Body, Field, Value, request, send, told};
use jeton_provider::*;

struct Attempt;
// Without a manifest: the test adds one.
jeton_provider::bindings::__export!(Attempt with_types_in jeton_provider::bindings);

impl Provider for Attempt {
    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let Some(kind) = told(&tokens, "secret") else { return send(&request(&tokens)) };
        let held = client.secret(&kind).ok_or_else(|| Error::other("the client has no such secret"))?;
        let field = vec![Field { name: "held".to_owned(), value: Value::Secret(&held) }];
        let mut asked = request(&tokens);
        match told(&tokens, "place").as_deref() {
            Some("header") => asked.headers = field,
            _ => asked.body = Body::Form(field),
        }
        send(&asked)
    }
}
