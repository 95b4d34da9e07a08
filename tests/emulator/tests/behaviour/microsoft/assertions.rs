//! Clients that show a certificate's signature in place of a secret.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_emulator::Emulator;
use jeton_emulator::microsoft_service::{App, DEFAULT_TENANT};
use jsonwebtoken::{Algorithm, Header};
use rcgen::{Certificate, CertificateParams};
use serde_json::{Value, json};

use super::stage::{ask, assert_aadsts, at, emulator};
use crate::google::keys::{pair, sign};

fn certificate(number: usize) -> Certificate {
    CertificateParams::new(vec!["client.example".to_owned()]).unwrap().self_signed(pair(number)).unwrap()
}

async fn scene() -> (Emulator, Certificate) {
    let (emulator, certificate) = (emulator().await, certificate(0));
    let app = App::new("certified").certificate(&certificate.pem()).admin_consent(DEFAULT_TENANT);
    emulator.microsoft_service().register_app(app).unwrap();
    (emulator, certificate)
}

fn modern(certificate: &Certificate) -> Header {
    let print = URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate.der()));
    Header { x5t_s256: Some(print), ..Header::new(Algorithm::PS256) }
}

fn legacy(certificate: &Certificate) -> Header {
    let print = URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate.der()));
    Header { x5t: Some(print), ..Header::new(Algorithm::RS256) }
}

fn claims(emulator: &Emulator) -> Value {
    let now = emulator.clock().now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let aud = at(DEFAULT_TENANT, "token");
    json!({ "aud": aud, "iss": "certified", "sub": "certified", "jti": "1", "nbf": now, "iat": now, "exp": now + 600 })
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

async fn send(emulator: &Emulator, assertion: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "certified"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    ask(emulator, DEFAULT_TENANT, &form).await
}

#[tokio::test]
async fn both_generations_of_assertions_are_taken() {
    let (emulator, certificate) = scene().await;
    for header in [modern(&certificate), legacy(&certificate)] {
        let (status, body) = send(&emulator, &sign(0, &header, &claims(&emulator))).await;
        assert_eq!(status, 200, "{body}");
    }
    let issuer = format!("https://login.microsoftonline.com/{DEFAULT_TENANT}/v2.0");
    let for_issuer = with(claims(&emulator), "aud", json!(issuer));
    assert_eq!(send(&emulator, &sign(0, &modern(&certificate), &for_issuer)).await.0, 200);
}

#[tokio::test]
async fn signatures_and_certificates_must_be_right() {
    let (emulator, right) = scene().await;
    let wrong = certificate(1);
    for assertion in [
        sign(1, &modern(&right), &claims(&emulator)),
        sign(1, &modern(&wrong), &claims(&emulator)),
        sign(0, &legacy(&wrong), &claims(&emulator)),
        sign(0, &Header::new(Algorithm::PS256), &claims(&emulator)),
    ] {
        assert_aadsts(&send(&emulator, &assertion).await, 700_027, "invalid_client", 401);
    }
    assert_aadsts(&send(&emulator, "nonsense").await, 50012, "invalid_client", 401);
    let odd = Header { alg: Algorithm::RS512, ..modern(&right) };
    assert_aadsts(&send(&emulator, &sign(0, &odd, &claims(&emulator))).await, 50012, "invalid_client", 401);
}

#[tokio::test]
async fn the_claims_must_be_right() {
    let (emulator, certificate) = scene().await;
    let good = claims(&emulator);
    let now = good["iat"].as_u64().unwrap();
    for (claims, code) in [
        (with(good.clone(), "aud", json!("https://example.com/token")), 50012),
        (with(good.clone(), "sub", json!("another")), 50048),
        (with(with(good.clone(), "sub", json!("web")), "iss", json!("web")), 50012),
        (with(good.clone(), "exp", json!(now - 300)), 700_024),
        (with(good.clone(), "nbf", json!(now + 301)), 700_024),
    ] {
        assert_aadsts(&send(&emulator, &sign(0, &modern(&certificate), &claims)).await, code, "invalid_client", 401);
    }
}

#[tokio::test]
async fn a_public_client_must_not_show_an_assertion() {
    let (emulator, certificate) = scene().await;
    let assertion = sign(0, &modern(&certificate), &claims(&emulator));
    let form = [("grant_type", "client_credentials"), ("client_id", "native"), ("client_assertion", &*assertion)];
    assert_aadsts(&ask(&emulator, DEFAULT_TENANT, &form).await, 700_025, "invalid_client", 401);
}
