//! The key with which the emulated services sign id tokens. What clients sign is read in `jwt.rs`.

use std::sync::OnceLock;

use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};

/// One key for all services. It is made when it is first needed, for making it takes a while.
#[derive(Debug, Default)]
pub(crate) struct Signer(OnceLock<Option<Keys>>);

struct Keys {
    private: EncodingKey,
    public: Jwk,
    id: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Signer {
    /// The claims as a JWT in RS256; `None` only if the system has no randomness to make a key of.
    pub(crate) fn sign(&self, claims: &Value) -> Option<String> {
        let keys = self.keys()?;
        let header = Header { kid: Some(keys.id.clone()), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, claims, &keys.private).ok()
    }

    /// The public key as a JSON Web Key Set (RFC 7517 section 5).
    pub(crate) fn key_set(&self) -> Value {
        let key = self.keys().and_then(|keys| {
            let mut key = serde_json::to_value(&keys.public).ok()?;
            let members = key.as_object_mut()?;
            members.insert("kid".to_owned(), json!(keys.id));
            members.insert("use".to_owned(), json!("sig"));
            Some(key)
        });
        json!({ "keys": key.into_iter().collect::<Vec<_>>() })
    }

    fn keys(&self) -> Option<&Keys> {
        let make = || {
            let pair = KeyPair::generate_for(&PKCS_RSA_SHA256).ok()?;
            let private = EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).ok()?;
            let public = Jwk::from_encoding_key(&private, Algorithm::RS256).ok()?;
            let id = public.thumbprint(ThumbprintHash::SHA256).ok()?;
            Some(Keys { private, public, id })
        };
        self.0.get_or_init(make).as_ref()
    }
}
