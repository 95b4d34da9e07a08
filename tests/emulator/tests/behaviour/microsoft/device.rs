//! The device flow in Microsoft's dialect.

use std::time::Duration;

use jeton_emulator::{Decision, Emulator};
use serde_json::Value;

use super::stage::{SCOPES, ask, assert_aadsts, at, emulator, outcome, text};

async fn begin(emulator: &Emulator, tenant: &str) -> Value {
    let form = [("client_id", "native"), ("scope", SCOPES)];
    outcome(&emulator.client().post(&at(tenant, "devicecode"), &form).await.unwrap()).1
}

async fn poll(emulator: &Emulator, code: &str) -> (u16, Value) {
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    ask(emulator, "common", &[("grant_type", grant), ("client_id", "native"), ("device_code", code)]).await
}

async fn decide(emulator: &Emulator, begun: &Value, decision: Decision) {
    let url = format!("{}?user_code={}", text(begun, "verification_uri"), text(begun, "user_code"));
    emulator.consent(&url, decision).await.unwrap();
}

#[tokio::test]
async fn a_device_waits_for_the_person_and_gets_its_tokens() {
    let emulator = emulator().await;
    let begun = begin(&emulator, "common").await;
    assert_eq!((&begun["expires_in"], &begun["interval"]), (&900.into(), &5.into()));
    assert_eq!(text(&begun, "verification_uri"), "https://microsoft.com/devicelogin");
    assert!(text(&begun, "message").contains(text(&begun, "user_code")) && begun.get("verification_uri_complete").is_none());
    for _ in 0..2 {
        assert_aadsts(&poll(&emulator, text(&begun, "device_code")).await, 70016, "authorization_pending", 400);
    }
    decide(&emulator, &begun, Decision::Grant).await;
    let (status, tokens) = poll(&emulator, text(&begun, "device_code")).await;
    assert!(status == 200 && tokens["refresh_token"].is_string(), "{tokens}");
    assert_aadsts(&poll(&emulator, text(&begun, "device_code")).await, 90120, "invalid_grant", 400);
}

#[tokio::test]
async fn declined_late_and_wrong_codes_have_microsofts_own_errors() {
    let emulator = emulator().await;
    let [declined, late] = [begin(&emulator, "common").await, begin(&emulator, "common").await];
    decide(&emulator, &declined, Decision::Deny).await;
    assert_aadsts(&poll(&emulator, text(&declined, "device_code")).await, 65004, "authorization_declined", 400);
    assert_aadsts(&poll(&emulator, "nonsense").await, 70018, "bad_verification_code", 400);
    emulator.clock().advance(Duration::from_secs(900));
    assert_aadsts(&poll(&emulator, text(&late, "device_code")).await, 70019, "expired_token", 400);
}

#[tokio::test]
async fn personal_accounts_have_a_page_of_their_own() {
    let emulator = emulator().await;
    assert_eq!(text(&begin(&emulator, "consumers").await, "verification_uri"), "https://www.microsoft.com/link");
}

#[tokio::test]
async fn an_app_that_does_not_allow_public_flows_must_show_a_secret() {
    let emulator = emulator().await;
    let form = [("client_id", "web"), ("scope", SCOPES)];
    let begun = outcome(&emulator.client().post(&at("common", "devicecode"), &form).await.unwrap()).1;
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let form = [("grant_type", grant), ("client_id", "web"), ("device_code", text(&begun, "device_code"))];
    assert_aadsts(&ask(&emulator, "common", &form).await, 7_000_218, "invalid_client", 401);
}
