//! Keys for tests, made when they are first needed, and tokens that are signed with them.

use std::sync::LazyLock;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::Value;

static PAIRS: LazyLock<[KeyPair; 2]> = LazyLock::new(|| [(), ()].map(|()| KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap()));

/// The public key of one of two pairs.
pub(crate) fn public_pem(pair: usize) -> String {
    PAIRS[pair].public_key_pem()
}

/// The pair itself, for certificates.
pub(crate) fn pair(pair: usize) -> &'static KeyPair {
    &PAIRS[pair]
}

pub(crate) fn sign(pair: usize, header: &Header, claims: &Value) -> String {
    let key = EncodingKey::from_rsa_pem(PAIRS[pair].serialize_pem().as_bytes()).unwrap();
    jsonwebtoken::encode(header, claims, &key).unwrap()
}

/// A JWT in RS256 with this `kid`.
pub(crate) fn rs256(pair: usize, kid: &str, claims: &Value) -> String {
    sign(pair, &Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::RS256) }, claims)
}
