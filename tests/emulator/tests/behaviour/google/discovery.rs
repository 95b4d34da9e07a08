//! Discovery, keys and id tokens.

use jeton_emulator::Emulator;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use super::stage::{OFFLINE, authorize, code, emulator, redeem, refresh, text};
use crate::stage::json;

/// The claims of an id token, verified with the published key.
pub(crate) async fn verified(emulator: &Emulator, token: &str, audience: &str) -> Value {
    let keys = json(&emulator.client().get("https://www.googleapis.com/oauth2/v3/certs").await.unwrap());
    claims(&keys, token, audience, "https://accounts.google.com")
}

/// The claims, if one of these keys signed the token for this audience and by this issuer.
pub(crate) fn claims(keys: &Value, token: &str, audience: &str, issuer: &str) -> Value {
    let keys: JwkSet = serde_json::from_value(keys.clone()).unwrap();
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut wanted = Validation::new(Algorithm::RS256);
    wanted.set_audience(&[audience]);
    wanted.set_issuer(&[issuer]);
    jsonwebtoken::decode(token, &key, &wanted).unwrap().claims
}

#[tokio::test]
async fn the_discovery_document_names_endpoints_that_are_there() {
    let emulator = emulator().await;
    let url = "https://accounts.google.com/.well-known/openid-configuration";
    let document = json(&emulator.client().get(url).await.unwrap());
    assert_eq!(text(&document, "issuer"), "https://accounts.google.com");
    assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["plain", "S256"]));
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "revocation_endpoint",
        "userinfo_endpoint",
        "device_authorization_endpoint",
        "jwks_uri",
    ] {
        assert_ne!(emulator.client().get(text(&document, endpoint)).await.unwrap().status(), 404, "{endpoint}");
    }
}

#[tokio::test]
async fn with_openid_there_is_an_id_token_at_the_code_and_at_every_refresh() {
    let emulator = emulator().await;
    let url = authorize(&["openid", "email", "profile"], &[OFFLINE, &[("nonce", "a nonce")]].concat());
    let (_, tokens) = redeem(&emulator, &code(&emulator, &url).await).await;
    let claims = verified(&emulator, text(&tokens, "id_token"), "web").await;
    assert_eq!((text(&claims, "email"), text(&claims, "name")), ("ada@example.com", "Ada Emulated"));
    assert_eq!((text(&claims, "sub"), text(&claims, "nonce")), ("1000000001", "a nonce"));
    let (_, refreshed) = refresh(&emulator, text(&tokens, "refresh_token")).await;
    assert_eq!(verified(&emulator, text(&refreshed, "id_token"), "web").await.get("nonce"), None);
}
