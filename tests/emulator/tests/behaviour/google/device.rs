//! The device flow in Google's dialect.

use std::time::Duration;

use jeton_emulator::google_service::Refusal;
use jeton_emulator::{Decision, Emulator};
use serde_json::Value;

use super::stage::{DRIVE, FILE, ask, emulator, refused, text};
use crate::stage::json;

const CODES: &str = "https://oauth2.googleapis.com/device/code";

async fn begin(emulator: &Emulator, client: &str, scope: &str) -> (u16, Value) {
    let answer = emulator.client().post(CODES, &[("client_id", client), ("scope", scope)]).await.unwrap();
    (answer.status().as_u16(), json(&answer))
}

async fn poll(emulator: &Emulator, client: &str, begun: &Value) -> (u16, Value) {
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    ask(emulator, client, &[("grant_type", grant), ("device_code", text(begun, "device_code"))]).await
}

async fn decide(emulator: &Emulator, begun: &Value, decision: Decision) -> String {
    let url = format!("{}?user_code={}", text(begun, "verification_url"), text(begun, "user_code"));
    emulator.consent(&url, decision).await.unwrap().to_string()
}

#[tokio::test]
async fn a_device_waits_for_the_person_and_gets_its_tokens() {
    let emulator = emulator().await;
    let (status, begun) = begin(&emulator, "tv", &format!("email {FILE}")).await;
    assert_eq!((status, &begun["expires_in"], &begun["interval"]), (200, &1800.into(), &5.into()));
    assert_eq!(text(&begun, "verification_url"), "https://www.google.com/device");
    assert_eq!(begun.get("verification_uri"), None);
    assert_eq!(poll(&emulator, "tv", &begun).await, refused(Refusal::AuthorizationPending));
    assert_eq!(Refusal::AuthorizationPending.wire().0, 428);

    decide(&emulator, &begun, Decision::Grant).await;
    let (status, tokens) = poll(&emulator, "tv", &begun).await;
    assert_eq!((status, text(&tokens, "scope")), (200, &*format!("email {FILE}")));
    assert!(tokens["refresh_token"].is_string());
    assert_eq!(poll(&emulator, "tv", &begun).await, refused(Refusal::BadCode));
}

#[tokio::test]
async fn polling_too_often_is_refused_with_403() {
    let emulator = emulator().await;
    let (_, begun) = begin(&emulator, "tv", FILE).await;
    assert_eq!(poll(&emulator, "tv", &begun).await.0, 428);
    emulator.clock().advance(Duration::from_secs(4));
    assert_eq!(poll(&emulator, "tv", &begun).await, refused(Refusal::SlowDown));
    assert_eq!(Refusal::SlowDown.wire().0, 403);
    emulator.clock().advance(Duration::from_secs(5));
    assert_eq!(poll(&emulator, "tv", &begun).await.0, 428);
}

#[tokio::test]
async fn a_no_of_the_person_and_the_end_of_time_are_told_to_the_device() {
    let emulator = emulator().await;
    let (_, denied) = begin(&emulator, "tv", FILE).await;
    let (_, late) = begin(&emulator, "tv", FILE).await;
    decide(&emulator, &denied, Decision::Deny).await;
    assert_eq!(poll(&emulator, "tv", &denied).await, refused(Refusal::AccessDenied));
    emulator.clock().advance(Duration::from_secs(1800));
    assert_eq!(poll(&emulator, "tv", &late).await, refused(Refusal::ExpiredToken));
    let url = format!("https://www.google.com/device?user_code={}", text(&late, "user_code"));
    assert!(emulator.consent(&url, Decision::Grant).await.is_err());
}

#[tokio::test]
async fn only_devices_and_only_a_few_scopes_are_let_in() {
    let emulator = emulator().await;
    assert_eq!(begin(&emulator, "web", FILE).await, refused(Refusal::InvalidClientType));
    assert_eq!(begin(&emulator, "tv", DRIVE).await, refused(Refusal::InvalidScope));
    assert_eq!(begin(&emulator, "nobody", FILE).await, refused(Refusal::UnknownClient));
    let (_, begun) = begin(&emulator, "tv", FILE).await;
    assert_eq!(poll(&emulator, "web", &begun).await, refused(Refusal::InvalidClientType));
}

#[tokio::test]
async fn beyond_the_quota_there_are_no_device_codes() {
    let emulator = emulator().await;
    emulator.google_service().set_device_quota(Some(1));
    assert_eq!(begin(&emulator, "tv", FILE).await.0, 200);
    let quota = serde_json::json!({ "error_code": "rate_limit_exceeded" });
    assert_eq!(begin(&emulator, "tv", FILE).await, (403, quota));
}
