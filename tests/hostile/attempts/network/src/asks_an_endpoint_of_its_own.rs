//! Asks endpoints that the manifest doesn't name, and pages that are for a browser.

use attempts_network::{request, send};
use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        send(&request(&tokens))
    }
}
