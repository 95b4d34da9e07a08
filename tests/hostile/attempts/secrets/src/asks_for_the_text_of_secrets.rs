//! Asks for the text of whatever an answer may hold, under every name that it can think of.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../secrets.toml");

impl Provider for Attempt {
    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let request = token_request("token", "refresh_token").client_in_body(client).secret("refresh_token", tokens.refresh()?);
        let answer = request.send()?;
        for (pointer, _) in &tokens.extras {
            for (how, text) in [("text", answer.text(pointer)), ("header", answer.header(pointer))] {
                if let Some(text) = text {
                    let _ = storage::set(&format!("{how} {pointer}"), &text, 3600);
                }
            }
        }
        answer.into_tokens()
    }
}
