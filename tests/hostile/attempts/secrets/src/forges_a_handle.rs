//! Makes a handle out of a number.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../secrets.toml");

impl Provider for Attempt {
    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let told = |name: &str| tokens.extras.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default();
        let number = match told("number") {
            "the client's" => client.handle(),
            "the refresh token's" => tokens.refresh()?.handle(),
            number => number.parse().unwrap_or_default(),
        };
        // SAFETY: none; it is an attempt.
        let forged = unsafe { Secret::from_handle(number) };
        if told("how") == "returned" {
            return Ok(Tokens {
                access: forged,
                refresh: None,
                id_token: None,
                expires_in: None,
                refresh_expires_in: None,
                scope: None,
                extras: vec![],
            });
        }
        let kind = forged.kind();
        std::mem::forget(forged);
        Err(Error::other(kind))
    }
}
