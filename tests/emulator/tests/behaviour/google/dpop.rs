//! Refresh tokens that are bound to a key.

use bytes::Bytes;
use http::{Request, Response};
use jeton_emulator::Emulator;
use jeton_emulator::google_service::Refusal;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::KeyPair;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::stage::{BACK, DRIVE, OFFLINE, TOKEN, authorize, code, emulator, refused, text};
use crate::stage::header;

struct Key(EncodingKey);

impl Key {
    fn new() -> Self {
        Self(EncodingKey::from_ec_pem(KeyPair::generate().unwrap().serialize_pem().as_bytes()).unwrap())
    }

    fn proof(&self, emulator: &Emulator, jti: &str, nonce: Option<&str>, htu: &str) -> String {
        let iat = emulator.clock().now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({ "htm": "POST", "htu": htu, "iat": iat, "jti": jti });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        let jwk = Some(Jwk::from_encoding_key(&self.0, Algorithm::ES256).unwrap());
        let header = Header { typ: Some("dpop+jwt".to_owned()), jwk, ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, &claims, &self.0).unwrap()
    }
}

async fn send(emulator: &Emulator, grant: &[(&str, &str)], proof: Option<&str>) -> Response<Bytes> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs([("client_id", "web"), ("client_secret", "a-secret")]).extend_pairs(grant);
    let mut request = Request::post(TOKEN).header("content-type", "application/x-www-form-urlencoded");
    if let Some(proof) = proof {
        request = request.header("dpop", proof);
    }
    emulator.client().send(request.body(form.finish().into()).unwrap()).await.unwrap()
}

fn outcome(answer: &Response<Bytes>) -> (u16, serde_json::Value) {
    (answer.status().as_u16(), crate::stage::json(answer))
}

/// A refresh token that is bound to the key.
async fn bound(emulator: &Emulator, key: &Key) -> String {
    let code = code(emulator, &authorize(&[DRIVE], OFFLINE)).await;
    let grant = [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", BACK)];
    let jti = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, Sha256::digest(&code));
    let first = send(emulator, &grant, Some(&key.proof(emulator, &jti, None, TOKEN))).await;
    assert_eq!(outcome(&first), refused(Refusal::UseDpopNonce));
    let nonce = header(&first, "dpop-nonce").unwrap();
    let other_jti = send(emulator, &grant, Some(&key.proof(emulator, "another", Some(nonce), TOKEN))).await;
    assert_eq!(outcome(&other_jti), refused(Refusal::InvalidDpopProof));
    let (status, tokens) = outcome(&send(emulator, &grant, Some(&key.proof(emulator, &jti, Some(nonce), TOKEN))).await);
    assert_eq!((status, text(&tokens, "token_type")), (200, "Bearer"), "{tokens}");
    text(&tokens, "refresh_token").to_owned()
}

#[tokio::test]
async fn a_bound_refresh_token_wants_a_proof_with_the_nonce_of_refreshes() {
    let emulator = emulator().await;
    let key = Key::new();
    let token = bound(&emulator, &key).await;
    let grant = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
    assert_eq!(outcome(&send(&emulator, &grant, None).await), refused(Refusal::InvalidDpopProof));
    let first = send(&emulator, &grant, Some(&key.proof(&emulator, "1", None, TOKEN))).await;
    assert_eq!(outcome(&first), refused(Refusal::UseDpopNonce));
    let nonce = header(&first, "dpop-nonce").unwrap();
    let proof = key.proof(&emulator, "2", Some(nonce), TOKEN);
    assert_eq!(send(&emulator, &grant, Some(&proof)).await.status(), 200);
    assert_eq!(outcome(&send(&emulator, &grant, Some(&proof)).await), refused(Refusal::InvalidDpopProof), "a proof is good once");
}

#[tokio::test]
async fn proofs_of_another_key_or_for_another_address_are_refused() {
    let emulator = emulator().await;
    let (key, stranger) = (Key::new(), Key::new());
    let token = bound(&emulator, &key).await;
    let grant = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
    let first = send(&emulator, &grant, Some(&key.proof(&emulator, "1", None, TOKEN))).await;
    let nonce = header(&first, "dpop-nonce").unwrap();
    for proof in [
        stranger.proof(&emulator, "2", Some(nonce), TOKEN),
        key.proof(&emulator, "3", Some(nonce), "https://example.com/token"),
        "nonsense".to_owned(),
    ] {
        assert_eq!(outcome(&send(&emulator, &grant, Some(&proof)).await), refused(Refusal::InvalidDpopProof));
    }
    emulator.clock().advance(std::time::Duration::from_secs(600));
    let late = send(&emulator, &grant, Some(&key.proof(&emulator, "4", Some(nonce), TOKEN))).await;
    assert_eq!(outcome(&late), refused(Refusal::UseDpopNonce), "nonces grow old");
    let fresh = header(&late, "dpop-nonce").unwrap();
    assert_eq!(send(&emulator, &grant, Some(&key.proof(&emulator, "5", Some(fresh), TOKEN))).await.status(), 200);
}
