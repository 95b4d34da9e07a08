//! Returns the client's secret as a token, so that it is kept, printed and sent as one.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../secrets.toml");

impl Provider for Attempt {
    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let secret = || client.secret("client-secret").ok_or_else(|| Error::other("the client has no secret"));
        let good = Request::new(Method::Post, "token").secret("refresh_token", tokens.refresh()?).tokens()?;
        match tokens.extras.first().map(|(name, _)| name.as_str()) {
            Some("access") => Ok(Tokens { access: secret()?, ..good }),
            Some("refresh") => Ok(Tokens { refresh: Some(secret()?), ..good }),
            _ => Ok(Tokens { id_token: Some(secret()?), ..good }),
        }
    }

    fn authenticate(client: &Client, _: CurrentTokens<'_>, _: Extras) -> Result<Vec<Header>> {
        let secret = client.secret("client-secret").ok_or_else(|| Error::other("the client has no secret"))?;
        Ok(vec![Header::text("x-handle", secret.handle().to_string()), Header::text("x-kind", secret.kind()), Header::bearer()])
    }
}
