//! Discovery, keys and id tokens.

use jeton_emulator::microsoft_service::{DEFAULT_TENANT, PERSONAL_TENANT};

use super::stage::{BACK, ask, authorize, code, emulator, redeeming, text};
use crate::google::discovery::claims;
use crate::stage::json;

#[tokio::test]
async fn the_discovery_document_has_microsofts_oddities() {
    let emulator = emulator().await;
    for (tenant, issuer) in [
        ("common", "{tenantid}"),
        ("organizations", "{tenantid}"),
        ("consumers", PERSONAL_TENANT),
        (DEFAULT_TENANT, DEFAULT_TENANT),
        ("example.com", DEFAULT_TENANT),
    ] {
        let url = format!("https://login.microsoftonline.com/{tenant}/v2.0/.well-known/openid-configuration");
        let document = json(&emulator.client().get(&url).await.unwrap());
        assert_eq!(text(&document, "issuer"), format!("https://login.microsoftonline.com/{issuer}/v2.0"));
        assert_eq!(document.get("code_challenge_methods_supported"), None);
        let methods = serde_json::json!(["client_secret_post", "private_key_jwt", "client_secret_basic"]);
        assert_eq!(document["token_endpoint_auth_methods_supported"], methods);
        for endpoint in ["authorization_endpoint", "token_endpoint", "device_authorization_endpoint", "userinfo_endpoint", "jwks_uri"] {
            assert_ne!(emulator.client().get(text(&document, endpoint)).await.unwrap().status(), 404, "{endpoint}");
        }
    }
    let unknown = "https://login.microsoftonline.com/nowhere/v2.0/.well-known/openid-configuration";
    assert_eq!(json(&emulator.client().get(unknown).await.unwrap())["error_codes"][0], 90002);
}

#[tokio::test]
async fn an_id_token_names_the_tenant_in_its_issuer() {
    let emulator = emulator().await;
    let code = code(&emulator, &authorize("common", "web", BACK, &[("nonce", "a nonce")])).await;
    let (_, tokens) = ask(&emulator, "common", &redeeming(&code)).await;
    let keys = json(&emulator.client().get("https://login.microsoftonline.com/common/discovery/v2.0/keys").await.unwrap());
    let issuer = format!("https://login.microsoftonline.com/{DEFAULT_TENANT}/v2.0");
    let claims = claims(&keys, text(&tokens, "id_token"), "web", &issuer);
    assert_eq!((text(&claims, "tid"), text(&claims, "nonce")), (DEFAULT_TENANT, "a nonce"));
    assert_eq!((text(&claims, "preferred_username"), text(&claims, "ver")), ("ada@example.com", "2.0"));
}
