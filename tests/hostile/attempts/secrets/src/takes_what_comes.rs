//! A token request like any other, whose answer is large, cut off, or obeyed by terminals; it keeps what it can read of it.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../emulated.toml");

impl Provider for Attempt {
    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let request = token_request("token", "refresh_token").client_in_body(client).secret("refresh_token", tokens.refresh()?);
        let answer = request.send()?;
        for pointer in ["", "/access_token", "/refresh_token", "/scope", "/expires_in", "/token_type"] {
            if let Some(text) = answer.text(pointer) {
                let _ = storage::set(&format!("at {pointer}"), &text, 3600);
            }
        }
        answer.into_tokens()
    }
}
