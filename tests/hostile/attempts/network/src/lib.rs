//! What the attempts of this category share. Each is a file of its own beside this one, built as a component.
//!
//! An attempt takes its words from the extras of the connection that it is called for, so that a test can try many of them.

use jeton_provider::bindings::jeton::provider::http;
pub use jeton_provider::bindings::jeton::provider::http::{Body, Field, Method, Request, Value};
use jeton_provider::*;

/// The first text that the test gave under a name.
pub fn told(tokens: &CurrentTokens<'_>, name: &str) -> Option<String> {
    tokens.extras.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone())
}

/// What the test gave as `PREFIX NAME` and a value: fields of a request.
pub fn fields(tokens: &CurrentTokens<'_>, prefix: &str) -> Vec<Field<'static>> {
    let named = |(name, text): &(String, String)| Some((name.strip_prefix(prefix)?.strip_prefix(' ')?.to_owned(), text.clone()));
    tokens.extras.iter().filter_map(named).map(|(name, text)| Field { name, value: Value::Text(text) }).collect()
}

/// A request of what the test gave: `endpoint`, `path`, and the fields of the query, the headers and the form.
pub fn request(tokens: &CurrentTokens<'_>) -> Request<'static> {
    let form = fields(tokens, "form");
    Request {
        method: if form.is_empty() { Method::Get } else { Method::Post },
        endpoint: told(tokens, "endpoint").unwrap_or_else(|| "api".to_owned()),
        path: told(tokens, "path"),
        query: fields(tokens, "query"),
        headers: fields(tokens, "header"),
        body: if form.is_empty() { Body::None } else { Body::Form(form) },
    }
}

/// Sends it. What came of it is told as an error of the service, since nobody here has tokens to return.
pub fn send(request: &Request<'_>) -> Result<Tokens> {
    let answer = http::send(request)?;
    Err(Error::other(format!("status {}", answer.status())))
}
