//! Service accounts sign assertions with a key of theirs (RFC 7523). There is no refresh token: the host asks again.

use jeton_provider::*;

use crate::{errors, scopes};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Older files name older addresses of it; Google takes this one of all.
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";
/// An assertion lives for an hour at most, in seconds.
const LIFETIME: u64 = 3600;

pub fn tokens(client: &Client, grant: &Grant<'_>) -> Result<Tokens> {
    let key = client.required("private-key")?;
    let scope = join(&scopes::asked_for_nobody(&grant.scopes), " ");
    let send = |now| {
        let mut jwt = Jwt::default().claim("iss", client.id()).claim("aud", AUDIENCE).claim("scope", scope.as_str());
        if let Some(id) = client.setting("private-key-id").filter(|id| !id.is_empty()) {
            jwt = jwt.header("kid", id);
        }
        if let Some(user) = &grant.subject {
            jwt = jwt.claim("sub", user.as_str());
        }
        let assertion = jwt.valid(now, LIFETIME).sign(&key, Algorithm::Rs256)?;
        token_request("token", GRANT).made("assertion", assertion).send()
    };
    let mut answer = send(clock::now())?;
    // This machine's clock is wrong: Google's, for a second and last try.
    if answer.text("/error_description").is_some_and(|said| holds(&said, errors::WRONG_TIME))
        && let Some(now) = answer.date()
    {
        answer = send(now)?;
    }
    let mut tokens = errors::tokens(answer)?;
    // Google doesn't repeat it.
    tokens.scope = tokens.scope.or(Some(scope));
    Ok(tokens)
}
