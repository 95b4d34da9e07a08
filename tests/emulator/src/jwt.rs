//! JWTs that clients send: read first, verified with the key that the header and the client lead to.
//!
//! Times are compared with the virtual clock by the services themselves, since each words its refusals differently.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A JWT whose signature may not have been looked at yet.
pub(crate) struct Jwt<'a> {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    signed: &'a str,
    signature: &'a str,
}

impl<'a> Jwt<'a> {
    /// `None` if it isn't a JWS in compact form with JSON in both parts.
    pub(crate) fn read(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Self { header: json(header)?, claims: json(claims)?, signed, signature })
    }

    /// Whether the signature is by this key, with one of these algorithms.
    pub(crate) fn is_signed(&self, key: &DecodingKey, algorithms: &[Algorithm]) -> bool {
        let algorithm = self.header("alg").and_then(|name| name.parse().ok()).filter(|algorithm| algorithms.contains(algorithm));
        algorithm.is_some_and(|algorithm| {
            key.family().algorithms().contains(&algorithm)
                && jsonwebtoken::crypto::verify(self.signature, self.signed.as_bytes(), key, algorithm).unwrap_or(false)
        })
    }

    /// Whether it says that it isn't signed, and isn't.
    pub(crate) fn is_unsigned(&self) -> bool {
        self.header("alg") == Some("none") && self.signature.is_empty()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    pub(crate) fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    /// A NumericDate in whole seconds.
    pub(crate) fn seconds(&self, claim: &str) -> Option<u64> {
        let value = self.claims.get(claim)?;
        value.as_u64().or_else(|| value.as_f64().filter(|seconds| *seconds >= 0.0).map(|seconds| seconds as u64))
    }

    /// Whether `aud` is, or has, one of these.
    pub(crate) fn is_for(&self, audiences: &[&str]) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(one)) => audiences.contains(&one.as_str()),
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).any(|one| audiences.contains(&one)),
            _ => false,
        }
    }
}

/// Seconds since 1970.
pub(crate) fn unix(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// SHA-256 in base64url, as PKCE, DPoP and `at_hash` use it.
pub(crate) fn sha256_base64url(text: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
