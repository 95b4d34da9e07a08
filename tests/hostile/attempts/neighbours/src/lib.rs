//! What the attempts of this category share. Each is a file of its own beside this one, built as a component.

use jeton_provider::*;

/// What the test gave under a name with the connection.
pub fn told(tokens: &CurrentTokens<'_>, name: &str) -> Option<String> {
    tokens.extras.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone())
}

/// Nobody here has tokens to return, so what happened is told as an error of the service.
pub fn tell<T>(what: impl Into<String>) -> Result<T> {
    Err(Error::other(what))
}
