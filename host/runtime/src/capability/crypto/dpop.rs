//! DPoP proofs (RFC 9449): that whoever uses a token has the key that it was bound to.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use url::Url;

use crate::bindings::jeton::provider::crypto::Error;
use crate::{Error as HostError, Secret};

/// What a proof is for.
pub(crate) struct Target<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: Url,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) access_token: Option<&'a Secret>,
    /// Whose digest makes the proof one for this code alone. `None`: chance.
    pub(crate) code: Option<&'a Secret>,
    /// Seconds since 1970.
    pub(crate) now: u64,
}

pub(crate) fn proof(key: &Secret, target: Target<'_>) -> Result<String, Error> {
    let bad = || Error::BadKey(format!("the {} is no ES256 key in PEM (PKCS#8)", key.kind()));
    let pair = read(key).ok_or_else(bad)?;
    let [x, y] = point(&pair).ok_or_else(bad)?;
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": { "kty": "EC", "crv": "P-256", "x": x, "y": y } });
    let mut url = target.url;
    url.set_query(None);
    url.set_fragment(None);
    let unique = match target.code {
        Some(code) => encode(digest(&SHA256, code.reveal()).as_ref()),
        None => {
            let mut unique = [0; 16];
            getrandom::fill(&mut unique).map_err(|error| Error::Other(format!("the system has no random bytes: {error}")))?;
            encode(&unique)
        }
    };
    let ath = target.access_token.map(|token| encode(digest(&SHA256, token.reveal()).as_ref()));
    let claims = json!({ "jti": unique, "htm": target.method, "htu": url.as_str(), "iat": target.now });
    let more = [("nonce", target.nonce.map(str::to_owned)), ("ath", ath)];
    let more = more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?))));
    let claims: serde_json::Map<_, _> = claims.as_object().cloned().unwrap_or_default().into_iter().chain(more).collect();
    let claims = Value::from(claims);
    let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| bad())?;
    Ok(format!("{signed}.{}", encode(signature.as_ref())))
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The public key's coordinates, in base64url.
fn point(pair: &EcdsaKeyPair) -> Option<[String; 2]> {
    // An uncompressed point (SEC 1, 2.3.3): 4, then both coordinates.
    let (x, y) = pair.public_key().as_ref().get(1..)?.split_at_checked(32)?;
    Some([encode(x), encode(y)])
}

/// The thumbprint of the public key (RFC 7638), by which an authorization request names it: `dpop_jkt`. `None`: it is no such key.
pub(crate) fn key_thumbprint(key: &Secret) -> Option<String> {
    let [x, y] = point(&read(key)?)?;
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    Some(encode(digest(&SHA256, members.as_bytes()).as_ref()))
}

fn read(key: &Secret) -> Option<EcdsaKeyPair> {
    let text = key.reveal_text()?;
    let body = text.split_once("-----BEGIN PRIVATE KEY-----")?.1.split_once("-----END PRIVATE KEY-----")?.0;
    let body = zeroize::Zeroizing::new(body.split_ascii_whitespace().collect::<String>());
    let der = zeroize::Zeroizing::new(STANDARD.decode(body.as_bytes()).ok()?);
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).ok()
}

/// A new key for a client whose manifest wants one made here: ES256, PKCS#8 in PEM.
///
/// # Errors
/// The system has no random bytes.
pub fn new_key() -> Result<Secret, HostError> {
    let none = |_| HostError::Host("the system has no random bytes".into());
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(none)?;
    let der = pair.to_pkcs8v1().map_err(none)?;
    let body = zeroize::Zeroizing::new(STANDARD.encode(der.as_ref()));
    Ok(Secret::new("private-key", format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", body.as_str())))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};

    use super::*;

    #[test]
    fn a_proof_verifies_with_the_key_in_its_header_and_says_what_it_is_for() {
        let key = new_key().unwrap();
        let token = Secret::new("access-token", "abc");
        let url = Url::parse("https://api.acme.com/v1/me?x=1#y").unwrap();
        let target = Target { method: "POST", url, nonce: Some("n1"), access_token: Some(&token), code: None, now: 1_700_000_000 };
        let proof = proof(&key, target).unwrap();

        let header = jsonwebtoken::decode_header(&proof).unwrap();
        assert_eq!(header.typ.as_deref(), Some("dpop+jwt"));
        let mut rules = Validation::new(Algorithm::ES256);
        rules.required_spec_claims.clear();
        let verified = jsonwebtoken::decode::<Value>(&proof, &DecodingKey::from_jwk(&header.jwk.unwrap()).unwrap(), &rules).unwrap();
        let claims = verified.claims;
        assert_eq!((&claims["htm"], &claims["htu"]), (&json!("POST"), &json!("https://api.acme.com/v1/me")));
        assert_eq!((&claims["nonce"], &claims["iat"]), (&json!("n1"), &json!(1_700_000_000)));
        assert_eq!(claims["ath"], "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    }

    #[test]
    fn the_thumbprint_is_that_of_the_key_in_the_proofs_header() {
        use jsonwebtoken::jwk::ThumbprintHash;
        let key = new_key().unwrap();
        let header = jsonwebtoken::decode_header(proof(&key, target(None)).unwrap()).unwrap();
        assert_eq!(key_thumbprint(&key), header.jwk.unwrap().thumbprint(ThumbprintHash::SHA256).ok());
        assert_eq!(key_thumbprint(&Secret::new("dpop-key", "no key")), None);
    }

    fn target(code: Option<&Secret>) -> Target<'_> {
        Target { method: "GET", url: Url::parse("https://a.com/").unwrap(), nonce: None, access_token: None, code, now: 1 }
    }

    #[test]
    fn a_proof_for_a_code_has_the_codes_digest_for_its_id() {
        let (key, code) = (new_key().unwrap(), Secret::new("code", "abc"));
        let proof = proof(&key, target(Some(&code))).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(proof.split('.').nth(1).unwrap()).unwrap()).unwrap();
        assert_eq!(claims["jti"], "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert!(claims.get("ath").is_none(), "{claims}");
    }

    #[test]
    fn no_two_proofs_are_alike_and_a_key_of_another_kind_is_refused() {
        let key = new_key().unwrap();
        let target = || target(None);
        assert_ne!(proof(&key, target()).unwrap(), proof(&key, target()).unwrap());
        let other = Secret::new("dpop-key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----");
        assert!(matches!(proof(&other, target()), Err(Error::BadKey(text)) if !text.contains("AAAA")));
    }
}
