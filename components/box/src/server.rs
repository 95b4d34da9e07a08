//! Tokens without a person: by the client's key (JWT) or by its secret (client credentials).
//!
//! They act for an enterprise, which is its service account, or for one of its users: `user:ID`, `enterprise:ID`, a user's id alone, or
//! nothing, which is the enterprise of the client.

use jeton_provider::*;

/// Whom an assertion is for.
const AUDIENCE: &str = "https://api.box.com/oauth2/token";

/// How long it is good. Box takes a minute at most, by its own clock.
const SECONDS: u64 = 45;

/// JWT (RFC 7523). If this machine's clock is wrong, Box's is taken from its answer, for a second and last try.
pub fn by_assertion(client: &Client, grant: &Grant<'_>) -> Result<Tokens> {
    let (kind, id) = subject(client, grant)?;
    let key = client.required("private-key")?;
    let send = |now| {
        let assertion = assertion(client, &key, (kind, &id), now)?;
        token_request("token", "urn:ietf:params:oauth:grant-type:jwt-bearer").client_in_body(client).made("assertion", assertion).send()
    };
    let mut answer = send(clock::now())?;
    let doubted = |text: String| holds(&text, "'exp'") || holds(&text, "'jti'");
    if answer.status() == 400
        && answer.text("/error_description").is_some_and(doubted)
        && let Some(now) = answer.date()
    {
        answer = send(now)?;
    }
    answer.into_tokens()
}

fn assertion(client: &Client, key: &Secret, (kind, id): (&str, &str), now: u64) -> Result<Secret> {
    let algorithm = match client.setting("algorithm").as_deref() {
        Some("RS512") => Algorithm::Rs512,
        Some("RS384") => Algorithm::Rs384,
        _ => Algorithm::Rs256,
    };
    let mut jwt = Jwt::default().claim("iss", client.id()).claim("sub", id).claim("box_sub_type", kind).claim("aud", AUDIENCE);
    if let Some(key) = client.setting("public-key-id").filter(|key| !key.is_empty()) {
        jwt = jwt.header("kid", key);
    }
    jwt.valid(now, SECONDS).sign(key, algorithm)
}

/// Client credentials.
pub fn by_secret(client: &Client, grant: &Grant<'_>) -> Result<Tokens> {
    let (kind, id) = subject(client, grant)?;
    let request = token_request("token", "client_credentials").client_in_body(client);
    request.form("box_subject_type", kind).form("box_subject_id", id).tokens()
}

/// Whom to act for: what Box calls it, and its id.
fn subject(client: &Client, grant: &Grant<'_>) -> Result<(&'static str, String)> {
    if let Some(subject) = &grant.subject {
        return Ok(match subject.split_once(':') {
            Some(("enterprise", id)) => ("enterprise", id.to_owned()),
            Some(("user", id)) => ("user", id.to_owned()),
            _ => ("user", subject.clone()),
        });
    }
    let own = |setting| client.setting(setting).filter(|id| !id.is_empty());
    if let Some(id) = own("enterprise-id") {
        return Ok(("enterprise", id));
    }
    let user = own("user-id").map(|id| ("user", id));
    user.ok_or_else(|| {
        Error::new(ErrorKind::InvalidClient, "Box must know for whom: --subject enterprise:ID or user:ID, or the setting enterprise-id")
    })
}
