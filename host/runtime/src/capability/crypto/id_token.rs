//! What an ID token says, after the checks of OpenID Connect Core 1.0, 3.1.3.7.
//!
//! It came straight from the token endpoint over TLS, which is what vouches for it (step 6 there); its signature is for those who are handed one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::Secret;
use crate::bindings::jeton::provider::crypto::{Claim, ClaimValue, Error};

/// Claims that a provider is told. None of them is good for anything but to name a person.
const TOLD: [&str; 8] = ["sub", "name", "email", "email_verified", "preferred_username", "hd", "tid", "oid"];

/// Seconds by which two clocks may differ.
const SKEW: i64 = 300;

/// Whom the token must be from, for whom, and for which sign-in.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: &'a str,
    pub(super) nonce: Option<&'a str>,
    /// Seconds since 1970.
    pub(super) now: i64,
}

pub(super) fn claims(token: &Secret, expected: &Expected<'_>) -> Result<Vec<Claim>, Error> {
    let refuse = |what: &str| Err(Error::Other(format!("the ID token {what}")));
    let Some(claims) = payload(token) else { return refuse("can't be read") };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let issuer = match text("tid") {
        Some(tenant) => expected.issuer.replace("{tenantid}", tenant),
        None => expected.issuer.to_owned(),
    };
    if text("iss") != Some(issuer.as_str()) {
        return refuse("is from another issuer");
    }
    let audiences: Vec<_> = match claims.get("aud") {
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one.as_str()],
        _ => vec![],
    };
    if !audiences.contains(&expected.audience) {
        return refuse("is for another client");
    }
    if (audiences.len() > 1 || claims.contains_key("azp")) && text("azp") != Some(expected.audience) {
        return refuse("was given to another client");
    }
    match claims.get("exp").and_then(Value::as_i64) {
        Some(until) if until.saturating_add(SKEW) > expected.now => {}
        _ => return refuse("has expired"),
    }
    if let Some(nonce) = expected.nonce
        && text("nonce") != Some(nonce)
    {
        return refuse("belongs to another sign-in (its nonce differs)");
    }
    if text("sub").is_none_or(str::is_empty) {
        return refuse("doesn't say whose it is");
    }
    let told = |name: &&str| {
        let value = match claims.get(*name)? {
            Value::String(text) => ClaimValue::Text(text.clone()),
            Value::Bool(flag) => ClaimValue::Boolean(*flag),
            _ => return None,
        };
        Some(Claim { name: (*name).to_owned(), value })
    };
    Ok(TOLD.iter().filter_map(told).collect())
}

fn payload(token: &Secret) -> Option<Map<String, Value>> {
    let mut parts = token.reveal_text()?.split('.');
    let (_, payload, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EXPECTED: Expected<'static> = Expected { issuer: "https://id.acme.com", audience: "app", nonce: Some("n"), now: 1_000_000 };

    fn token(claims: &Value) -> Secret {
        Secret::new("id-token", format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string())))
    }

    fn right() -> Value {
        json!({ "iss": "https://id.acme.com", "aud": "app", "exp": 1_000_060, "nonce": "n", "sub": "u1", "email": "ada@acme.com", "secret": "x" })
    }

    #[test]
    fn who_it_is_is_told_and_nothing_else() {
        let told = claims(&token(&right()), &EXPECTED).unwrap();
        let names: Vec<_> = told.iter().map(|claim| claim.name.as_str()).collect();
        assert_eq!(names, ["sub", "email"]);
    }

    #[test]
    fn a_token_for_somebody_else_or_from_somebody_else_is_refused() {
        let wrong = [
            ("iss", json!("https://id.acme.com/")),
            ("iss", json!(null)),
            ("aud", json!("other")),
            ("aud", json!(["app", "other"])),
            ("azp", json!("other")),
            ("exp", json!(999_000)),
            ("exp", json!("soon")),
            ("nonce", json!("m")),
            ("nonce", json!(null)),
            ("sub", json!("")),
        ];
        for (name, value) in wrong {
            let mut claims = right();
            claims[name] = value.clone();
            assert!(super::claims(&token(&claims), &EXPECTED).is_err(), "{name} = {value}");
        }
        for text in ["", "a.b", "a.b.c.d", "e30.???.sig"] {
            assert!(claims(&Secret::new("id-token", text), &EXPECTED).is_err(), "{text}");
        }
    }

    #[test]
    fn a_tenant_stands_in_the_issuer_where_the_service_says_so() {
        let mut claims = right();
        (claims["iss"], claims["tid"]) = (json!("https://login.acme.com/t1/v2.0"), json!("t1"));
        let expected = Expected { issuer: "https://login.acme.com/{tenantid}/v2.0", ..EXPECTED };
        assert!(super::claims(&token(&claims), &expected).is_ok());
        claims["tid"] = json!("t2");
        assert!(super::claims(&token(&claims), &expected).is_err());
    }
}
