//! Service accounts: a key in a file, and with an administrator's leave whom they act for.

use jeton_emulator::google_service::{Refusal, ServiceAccount};
use serde_json::json;

use super::{DRIVE, Scene, TOKEN, desktop, field, names, opened};
use crate::services::keys::key;
use crate::stage::Ran;

pub(super) const EMAIL: &str = "robot@emulated-project.iam.gserviceaccount.com";

impl Scene {
    pub(super) async fn robot() -> Self {
        let scene = Self::of(desktop()).await;
        let account = ServiceAccount::new(EMAIL, "key-1", &key().public).delegated(&[DRIVE]);
        scene.google().register_service_account(account);
        scene
    }

    /// The file that Google's console gives, with one member replaced.
    fn key_file(&self, name: &str, value: &str) -> String {
        let mut file = json!({
            "type": "service_account", "project_id": "emulated-project", "private_key_id": "key-1", "private_key": key().pkcs8,
            "client_email": EMAIL, "client_id": "100000000000000000001", "token_uri": "https://oauth2.googleapis.com/token",
            "universe_domain": "googleapis.com",
        });
        file[name] = value.into();
        self.file("robot.json", &file.to_string())
    }

    fn act(&self, more: &[&str]) -> Ran {
        let file = self.key_file("project_id", "emulated-project");
        self.stage.jeton(&[&["connect", "google", "--name", "one", "--service-account", &file], more].concat())
    }
}

#[tokio::test]
async fn a_service_account_signs_in_with_its_file() {
    let scene = Scene::robot().await;
    let ran = scene.act(&["--scope", "drive"]).succeeded();
    assert!(ran.stderr.contains(EMAIL), "{ran:?}");
    let sent = scene.requests(TOKEN).pop().unwrap();
    assert_eq!(names(&sent), ["grant_type", "assertion"]);
    let [header, claims] = opened(field(&sent, "assertion"));
    assert_eq!((&header["alg"], &header["kid"], &header["typ"]), (&"RS256".into(), &"key-1".into(), &"JWT".into()));
    assert_eq!((&claims["iss"], &claims["aud"]), (&EMAIL.into(), &"https://oauth2.googleapis.com/token".into()));
    assert_eq!((&claims["scope"], claims.get("sub")), (&DRIVE.into(), None));
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3600);
    assert!(scene.one("test", &[]).succeeded().stdout.contains(EMAIL));
    scene.one("request", &["GET", "drive/v3/about?fields=user"]).succeeded();
}

#[tokio::test]
async fn its_tokens_are_asked_for_again_where_others_are_refreshed() {
    let scene = Scene::robot().await;
    scene.act(&["--scope", "drive", "--subject", "ada@example.com"]).succeeded();
    let first = scene.token();
    scene.one("refresh", &[]).succeeded();
    assert_ne!(scene.token(), first);
    let sent = scene.requests(TOKEN);
    let jti = |index: usize| opened(field(&sent[index], "assertion"))[1]["jti"].clone();
    assert!(sent.len() == 2 && jti(0) != jti(1), "each assertion is one of its own");
    assert_eq!(opened(field(&sent[1], "assertion"))[1]["sub"], "ada@example.com");
}

#[tokio::test]
async fn with_delegation_it_acts_for_a_user() {
    let scene = Scene::robot().await;
    let ran = scene.act(&["--scope", "drive", "--subject", "ada@example.com"]).succeeded();
    assert!(ran.stderr.contains("ada@example.com"), "{ran:?}");
    let ran = scene.act(&["--scope", "drive.file", "--subject", "ada@example.com", "--replace"]);
    ran.failed(5, &["an administrator of the service must approve", "Domain-wide delegation"]);
    let ran = scene.act(&["--scope", "drive", "--subject", "nobody@example.com", "--replace"]);
    ran.failed(3, &["Not a valid email or user ID", "--subject"]);
    scene.one("request", &["GET", "drive/v3/about?fields=user", "--as-user", "ada@example.com"]).code_and_words(1, "--subject ADDRESS");
}

#[tokio::test]
async fn a_client_that_was_added_by_its_file_signs_too() {
    let scene = Scene::robot().await;
    let file = scene.key_file("project_id", "emulated-project");
    scene.stage.jeton(&["clients", "add", "google", "--service-account", &file]).succeeded();
    scene.stage.jeton(&["connect", "google", "--jwt", "--name", "one"]).succeeded();
    let claims = &opened(field(&scene.requests(TOKEN)[0], "assertion"))[1];
    assert_eq!(claims["scope"], "https://www.googleapis.com/auth/drive.file");
}

