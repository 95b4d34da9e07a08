//! Puts line breaks into whatever it may fill, so that the server reads more than one request.

use attempts_network::{request, send};
use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        send(&request(&tokens))
    }
}
