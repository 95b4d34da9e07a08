//! Refresh tokens: each use gives a new one, and the old one lives on.

use std::time::Duration;

use jeton_emulator::Emulator;
use jeton_emulator::microsoft_service::Platform;

use super::stage::{ask, ask_from_origin, assert_aadsts, emulator, refreshing, text};

const DAY: Duration = Duration::from_secs(24 * 3600);
const SCOPES: &[&str] = &["offline_access", "User.Read", "Files.Read", "api://payroll/Slips.Read"];

fn issue(emulator: &Emulator, client: &str, platform: Platform) -> String {
    emulator.microsoft_service().issue_tokens(client, platform, SCOPES).unwrap().refresh_token.unwrap()
}

#[tokio::test]
async fn the_old_refresh_token_stays_good_for_ninety_days_of_its_own() {
    let emulator = emulator().await;
    let old = issue(&emulator, "native", Platform::Native);
    emulator.clock().advance(89 * DAY);
    let (status, body) = ask(&emulator, "common", &refreshing("native", &old)).await;
    let new = text(&body, "refresh_token");
    assert!(status == 200 && new != old);
    assert_eq!(ask(&emulator, "common", &refreshing("native", &old)).await.0, 200);
    emulator.clock().advance(DAY);
    assert_aadsts(&ask(&emulator, "common", &refreshing("native", &old)).await, 700_082, "invalid_grant", 400);
    assert_eq!(ask(&emulator, "common", &refreshing("native", new)).await.0, 200);
}

#[tokio::test]
async fn those_of_a_single_page_app_all_end_a_day_after_the_first() {
    let emulator = emulator().await;
    let first = issue(&emulator, "spa", Platform::Spa);
    emulator.clock().advance(DAY - Duration::from_secs(1));
    let (status, body) = ask_from_origin(&emulator, &refreshing("spa", &first)).await;
    assert_eq!(status, 200, "{body}");
    emulator.clock().advance(Duration::from_secs(1));
    for token in [&*first, text(&body, "refresh_token")] {
        assert_aadsts(&ask_from_origin(&emulator, &refreshing("spa", token)).await, 700_084, "invalid_grant", 400);
    }
}

#[tokio::test]
async fn a_refresh_token_is_its_clients_and_shows_the_secret_again() {
    let emulator = emulator().await;
    let token = issue(&emulator, "web", Platform::Web);
    assert_aadsts(&ask(&emulator, "common", &refreshing("web", &token)).await, 7_000_218, "invalid_client", 401);
    assert_aadsts(&ask(&emulator, "common", &refreshing("native", &token)).await, 70000, "invalid_grant", 400);
    let proven = [&refreshing("web", &token)[..], &[("client_secret", "a-secret")]].concat();
    assert_eq!(ask(&emulator, "common", &proven).await.0, 200);
}

#[tokio::test]
async fn one_refresh_token_serves_several_resources_one_at_a_time() {
    let emulator = emulator().await;
    emulator.microsoft_service().add_resource("api://payroll");
    let token = issue(&emulator, "native", Platform::Native);
    let asking = async |scope: &str| ask(&emulator, "common", &[&refreshing("native", &token)[..], &[("scope", scope)]].concat()).await;
    assert_eq!(text(&asking("https://graph.microsoft.com/User.Read").await.1, "scope"), "https://graph.microsoft.com/User.Read");
    assert_eq!(text(&asking("api://payroll/Slips.Read").await.1, "scope"), "api://payroll/Slips.Read");
    assert_aadsts(&asking("User.Read api://payroll/Slips.Read").await, 700_022, "invalid_scope", 400);
    assert_aadsts(&asking("api://nothing/x").await, 500_011, "invalid_resource", 400);
    let more = asking("Mail.Read").await;
    assert_aadsts(&more, 65001, "invalid_grant", 400);
    assert_eq!(text(&more.1, "suberror"), "consent_required");
    assert_eq!(text(&asking("").await.1, "scope"), "User.Read Files.Read");
}

#[tokio::test]
async fn revoked_sessions_need_a_fresh_sign_in() {
    let emulator = emulator().await;
    let by_admin = issue(&emulator, "native", Platform::Native);
    assert_eq!(emulator.microsoft_service().revoke_sessions("ada@example.com"), 1);
    assert_aadsts(&ask(&emulator, "common", &refreshing("native", &by_admin)).await, 50173, "invalid_grant", 400);

    let scopes = ["offline_access", "User.RevokeSessions.All"];
    let issued = emulator.microsoft_service().issue_tokens("native", Platform::Native, &scopes).unwrap();
    let request = http::Request::post("https://graph.microsoft.com/v1.0/me/revokeSignInSessions")
        .header("authorization", format!("Bearer {}", issued.access_token));
    assert_eq!(emulator.client().send(request.body(bytes::Bytes::new()).unwrap()).await.unwrap().status(), 200);
    let token = issued.refresh_token.unwrap();
    assert_aadsts(&ask(&emulator, "common", &refreshing("native", &token)).await, 50173, "invalid_grant", 400);
    assert_eq!(emulator.microsoft_service().live_refresh_tokens(), 0);
}
