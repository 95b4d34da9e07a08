//! Waits for a server of its own, which never answers.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        token_request("token", "refresh_token").secret("refresh_token", tokens.refresh()?).tokens()
    }
}
