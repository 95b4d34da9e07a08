//! Refresh tokens that are bound to a key (`providers.md` 3.7, RFC 9449). Access tokens stay bearer tokens.

use std::collections::HashSet;

use http::{HeaderMap, Uri};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::GoogleService;
use super::refusal::Refusal;
use crate::form::Form;
use crate::jwt::{Jwt, sha256_base64url, unix};

/// A nonce is good for this period and the next, in seconds.
const NONCE_PERIOD: u64 = 300;
/// So far a proof's `iat` may be from now, in seconds.
const LEEWAY: u64 = 300;

/// Code exchange and refresh have nonces of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Code,
    Refresh,
}

impl Space {
    pub(super) fn of(form: &Form) -> Self {
        if form.get("grant_type") == Some("refresh_token") { Self::Refresh } else { Self::Code }
    }

    fn purpose(self) -> &'static str {
        match self {
            Self::Code => "google-dpop-code",
            Self::Refresh => "google-dpop-refresh",
        }
    }
}

/// A proof that is as it should be.
pub(super) struct Proof {
    /// The thumbprint of its key.
    pub(super) key: String,
    jti: String,
}

impl Proof {
    /// At the code exchange the `jti` is the code's digest.
    pub(super) fn is_for_code(&self, code: &str) -> bool {
        self.jti == sha256_base64url(code.as_bytes())
    }
}

impl GoogleService {
    /// The nonce that the next proof must carry.
    pub(super) fn dpop_nonce(&self, space: Space) -> String {
        self.nonce_of(space, self.now().as_secs() / NONCE_PERIOD)
    }

    fn nonce_of(&self, space: Space, period: u64) -> String {
        self.0.mint.seal(space.purpose(), &period.to_string())
    }

    /// The proof of a request, `None` if it has none. At a refresh its `jti` must be new.
    pub(super) fn dpop(&self, headers: &HeaderMap, uri: &Uri, space: Space, seen: &mut HashSet<String>) -> Result<Option<Proof>, Refusal> {
        let Some(proof) = headers.get("dpop") else { return Ok(None) };
        let wrong = Refusal::InvalidDpopProof;
        let proof = Jwt::read(proof.to_str().map_err(|_| wrong)?).ok_or(wrong)?;
        let key: Jwk = proof.header.get("jwk").and_then(|key| serde_json::from_value(key.clone()).ok()).ok_or(wrong)?;
        let public = DecodingKey::from_jwk(&key).map_err(|_| wrong)?;
        let endpoint = format!("https://oauth2.googleapis.com{}", uri.path());
        let now = unix(self.0.clock.now());
        let fits = proof.header("typ") == Some("dpop+jwt")
            && proof.is_signed(&public, &[Algorithm::ES256])
            && proof.text("htm") == Some("POST")
            && proof.text("htu") == Some(&endpoint)
            && proof.seconds("iat").is_some_and(|iat| iat.abs_diff(now) <= LEEWAY);
        let (true, Some(jti)) = (fits, proof.text("jti")) else { return Err(wrong) };
        let period = self.now().as_secs() / NONCE_PERIOD;
        let nonces = [self.nonce_of(space, period), self.nonce_of(space, period.saturating_sub(1))];
        if proof.text("nonce").is_none_or(|nonce| !nonces.iter().any(|good| good == nonce)) {
            return Err(Refusal::UseDpopNonce);
        }
        if space == Space::Refresh && !seen.insert(jti.to_owned()) {
            return Err(wrong);
        }
        let key = key.thumbprint(ThumbprintHash::SHA256).map_err(|_| wrong)?;
        Ok(Some(Proof { key, jti: jti.to_owned() }))
    }
}
