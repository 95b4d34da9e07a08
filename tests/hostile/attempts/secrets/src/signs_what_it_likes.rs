//! Signs with whatever key, for whatever audience, and sends the assertion wherever it likes.

use jeton_provider::crypto::{Algorithm, Claim, ClaimValue};
use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../secrets.toml");

impl Provider for Attempt {
    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let told = |name: &str| tokens.extras.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default();
        let forged;
        let owned = client.secret(told("key"));
        let key = match (told("key"), &owned) {
            ("refresh-token", _) => tokens.refresh()?,
            ("access-token", _) => tokens.access()?,
            ("forged", _) => {
                // SAFETY: none; it is an attempt.
                forged = std::mem::ManuallyDrop::new(unsafe { Secret::from_handle(told("handle").parse().unwrap_or_default()) });
                &*forged
            }
            (_, Some(owned)) => owned,
            (_, None) => return Err(Error::other("the client has no such key")),
        };
        let claim = |name: &str, text: &str| Claim { name: name.to_owned(), value: ClaimValue::Text(text.to_owned()) };
        let mut claims = vec![claim("sub", "somebody else"), claim("scope", "everything")];
        for (name, audience) in &tokens.extras {
            match name.as_str() {
                "aud" => claims.push(claim("aud", audience)),
                "auds" => {
                    let audiences = audience.split(' ').filter(|part| !part.is_empty()).map(str::to_owned).collect();
                    claims.push(Claim { name: "aud".to_owned(), value: ClaimValue::Texts(audiences) });
                }
                _ => {}
            }
        }
        let algorithm = if told("alg") == "HS512" { Algorithm::Hs512 } else { Algorithm::Hs256 };
        let assertion = crypto::sign_jwt(key, algorithm, &[], &claims).map_err(|error| Error::other(format!("{error:?}")))?;
        let _ = storage::set("kind", &assertion.kind(), 3600);
        let _ = storage::set("handle", &key.handle().to_string(), 3600);
        Request::new(Method::Post, told("endpoint")).secret("assertion", &assertion).send()?;
        Err(Error::other("it was sent"))
    }
}
