//! The ways in which clients authenticate, each really verified.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jeton_emulator::Emulator;
use jeton_emulator::generic_service::GenericClient;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::KeyPair;
use serde_json::{Value, json};

use super::{ISSUER, TOKEN, now, post, send, service, with};
use crate::stage::json as body;

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn claims(emulator: &Emulator, jti: &str) -> Value {
    json!({ "iss": "a-client", "sub": "a-client", "aud": ISSUER, "jti": jti, "exp": now(emulator) + 60 })
}

async fn show(emulator: &Emulator, assertion: &str) -> u16 {
    let form = [("grant_type", "client_credentials"), ("client_assertion_type", ASSERTION), ("client_assertion", assertion)];
    post(emulator, TOKEN, &form).await.0
}

#[tokio::test]
async fn only_the_declared_ways_are_taken_and_only_one_at_a_time() {
    let basic = format!("Basic {}", STANDARD.encode("a-client:a-secret"));
    let in_body = "&client_id=a-client&client_secret=a-secret";
    for (declared, header, form, status) in [
        ("client_secret_basic", Some(&*basic), "", 200),
        ("client_secret_basic", None, in_body, 401),
        ("client_secret_post", None, in_body, 200),
        ("client_secret_post", Some(&*basic), "", 401),
        ("client_secret_post", None, "&client_id=a-client", 401),
        ("client_secret_post", None, "&client_id=a-client&client_secret=wrong", 401),
        ("client_secret_basic", Some(&*basic), in_body, 400),
        ("none", None, "&client_id=unknown", 401),
    ] {
        let emulator = with(&format!("client-auth = [\"{declared}\"]"), "").await;
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        headers.extend(header.map(|header| ("authorization", header)));
        let answer = send(&emulator, "POST", TOKEN, &headers, &format!("grant_type=client_credentials{form}")).await;
        assert_eq!(answer.status(), status, "{declared} {header:?} {form}");
    }
}

#[tokio::test]
async fn a_public_client_refreshes_and_has_no_tokens_of_its_own() {
    let emulator = with("client-auth = [\"none\"]", "").await;
    service(&emulator).register_client(GenericClient::public("public"));
    let (_, token) = service(&emulator).issue_tokens("public", &["a"]).unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "public"), ("refresh_token", &*token)];
    assert_eq!(post(&emulator, TOKEN, &form).await.0, 200);
    let form = [("grant_type", "client_credentials"), ("client_id", "public")];
    assert_eq!(post(&emulator, TOKEN, &form).await.1["error"], "unauthorized_client");
}

#[tokio::test]
async fn an_assertion_is_good_once_in_its_time_for_its_client_and_audience() {
    let emulator = with("client-auth = [\"private_key_jwt\"]\nassertion-audience = \"issuer\"", "").await;
    let pair = KeyPair::generate().unwrap();
    service(&emulator).register_client(GenericClient::public("a-client").public_key(&pair.public_key_pem()));
    let key = EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes()).unwrap();
    let sign = |claims: &Value| jsonwebtoken::encode(&Header::new(Algorithm::ES256), claims, &key).unwrap();
    let good = sign(&claims(&emulator, "1"));
    assert_eq!([show(&emulator, &good).await, show(&emulator, &good).await], [200, 401]);
    for (number, (claim, value)) in [
        ("aud", json!(TOKEN)),
        ("iss", json!("other")),
        ("exp", json!(now(&emulator))),
        ("jti", Value::Null),
        ("nbf", json!(now(&emulator) + 9)),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = claims(&emulator, &format!("bad-{number}"));
        claims[claim] = value;
        assert_eq!(show(&emulator, &sign(&claims)).await, 401, "{claims}");
    }
    let other = EncodingKey::from_ec_pem(KeyPair::generate().unwrap().serialize_pem().as_bytes()).unwrap();
    let forged = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims(&emulator, "f"), &other).unwrap();
    assert_eq!(show(&emulator, &forged).await, 401);
    let form = [("grant_type", "client_credentials"), ("client_assertion", &*sign(&claims(&emulator, "t")))];
    assert_eq!(post(&emulator, TOKEN, &form).await.0, 401, "the type is missing");
}

#[tokio::test]
async fn the_audience_may_be_the_token_endpoint() {
    for (audience, issuer, token) in [("issuer", 200, 401), ("token-endpoint", 401, 200), ("either", 200, 200)] {
        let emulator = with(&format!("client-auth = [\"client_secret_jwt\"]\nassertion-audience = \"{audience}\""), "").await;
        let key = EncodingKey::from_secret(b"a-secret");
        for (aud, status) in [(ISSUER, issuer), (TOKEN, token)] {
            let mut claims = claims(&emulator, aud);
            claims["aud"] = json!(aud);
            let assertion = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
            assert_eq!(show(&emulator, &assertion).await, status, "{audience} {aud}");
        }
        let wrong = EncodingKey::from_secret(b"wrong");
        let forged = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims(&emulator, "x"), &wrong).unwrap();
        assert_eq!(show(&emulator, &forged).await, 401);
    }
}

#[tokio::test]
async fn a_public_key_is_no_shared_secret() {
    let emulator = with("client-auth = [\"private_key_jwt\", \"client_secret_jwt\"]", "").await;
    let pem = KeyPair::generate().unwrap().public_key_pem();
    service(&emulator).register_client(GenericClient::public("a-client").public_key(&pem));
    let key = EncodingKey::from_secret(pem.as_bytes());
    let confused = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims(&emulator, "c"), &key).unwrap();
    assert_eq!(show(&emulator, &confused).await, 401);
}

#[tokio::test]
async fn a_client_that_registers_itself_signs_with_the_key_it_registered() {
    let emulator = with("client-auth = [\"private_key_jwt\"]", "").await;
    let key = EncodingKey::from_ec_pem(KeyPair::generate().unwrap().serialize_pem().as_bytes()).unwrap();
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
    let metadata = json!({ "redirect_uris": ["https://a.example/"], "jwks": { "keys": [jwk] } });
    let client = body(&emulator.client().post_json("https://as.example/register", &metadata.to_string()).await.unwrap());
    let mut claims = claims(&emulator, "r");
    (claims["iss"], claims["sub"]) = (client["client_id"].clone(), client["client_id"].clone());
    assert_eq!(show(&emulator, &jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &key).unwrap()).await, 200);
}
