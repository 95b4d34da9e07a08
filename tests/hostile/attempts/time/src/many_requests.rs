//! Sends request after request.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        loop {
            api_request(Method::Get, "api", "again", &tokens)?.send()?;
        }
    }
}
