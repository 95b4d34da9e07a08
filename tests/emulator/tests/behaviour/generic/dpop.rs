//! Proofs of possession.

use jeton_emulator::Emulator;
use jeton_emulator::generic_service::{GenericClient, Misbehaviour};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::KeyPair;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{ME, TOKEN, now, send, service, with};
use crate::stage::{header, json as body};

const PAR: &str = "https://as.example/par";
const REVOKE: &str = "https://as.example/revoke";

struct Key(EncodingKey);

impl Key {
    fn new() -> Self {
        Self(EncodingKey::from_ec_pem(KeyPair::generate().unwrap().serialize_pem().as_bytes()).unwrap())
    }

    fn proof(&self, claims: &Value) -> String {
        let jwk = Jwk::from_encoding_key(&self.0, Algorithm::ES256).unwrap();
        let header = Header { typ: Some("dpop+jwt".to_owned()), jwk: Some(jwk), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &self.0).unwrap()
    }
}

fn claims(emulator: &Emulator, jti: &str) -> Value {
    json!({ "htm": "POST", "htu": TOKEN, "iat": now(emulator), "jti": jti })
}

fn hash(token: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

#[tokio::test]
async fn a_nonce_may_be_good_for_one_proof_and_each_host_has_its_own() {
    let emulator = with("dpop = \"required\"\ndpop-nonce = true", "").await;
    service(&emulator).misbehave(Misbehaviour::NonceOnce);
    let key = Key::new();
    let ask = async |jti: &str, nonce: Option<&str>| {
        let mut claims = claims(&emulator, jti);
        claims["nonce"] = json!(nonce);
        let answer = ask(&emulator, Some(&key.proof(&claims))).await;
        (body(&answer), header(&answer, "dpop-nonce").unwrap().to_owned())
    };
    let (_, first) = ask("1", None).await;
    let (granted, second) = ask("2", Some(&first)).await;
    assert_ne!(first, second);
    assert_eq!(ask("3", Some(&first)).await.0["error"], "use_dpop_nonce");
    assert_eq!(ask("4", Some(&second)).await.0["token_type"], "DPoP");
    let access = granted["access_token"].as_str().unwrap();
    let proof = key.proof(&json!({ "htm": "GET", "htu": ME, "iat": now(&emulator), "jti": "5", "ath": hash(access) }));
    let refused = send(&emulator, "GET", ME, &[("authorization", &format!("DPoP {access}")), ("dpop", &proof)], "").await;
    assert_eq!(refused.status(), 401);
    let challenge = header(&refused, "www-authenticate").unwrap();
    assert!(challenge.starts_with("DPoP ") && challenge.contains("error=\"use_dpop_nonce\""), "{challenge}");
    assert!(header(&refused, "dpop-nonce").unwrap().contains("api.example"));
}

#[tokio::test]
async fn a_pushed_request_is_bound_to_the_key_that_pushed_it() {
    let emulator = with("dpop = \"required\"", "").await;
    let (key, other) = (Key::new(), Key::new());
    let push = async |jti: &str, named: &str| {
        let proof = key.proof(&json!({ "htm": "POST", "htu": PAR, "iat": now(&emulator), "jti": jti }));
        let form = format!(
            "response_type=code&client_id=a-client&client_secret=a-secret&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcb&dpop_jkt={named}"
        );
        send(&emulator, "POST", PAR, &[("content-type", "application/x-www-form-urlencoded"), ("dpop", &proof)], &form).await
    };
    assert_eq!(body(&push("1", "another").await)["error"], "invalid_dpop_proof");
    let pushed = body(&push("2", "").await);
    let reference = pushed["request_uri"].as_str().unwrap();
    let page = format!("https://as.example/authorize?client_id=a-client&request_uri={reference}");
    let back = emulator.consent(&page, jeton_emulator::Decision::Grant).await.unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let form = format!(
        "grant_type=authorization_code&code={code}&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcb&client_id=a-client&client_secret=a-secret"
    );
    let proof = other.proof(&claims(&emulator, "3"));
    let refused = send(&emulator, "POST", TOKEN, &[("content-type", "application/x-www-form-urlencoded"), ("dpop", &proof)], &form).await;
    assert_eq!(body(&refused)["error"], "invalid_dpop_proof");
}

#[tokio::test]
async fn a_public_clients_refresh_token_is_bound_to_the_key() {
    let emulator = with("dpop = \"required\"\nclient-auth = [\"none\"]", "").await;
    service(&emulator).register_client(GenericClient::public("a-client"));
    let (key, other) = (Key::new(), Key::new());
    let ask = async |key: &Key, jti: &str, form: &str| {
        let proof = key.proof(&claims(&emulator, jti));
        body(&send(&emulator, "POST", TOKEN, &[("content-type", "application/x-www-form-urlencoded"), ("dpop", &proof)], form).await)
    };
    let tokens = ask(&key, "1", "grant_type=password&username=ada%40example.com&password=emulator&client_id=a-client").await;
    let refresh = format!("grant_type=refresh_token&refresh_token={}&client_id=a-client", tokens["refresh_token"].as_str().unwrap());
    assert_eq!(ask(&other, "2", &refresh).await["error"], "invalid_dpop_proof");
    assert_eq!(ask(&key, "3", &refresh).await["token_type"], "DPoP");
}

#[tokio::test]
async fn a_bound_token_is_revoked_by_whoever_has_the_key() {
    let emulator = with("dpop = \"required\"", "[revocation]\nstyle = \"bearer-post\"").await;
    let key = Key::new();
    let access = body(&ask(&emulator, Some(&key.proof(&claims(&emulator, "1")))).await)["access_token"].as_str().unwrap().to_owned();
    let revoke = async |scheme: &str, ath: &str, jti: &str| {
        let proof = key.proof(&json!({ "htm": "POST", "htu": REVOKE, "iat": now(&emulator), "jti": jti, "ath": ath }));
        send(&emulator, "POST", REVOKE, &[("authorization", &format!("{scheme} {access}")), ("dpop", &proof)], "").await.status().as_u16()
    };
    assert_eq!(revoke("Bearer", &hash(&access), "2").await, 400);
    assert_eq!(revoke("DPoP", &hash("another"), "3").await, 400);
    assert!(service(&emulator).is_live(&access));
    assert_eq!(revoke("DPoP", &hash(&access), "4").await, 200);
    assert!(!service(&emulator).is_live(&access));
}

async fn ask(emulator: &Emulator, proof: Option<&str>) -> http::Response<bytes::Bytes> {
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
    headers.extend(proof.map(|proof| ("dpop", proof)));
    let form = "grant_type=password&username=ada%40example.com&password=emulator&client_id=a-client&client_secret=a-secret";
    send(emulator, "POST", TOKEN, &headers, form).await
}

#[tokio::test]
async fn a_proof_must_be_about_this_request_and_new() {
    let emulator = with("dpop = \"required\"", "").await;
    let key = Key::new();
    let good = key.proof(&claims(&emulator, "1"));
    assert_eq!(body(&ask(&emulator, Some(&good)).await)["token_type"], "DPoP");
    assert_eq!(body(&ask(&emulator, Some(&good)).await)["error"], "invalid_dpop_proof", "seen");
    assert_eq!(body(&ask(&emulator, None).await)["error"], "invalid_dpop_proof");
    for (number, (claim, value)) in [
        ("htm", json!("GET")),
        ("htu", json!("https://as.example/other")),
        ("htu", json!(format!("{TOKEN}?x=1"))),
        ("iat", json!(now(&emulator) - 301)),
        ("jti", Value::Null),
        ("ath", json!("x")),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = claims(&emulator, &format!("bad-{number}"));
        claims[claim] = value;
        assert_eq!(body(&ask(&emulator, Some(&key.proof(&claims))).await)["error"], "invalid_dpop_proof", "{claims}");
    }
    let stolen = key.proof(&claims(&emulator, "s"));
    let other = Key::new().proof(&claims(&emulator, "o"));
    let swapped = format!("{}.{}", stolen.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
    assert_eq!(body(&ask(&emulator, Some(&swapped)).await)["error"], "invalid_dpop_proof");
}

#[tokio::test]
async fn a_nonce_is_demanded_given_and_replaced() {
    let emulator = with("dpop = \"required\"\ndpop-nonce = true", "").await;
    let key = Key::new();
    let with_nonce = |jti: &str, nonce: &str| {
        let mut claims = claims(&emulator, jti);
        claims["nonce"] = json!(nonce);
        key.proof(&claims)
    };
    let refused = ask(&emulator, Some(&key.proof(&claims(&emulator, "1")))).await;
    assert_eq!((refused.status().as_u16(), &body(&refused)["error"]), (400, &json!("use_dpop_nonce")));
    let nonce = header(&refused, "dpop-nonce").unwrap().to_owned();
    let granted = ask(&emulator, Some(&with_nonce("2", &nonce))).await;
    assert_eq!((granted.status().as_u16(), header(&granted, "dpop-nonce")), (200, Some(&*nonce)));
    service(&emulator).change_nonce();
    let stale = ask(&emulator, Some(&with_nonce("3", &nonce))).await;
    assert_eq!(body(&stale)["error"], "use_dpop_nonce");
    assert_ne!(header(&stale, "dpop-nonce"), Some(&*nonce));
}

#[tokio::test]
async fn a_hostile_server_asks_for_newer_nonces_without_an_end() {
    let emulator = with("dpop = \"optional\"", "").await;
    service(&emulator).misbehave(Misbehaviour::NonceLoop);
    let (key, mut nonces) = (Key::new(), std::collections::BTreeSet::new());
    for jti in ["1", "2", "3", "4"] {
        let mut claims = claims(&emulator, jti);
        claims["nonce"] = json!(nonces.last());
        let refused = ask(&emulator, Some(&key.proof(&claims))).await;
        assert_eq!(body(&refused)["error"], "use_dpop_nonce");
        nonces.insert(header(&refused, "dpop-nonce").unwrap().to_owned());
    }
    assert_eq!(nonces.len(), 4);
}

#[tokio::test]
async fn tokens_are_bound_to_the_key_at_the_api_and_at_refreshes() {
    let emulator = with("dpop = \"optional\"", "").await;
    let (key, other) = (Key::new(), Key::new());
    let tokens = body(&ask(&emulator, Some(&key.proof(&claims(&emulator, "1")))).await);
    let access = tokens["access_token"].as_str().unwrap();
    let call = async |key: &Key, scheme: &str, jti: &str, ath: &str| {
        let proof = key.proof(&json!({ "htm": "GET", "htu": ME, "iat": now(&emulator), "jti": jti, "ath": ath }));
        send(&emulator, "GET", ME, &[("authorization", &format!("{scheme} {access}")), ("dpop", &proof)], "").await.status().as_u16()
    };
    assert_eq!(call(&key, "DPoP", "a", &hash(access)).await, 200);
    assert_eq!(call(&key, "DPoP", "b", &hash("another")).await, 401);
    assert_eq!(call(&other, "DPoP", "c", &hash(access)).await, 401);
    assert_eq!(call(&key, "Bearer", "d", &hash(access)).await, 401);

    let form = format!(
        "grant_type=refresh_token&refresh_token={}&client_id=a-client&client_secret=a-secret",
        tokens["refresh_token"].as_str().unwrap()
    );
    // This client has a secret, to which its refresh tokens are bound: it may come with another key, and gets tokens for that.
    for (key, jti, status) in [(&key, "f", 200), (&other, "e", 200)] {
        let proof = key.proof(&claims(&emulator, jti));
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("dpop", &*proof)];
        assert_eq!(send(&emulator, "POST", TOKEN, &headers, &form).await.status(), status);
    }
}