/// Files of all ages are in use. What the assertion is for is always the same.
#[tokio::test]
async fn a_file_may_name_any_address_that_google_has_had() {
    for uri in [
        "https://oauth2.googleapis.com/token",
        "https://accounts.google.com/o/oauth2/token",
        "https://www.googleapis.com/oauth2/v3/token",
        "https://www.googleapis.com/oauth2/v4/token",
    ] {
        let scene = Scene::robot().await;
        let file = scene.key_file("token_uri", uri);
        scene.stage.jeton(&["connect", "google", "--name", "one", "--service-account", &file, "--scope", "drive"]).succeeded();
        let sent = scene.requests(TOKEN).pop().unwrap();
        assert_eq!(sent.host, "oauth2.googleapis.com");
        assert_eq!(opened(field(&sent, "assertion"))[1]["aud"], "https://oauth2.googleapis.com/token", "{uri}");
    }
}

#[tokio::test]
async fn a_file_that_sends_its_assertion_elsewhere_is_refused_before_anything_is_sent() {
    for uri in [
        "https://evil.example/token",
        "https://oauth2.googleapis.com.evil.example/token",
        "http://oauth2.googleapis.com/token",
        "https://www.googleapis.com/oauth2/v5/token",
        // Of another universe (`universe_domain`) than Google's own.
        "https://oauth2.apis.universe.example/token",
    ] {
        let scene = Scene::robot().await;
        let file = scene.key_file("token_uri", uri);
        scene.stage.jeton(&["connect", "google", "--service-account", &file]).failed(2, &["token-uri"]);
        scene.stage.jeton(&["clients", "add", "google", "--service-account", &file]).failed(2, &["token-uri"]);
        assert!(scene.requests(TOKEN).is_empty());
    }
}

#[tokio::test]
async fn a_file_of_something_else_is_told_without_quoting_it() {
    let scene = Scene::robot().await;
    for (text, says) in [("{}", "client_email"), ("no JSON, a-secret-key", "is no JSON"), (r#"{"client_email":"a@b"}"#, "private-key")] {
        let file = scene.file("other.json", text);
        let ran = scene.stage.jeton(&["connect", "google", "--service-account", &file]);
        assert!(ran.code != 0 && ran.stderr.contains(says) && !ran.stderr.contains("a-secret-key"), "{text}: {ran:?}");
    }
}

#[tokio::test]
async fn each_refusal_of_an_assertion_says_who_must_act() {
    for (refusal, code, says) in [
        (Refusal::JwtSignature, 5, "IAM & Admin → Service Accounts → Keys"),
        (Refusal::AccountNotFound, 5, "doesn't exist any more"),
        (Refusal::NotAUser, 3, "--subject"),
        (Refusal::NotDelegated, 5, "Domain-wide delegation"),
        (Refusal::JwtAudience, 3, "audience"),
        (Refusal::InvalidScope, 3, "invalid_scope"),
        (Refusal::AdminPolicyEnforced, 5, "Manage app access"),
        (Refusal::InternalFailure, 4, "internal_failure"),
    ] {
        let scene = Scene::robot().await;
        scene.google().refuse_next(refusal);
        let ran = scene.act(&["--scope", "drive"]);
        assert!(ran.code == code && ran.stderr.contains(says), "{refusal:?} when it connects: {ran:?}");
        scene.act(&["--scope", "drive", "--replace"]).succeeded();
        scene.google().refuse_next(refusal);
        let ran = scene.one("refresh", &[]);
        assert!(ran.code == code && ran.stderr.contains(says), "{refusal:?} later: {ran:?}");
    }
}

#[tokio::test]
async fn a_key_that_was_deleted_is_told_by_the_service() {
    let scene = Scene::robot().await;
    let file = scene.key_file("private_key_id", "key-2");
    scene
        .stage
        .jeton(&["connect", "google", "--service-account", &file])
        .failed(5, &["Invalid JWT Signature", "add the client with its file"]);
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_set_by_googles_once() {
    let scene = Scene::robot().await;
    scene.stage.emulator.clock().set_skew(-4000);
    scene.act(&["--scope", "drive"]).succeeded();
    assert_eq!(scene.requests(TOKEN).iter().map(|entry| entry.status).collect::<Vec<_>>(), [400, 200]);
    let other = Scene::robot().await;
    for _ in 0..2 {
        other.google().refuse_next(Refusal::JwtTimes);
    }
    let ran = other.act(&["--scope", "drive"]);
    assert!(ran.code == 1 && ran.stderr.contains("clock is wrong"), "{ran:?}");
    assert_eq!(other.requests(TOKEN).len(), 2);
}
