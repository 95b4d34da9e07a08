//! Assertions (RFC 7523): what they claim. The host signs them.

use jeton_provider::*;

use crate::knobs::{choice, fill, is, number, scopes};

/// Seconds, where the manifest doesn't say how long an assertion lives.
const LIFETIME: u64 = 60;

/// Who the client is.
pub fn of_client(client: &Client, key: &str, usual: &str) -> Result<Secret> {
    let audience = if is("client.audience", "token-url") { None } else { manifest::text("issuer") };
    let issuer = fill(&choice("client.issuer", "{client_id}"), client, None).unwrap_or_else(|| client.id());
    let mut jwt = Jwt::default().claim("iss", issuer).claim("sub", client.id()).claim("aud", addressee(audience)?);
    if let Some(kind) = manifest::text("client.type") {
        jwt = jwt.header("typ", kind);
    }
    if let Some(id) = manifest::text("client.key-id").and_then(|id| fill(&id, client, None)) {
        jwt = jwt.header("kid", id);
    }
    jwt.valid(clock::now(), number("client.lifetime").unwrap_or(LIFETIME))
        .sign(&client.required(key)?, algorithm(&choice("client.algorithm", usual))?)
}

/// For whom tokens are asked.
pub fn of_grant(client: &Client, grant: &Grant<'_>) -> Result<Secret> {
    let subject = grant.subject.as_deref();
    let filled = |key: &str, usual: &str| fill(&choice(key, usual), client, subject);
    let audience = match choice("jwt-bearer.audience", "token-url").as_str() {
        "token-url" => None,
        "issuer" => manifest::text("issuer"),
        other => fill(other, client, subject),
    };
    let mut jwt = Jwt::default().claim("aud", addressee(audience)?);
    if let Some(issuer) = filled("jwt-bearer.issuer", "{client_id}") {
        jwt = jwt.claim("iss", issuer);
    }
    if let Some(subject) = filled("jwt-bearer.subject", "{subject}") {
        jwt = jwt.claim("sub", subject);
    }
    for (name, value) in manifest::pairs("jwt-bearer.claims") {
        if let Some(value) = fill(&value, client, subject) {
            jwt = jwt.claim(&name, value);
        }
    }
    if let Some(scope) = scopes(&grant.scopes).filter(|_| is("jwt-bearer.scope-claim", "true")) {
        jwt = jwt.claim("scope", scope);
    }
    if let Some(id) = manifest::text("jwt-bearer.key-id").and_then(|id| fill(&id, client, subject)) {
        jwt = jwt.header("kid", id);
    }
    let algorithm = algorithm(&choice("jwt-bearer.algorithm", "RS256"))?;
    jwt.valid(clock::now(), number("jwt-bearer.lifetime").unwrap_or(LIFETIME)).sign(&client.required("private-key")?, algorithm)
}

/// Whom it is for: the token endpoint, where nobody else is named.
fn addressee(named: Option<String>) -> Result<String> {
    named.or_else(|| manifest::text("token-url")).ok_or_else(|| Error::other("The manifest doesn't say whom the assertion is for"))
}

fn algorithm(name: &str) -> Result<Algorithm> {
    Ok(match name {
        "HS256" => Algorithm::Hs256,
        "HS384" => Algorithm::Hs384,
        "HS512" => Algorithm::Hs512,
        "RS256" => Algorithm::Rs256,
        "RS384" => Algorithm::Rs384,
        "RS512" => Algorithm::Rs512,
        "PS256" => Algorithm::Ps256,
        "PS384" => Algorithm::Ps384,
        "PS512" => Algorithm::Ps512,
        "ES256" => Algorithm::Es256,
        "ES384" => Algorithm::Es384,
        "EdDSA" => Algorithm::EdDsa,
        other => return Err(Error::unsupported(other)),
    })
}
