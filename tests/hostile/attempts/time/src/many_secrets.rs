//! Has the host make secret after secret, all of which it must keep and look for in all that it shows.

use jeton_provider::bindings::jeton::provider::crypto as sign;
use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "huge_values.toml");

impl Provider for Attempt {
    fn refresh(client: &Client, _: CurrentTokens<'_>) -> Result<Tokens> {
        let key = client.secret("client-secret").ok_or_else(|| Error::other("no secret"))?;
        for number in 0.. {
            let claim = sign::Claim { name: "jti".to_owned(), value: sign::ClaimValue::Number(number) };
            let aud = sign::Claim { name: "aud".to_owned(), value: sign::ClaimValue::Text("https://hostile.example/".to_owned()) };
            let made = sign::sign_jwt(&key, sign::Algorithm::Hs256, &[], &[aud, claim]);
            drop(made.map_err(|error| Error::other(format!("{error:?}")))?);
        }
        Err(Error::other("unreachable"))
    }
}
