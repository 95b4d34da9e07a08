//! Signing in on another device, in Google's dialect.

use jeton_emulator::google_service::{Client, ClientKind, Refusal};
use jeton_emulator::{Decision, Fault, Matcher};
use serde_json::Value;

use super::{FILE, ID, SECRET, Scene, TOKEN, desktop, field, names};
use crate::stage::Ran;

const CODES: &str = "/device/code";

fn tv() -> Client {
    Client::new(ID, SECRET).kind(ClientKind::LimitedInput)
}

impl Scene {
    /// Begins a device's sign-in whose code `jeton` gets next, with a second between two polls: nobody has to wait longer for a test.
    async fn code(&self) -> Value {
        let emulator = &self.stage.emulator;
        let form = [("client_id", ID), ("scope", &format!("openid email {FILE}"))];
        let answer = emulator.client().post(&format!("https://oauth2.googleapis.com{CODES}"), &form).await.unwrap();
        let mut begun: Value = serde_json::from_slice(answer.body()).unwrap();
        begun["interval"] = 1.into();
        let fault = Fault::Body { status: 200, content_type: "application/json".into(), bytes: begun.to_string().into() };
        emulator.faults().inject(fault, Matcher::any().path(CODES), 1);
        begun
    }

    async fn enter(&self, begun: &Value, decision: Decision) {
        let url = format!("{}?user_code={}", begun["verification_url"].as_str().unwrap(), begun["user_code"].as_str().unwrap());
        self.stage.emulator.consent(&url, decision).await.unwrap();
    }

    fn device(&self, more: &[&str]) -> Ran {
        self.stage.jeton(&[&["connect", "google", "--name", "one", "--device"], more].concat())
    }
}

#[tokio::test]
async fn the_request_for_a_code_names_the_client_and_scopes_and_no_secret() {
    let scene = Scene::with(tv(), &[]).await;
    scene.device(&["--wait", "1s"]).failed(3, &["https://www.google.com/device", "nobody entered the code in time"]);
    let request = scene.requests(CODES).pop().unwrap();
    assert_eq!(names(&request), ["client_id", "scope"]);
    assert_eq!(field(&request, "scope"), format!("openid email {FILE}"));
}

#[tokio::test]
async fn a_code_is_polled_for_with_the_secret_until_the_person_has_entered_it() {
    let scene = Scene::with(tv(), &[]).await;
    let begun = scene.code().await;
    scene.google().refuse_next(Refusal::AuthorizationPending);
    scene.enter(&begun, Decision::Grant).await;
    let ran = scene.device(&[]).succeeded();
    assert!(ran.stderr.contains(begun["user_code"].as_str().unwrap()) && ran.stderr.contains("ada@example.com"), "{ran:?}");
    let polls = scene.requests(TOKEN);
    assert_eq!(polls.iter().map(|poll| poll.status).collect::<Vec<_>>(), [428, 200]);
    assert_eq!(names(&polls[1]), ["grant_type", "client_id", "client_secret", "device_code"]);
    assert_eq!(field(&polls[1], "grant_type"), "urn:ietf:params:oauth:grant-type:device_code");
    scene.one("refresh", &[]).succeeded();
}

#[tokio::test]
async fn slow_down_comes_as_403_and_is_obeyed() {
    let scene = Scene::with(tv(), &[]).await;
    let begun = scene.code().await;
    scene.enter(&begun, Decision::Grant).await;
    scene.google().refuse_next(Refusal::SlowDown);
    scene.device(&[]).succeeded();
    let polls = scene.requests(TOKEN);
    assert_eq!(polls.iter().map(|poll| poll.status).collect::<Vec<_>>(), [403, 200]);
    // Five seconds more than the one that was said (RFC 8628, 3.5).
    let between = polls[1].at.duration_since(polls[0].at).unwrap();
    assert!(between.as_millis() > 5_500, "{between:?}");
}

#[tokio::test]
async fn a_person_who_declines_is_told_so_by_403_too() {
    let scene = Scene::with(tv(), &[]).await;
    let begun = scene.code().await;
    scene.enter(&begun, Decision::Deny).await;
    scene.device(&[]).failed(3, &["access was declined", "access_denied"]);
}

#[tokio::test]
async fn each_refusal_of_a_poll_says_who_must_act() {
    for (refusal, code, says) in [
        (Refusal::ExpiredToken, 3, "expired_token"),
        (Refusal::BadCode, 3, "invalid_grant"),
        (Refusal::InvalidClientType, 5, "TVs and Limited Input devices"),
        (Refusal::WrongSecret, 5, "client secret"),
        (Refusal::DeletedClient, 5, "Restore it within 30 days"),
        (Refusal::OrgInternal, 3, "account of the organization"),
        (Refusal::AdminPolicyEnforced, 5, "Manage app access"),
    ] {
        let scene = Scene::with(tv(), &[]).await;
        scene.code().await;
        scene.google().refuse_next(refusal);
        let ran = scene.device(&[]);
        assert!(ran.code == code && ran.stderr.contains(says), "{refusal:?}: {ran:?}");
    }
}

#[tokio::test]
async fn only_devices_and_only_a_few_scopes_are_let_in() {
    Scene::desktop().await.device(&[]).failed(5, &["Invalid client type", "TVs and Limited Input devices"]);
    let scene = Scene::with(tv(), &[]).await;
    scene.device(&["--scope", "drive"]).failed(3, &["invalid_scope", "drive.file, drive.appdata"]);
    let unknown = Scene::of(desktop()).await;
    let add = ["clients", "add", "google", "--id", "another.apps.googleusercontent.com"];
    unknown.stage.jeton(&add).succeeded();
    unknown.device(&[]).failed(5, &["The OAuth client was not found", "client id"]);
}

#[tokio::test]
async fn beyond_the_quota_there_are_no_codes_for_a_while() {
    let scene = Scene::with(tv(), &[]).await;
    scene.google().set_device_quota(Some(0));
    scene.device(&[]).failed(4, &["the service asks to wait", "rate_limit_exceeded"]);
}

#[tokio::test]
async fn trouble_between_two_polls_costs_nothing() {
    let scene = Scene::with(tv(), &[]).await;
    let begun = scene.code().await;
    scene.enter(&begun, Decision::Grant).await;
    scene.google().refuse_next(Refusal::InternalFailure);
    let ran = scene.device(&[]).succeeded();
    assert!(ran.stderr.contains("internal_failure") && ran.stderr.contains("trying again in"), "{ran:?}");
}

#[tokio::test]
async fn a_page_that_is_not_googles_is_shown_to_nobody() {
    for page in ["https://evil.example/device", "https://www.google.com/elsewhere", "http://www.google.com/device"] {
        let scene = Scene::with(tv(), &[]).await;
        let body =
            format!(r#"{{"device_code":"d-1234567","user_code":"ABCD","verification_url":"{page}","expires_in":1800,"interval":1}}"#);
        let fault = Fault::Body { status: 200, content_type: "application/json".into(), bytes: body.into() };
        scene.stage.emulator.faults().inject(fault, Matcher::any().path(CODES), 1);
        let ran = scene.device(&[]);
        assert!(ran.code != 0 && !ran.stderr.contains("ABCD"), "{page}: {ran:?}");
    }
}
