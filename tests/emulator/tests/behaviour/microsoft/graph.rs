//! Graph's answers to good and bad tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jeton_emulator::Emulator;
use jeton_emulator::microsoft_service::{DEFAULT_TENANT, Platform};

use super::stage::{ask, emulator, refreshing, text};
use crate::stage::{header, json};

const ME: &str = "https://graph.microsoft.com/v1.0/me";
const DRIVE: &str = "https://graph.microsoft.com/v1.0/me/drive";

fn issue(emulator: &Emulator, scopes: &[&str]) -> jeton_emulator::microsoft_service::Issued {
    emulator.microsoft_service().issue_tokens("native", Platform::Native, scopes).unwrap()
}

#[tokio::test]
async fn a_live_token_sees_its_user_and_the_drive() {
    let emulator = emulator().await;
    let token = issue(&emulator, &["User.Read", "Files.Read.All"]).access_token;
    let me = json(&emulator.client().get_with_token(ME, &token).await.unwrap());
    assert_eq!((text(&me, "userPrincipalName"), text(&me, "displayName")), ("ada@example.com", "Ada Emulated"));
    let drive = json(&emulator.client().get_with_token(DRIVE, &token).await.unwrap());
    assert_eq!(text(&drive["owner"]["user"], "displayName"), "Ada Emulated");
}

#[tokio::test]
async fn dead_tokens_get_401_and_poor_ones_403_in_graphs_shape() {
    let emulator = emulator().await;
    let token = issue(&emulator, &["User.Read"]).access_token;
    let poor = emulator.client().get_with_token(DRIVE, &token).await.unwrap();
    assert_eq!((poor.status().as_u16(), text(&json(&poor)["error"], "code")), (403, "accessDenied"));
    assert_eq!(emulator.microsoft_service().expire_access_tokens(), 1);
    assert!(!emulator.microsoft_service().is_live(&token));
    for token in [&*token, "nonsense"] {
        let answer = emulator.client().get_with_token(ME, token).await.unwrap();
        let error = &json(&answer)["error"];
        assert_eq!((answer.status().as_u16(), text(error, "code")), (401, "InvalidAuthenticationToken"));
        for member in ["date", "request-id", "client-request-id"] {
            assert!(error["innerError"][member].is_string(), "{member}");
        }
        assert!(header(&answer, "www-authenticate").unwrap().starts_with("Bearer realm=\"\", authorization_uri="));
    }
    assert_eq!(emulator.client().get(ME).await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_claims_challenge_lasts_until_a_token_is_asked_for_with_the_claims() {
    let emulator = emulator().await;
    let issued = issue(&emulator, &["User.Read", "offline_access"]);
    let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;
    emulator.microsoft_service().require_claims(Some(claims));
    let answer = emulator.client().get_with_token(ME, &issued.access_token).await.unwrap();
    assert_eq!(answer.status(), 401);
    let challenge = header(&answer, "www-authenticate").unwrap();
    assert!(challenge.contains("error=\"insufficient_claims\""), "{challenge}");
    let encoded = challenge.split("claims=\"").nth(1).unwrap().trim_end_matches('"');
    assert_eq!(STANDARD.decode(encoded).unwrap(), claims.as_bytes());

    let token = issued.refresh_token.unwrap();
    let (_, plain) = ask(&emulator, "common", &refreshing("native", &token)).await;
    assert_eq!(emulator.client().get_with_token(ME, text(&plain, "access_token")).await.unwrap().status(), 401);
    let (_, answered) = ask(&emulator, "common", &[&refreshing("native", &token)[..], &[("claims", claims)]].concat()).await;
    assert_eq!(emulator.client().get_with_token(ME, text(&answered, "access_token")).await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_apps_own_token_has_no_me() {
    let emulator = emulator().await;
    let scope = "https://graph.microsoft.com/.default";
    let form = [("grant_type", "client_credentials"), ("client_id", "web"), ("client_secret", "a-secret"), ("scope", scope)];
    let (_, tokens) = ask(&emulator, DEFAULT_TENANT, &form).await;
    assert_eq!(emulator.client().get_with_token(ME, text(&tokens, "access_token")).await.unwrap().status(), 400);
}
