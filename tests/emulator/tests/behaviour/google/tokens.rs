//! The token endpoint: codes, clients, and every refusal.

use std::time::Duration;

use http::Request;
use jeton_emulator::google_service::{ClientState, Refusal};

use super::stage::{BACK, DRIVE, OFFLINE, TOKEN, ask, authorize, code, emulator, redeem, refresh, refused, text, tokens};
use crate::stage::json;

#[tokio::test]
async fn a_code_gives_tokens_in_the_documented_shape() {
    let emulator = emulator().await;
    let tokens = tokens(&emulator, &[DRIVE]).await;
    assert_eq!((&tokens["expires_in"], text(&tokens, "token_type")), (&3599.into(), "Bearer"));
    assert_eq!(text(&tokens, "scope"), DRIVE);
    assert!(text(&tokens, "access_token").starts_with("emulated-google-access-"));
    assert!(text(&tokens, "refresh_token").starts_with("emulated-google-refresh-"));
    assert_eq!(tokens.as_object().unwrap().len(), 5, "{tokens}");
}

#[tokio::test]
async fn a_code_works_once_in_time_for_its_client_and_its_redirect_uri() {
    let emulator = emulator().await;
    let url = authorize(&[DRIVE], OFFLINE);
    let first = code(&emulator, &url).await;
    let elsewhere = [("grant_type", "authorization_code"), ("code", &*first), ("redirect_uri", "https://app.example/")];
    assert_eq!(ask(&emulator, "web", &elsewhere).await, refused(Refusal::RedirectUriMismatch));
    let stolen = [("grant_type", "authorization_code"), ("code", &*first), ("redirect_uri", BACK)];
    assert_eq!(ask(&emulator, "desktop", &stolen).await, refused(Refusal::BadCode));
    assert_eq!(redeem(&emulator, &first).await.0, 200);
    assert_eq!(redeem(&emulator, &first).await, refused(Refusal::BadCode));
    assert_eq!(redeem(&emulator, "nonsense").await, refused(Refusal::MalformedCode));
    let second = code(&emulator, &url).await;
    emulator.clock().advance(Duration::from_secs(600));
    assert_eq!(redeem(&emulator, &second).await, refused(Refusal::BadCode));
}

#[tokio::test]
async fn the_verifier_must_fit_the_challenge() {
    let emulator = emulator().await;
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    for (more, verifier) in [
        (vec![("code_challenge", challenge), ("code_challenge_method", "S256")], verifier),
        (vec![("code_challenge", verifier), ("code_challenge_method", "plain")], verifier),
    ] {
        let code = code(&emulator, &authorize(&[DRIVE], &more)).await;
        let grant = [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", BACK)];
        assert_eq!(ask(&emulator, "web", &grant).await, refused(Refusal::BadCode));
        assert_eq!(ask(&emulator, "web", &[&grant[..], &[("code_verifier", challenge.trim_end_matches('M'))]].concat()).await.0, 400);
        assert_eq!(ask(&emulator, "web", &[&grant[..], &[("code_verifier", verifier)]].concat()).await.0, 200);
    }
}

#[tokio::test]
async fn the_client_shows_its_secret_in_the_body_or_as_basic() {
    let emulator = emulator().await;
    let token = emulator.google_service().issue_tokens("web", &[DRIVE]).unwrap().refresh_token.unwrap();
    let grant = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
    for (client, refusal) in [
        (vec![("client_id", "web"), ("client_secret", "wrong")], Refusal::WrongSecret),
        (vec![("client_id", "nobody"), ("client_secret", "a-secret")], Refusal::UnknownClient),
        (vec![("client_id", "web")], Refusal::SecretMissing),
        (vec![], Refusal::MissingParameter),
    ] {
        let answer = emulator.client().post(TOKEN, &[&grant[..], &client].concat()).await.unwrap();
        assert_eq!((answer.status().as_u16(), json(&answer)), refused(refusal), "{client:?}");
    }
    let basic = Request::post(TOKEN)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", "Basic d2ViOmEtc2VjcmV0")
        .body(format!("grant_type=refresh_token&refresh_token={token}").into());
    assert_eq!(emulator.client().send(basic.unwrap()).await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_state_of_the_client_decides_before_the_grant_does() {
    let emulator = emulator().await;
    let token = emulator.google_service().issue_tokens("web", &[DRIVE]).unwrap().refresh_token.unwrap();
    for (state, refusal) in [(ClientState::Deleted, Refusal::DeletedClient), (ClientState::RestrictedByAdmin, Refusal::AdminPolicyEnforced)]
    {
        assert!(emulator.google_service().set_client_state("web", state));
        assert_eq!(refresh(&emulator, &token).await, refused(refusal));
    }
    assert!(emulator.google_service().set_client_state("web", ClientState::Active));
    assert_eq!(refresh(&emulator, &token).await.0, 200);
    assert!(!emulator.google_service().set_client_state("nobody", ClientState::Active));
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let emulator = emulator().await;
    assert_eq!(ask(&emulator, "web", &[]).await, refused(Refusal::MissingParameter));
    assert_eq!(ask(&emulator, "web", &[("grant_type", "password")]).await, refused(Refusal::UnsupportedGrantType));
    assert_eq!(ask(&emulator, "web", &[("grant_type", "refresh_token")]).await, refused(Refusal::MissingParameter));
    let twice = [("grant_type", "refresh_token"), ("refresh_token", "a"), ("refresh_token", "b")];
    assert_eq!(ask(&emulator, "web", &twice).await, refused(Refusal::Repeated));
    assert_eq!(emulator.client().get(TOKEN).await.unwrap().status(), 405);
}

#[tokio::test]
async fn every_refusal_can_be_ordered() {
    let emulator = emulator().await;
    let token = emulator.google_service().issue_tokens("web", &[DRIVE]).unwrap().refresh_token.unwrap();
    for refusal in Refusal::ALL {
        emulator.google_service().refuse_next(refusal);
        assert_eq!(refresh(&emulator, &token).await, refused(refusal));
    }
    assert_eq!(refresh(&emulator, &token).await.0, 200);
}

#[tokio::test]
async fn the_old_addresses_of_the_token_endpoint_work() {
    let emulator = emulator().await;
    let token = emulator.google_service().issue_tokens("web", &[DRIVE]).unwrap().refresh_token.unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", &*token), ("client_id", "web"), ("client_secret", "a-secret")];
    for url in [
        "https://accounts.google.com/o/oauth2/token",
        "https://www.googleapis.com/oauth2/v3/token",
        "https://www.googleapis.com/oauth2/v4/token",
    ] {
        assert_eq!(emulator.client().post(url, &form).await.unwrap().status(), 200, "{url}");
    }
}
