//! Sends headers that decide how a request is read, or whose it is.

use attempts_network::{request, send};
use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        send(&request(&tokens))
    }
}
