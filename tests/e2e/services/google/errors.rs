//! The errors of Google's token endpoint, all of them: who must act, and what is said.

use jeton_emulator::google_service::Refusal;
use jeton_emulator::{Fault, Matcher, RetryAfter};

use super::{ID, Scene, TOKEN, desktop};
use crate::stage::Ran;

const AGAIN: &str = "the service no longer accepts this sign-in";
const CLIENT: &str = "the service doesn't accept the client registration";
const ADMINISTRATOR: &str = "an administrator of the service must approve the app first";

/// What is refused, the exit code, what it is called, and what is advised.
const TABLE: [(Refusal, i32, &str, &str); 25] = [
    (Refusal::DeadToken, 3, AGAIN, "expired or revoked"),
    (Refusal::BadCode, 3, AGAIN, "Bad Request"),
    (Refusal::MalformedCode, 3, AGAIN, "Malformed auth code"),
    (Refusal::InvalidRapt, 3, AGAIN, "Google Cloud session control"),
    (Refusal::RaptRequired, 3, AGAIN, "(rapt_required)"),
    (Refusal::UnknownClient, 5, CLIENT, "Compare the client id"),
    (Refusal::WrongSecret, 5, CLIENT, "Compare the client secret"),
    (Refusal::DeletedClient, 5, CLIENT, "Restore it within 30 days"),
    (Refusal::SecretMissing, 5, CLIENT, "--secret-file"),
    (Refusal::RedirectUriMismatch, 5, "the service doesn't know this redirect URI", "Desktop app needs no entry"),
    (Refusal::AdminPolicyEnforced, 5, ADMINISTRATOR, "Manage app access"),
    (Refusal::OrgInternal, 3, "access was declined", "account of the organization"),
    (Refusal::NotDelegated, 5, ADMINISTRATOR, "Domain-wide delegation"),
    (Refusal::UnsupportedGrantType, 1, "the service refused", "unsupported_grant_type"),
    (Refusal::InvalidScope, 3, "the connection lacks a scope", "drive.file, drive.appdata"),
    (Refusal::JwtSignature, 5, CLIENT, "IAM & Admin"),
    (Refusal::JwtTimes, 1, "the service refused", "clock is wrong"),
    (Refusal::JwtAudience, 3, AGAIN, "audience"),
    (Refusal::NotAUser, 3, AGAIN, "--subject"),
    (Refusal::AccountNotFound, 5, CLIENT, "doesn't exist any more"),
    (Refusal::MissingParameter, 1, "the service refused", "invalid_request"),
    (Refusal::InvalidClientType, 5, CLIENT, "TVs and Limited Input devices"),
    (Refusal::AccessDenied, 3, "access was declined", "test users"),
    (Refusal::InvalidDpopProof, 3, AGAIN, "bound to a key"),
    (Refusal::InternalFailure, 4, "the service is not available at the moment", "internal_failure"),
];

/// Those that have no part in the exchange of a code or a refresh: a device's, the security token service's, a mistake in our request; and
/// the nonce, of which `bound.rs` tells.
const ELSEWHERE: [Refusal; 6] = [
    Refusal::AuthorizationPending,
    Refusal::SlowDown,
    Refusal::ExpiredToken,
    Refusal::SubjectToken,
    Refusal::Repeated,
    Refusal::UseDpopNonce,
];

#[track_caller]
fn check(ran: &Ran, (refusal, code, says, advice): (Refusal, i32, &str, &str)) {
    assert_eq!(ran.code, code, "{refusal:?}: {ran:?}");
    for words in [says, advice] {
        assert!(ran.stderr.contains(words), "{refusal:?} doesn't say {words:?}: {ran:?}");
    }
    assert!(!ran.stderr.contains('…'), "{refusal:?} is cut: {ran:?}");
}

#[test]
fn every_refusal_has_its_row() {
    for refusal in Refusal::ALL {
        let here = TABLE.iter().filter(|row| row.0 == refusal).count();
        assert_eq!(here + usize::from(ELSEWHERE.contains(&refusal)), 1, "{refusal:?}");
    }
}

#[tokio::test]
async fn at_the_exchange_of_a_code() {
    let scene = Scene::desktop().await;
    for row in TABLE {
        let connecting = scene.begin(&[]);
        let back = scene.stage.emulator.consent(&connecting.url, jeton_emulator::Decision::Grant).await.unwrap();
        scene.google().refuse_next(row.0);
        crate::stage::get(back.as_str());
        check(&connecting.finish(), row);
    }
    assert_eq!(scene.stage.jeton(&["list", "--json"]).succeeded().stdout.trim(), "[]");
}

#[tokio::test]
async fn at_a_refresh() {
    let scene = Scene::connected(&[]).await;
    for row in TABLE {
        scene.google().refuse_next(row.0);
        check(&scene.one("refresh", &[]), row);
        // What ends a connection is over with the next sign-in.
        let stands = scene.stage.jeton(&["list", "--json"]).succeeded().stdout;
        let ended = row.2 == AGAIN;
        assert_eq!(stands.contains("\"reauthorize\""), ended, "{:?}: {stands}", row.0);
        if ended || row.1 == 4 {
            scene.connect(&["--replace"]).await.succeeded();
        }
    }
}

#[tokio::test]
async fn a_wrong_secret_is_the_clients_to_correct_and_a_missing_one_too() {
    let scene = Scene::of(desktop()).await;
    scene.add_client("another-secret", &[]).succeeded();
    scene.connect(&[]).await.failed(5, &["Unauthorized", "Compare the client secret"]);
    let scene = Scene::of(desktop()).await;
    scene.stage.jeton(&["clients", "add", "google", "--id", ID]).succeeded();
    scene.connect(&[]).await.failed(5, &["client_secret is missing", "--secret-file"]);
}

#[tokio::test]
async fn trouble_at_google_is_waited_for() {
    for (fault, says) in [
        (Fault::ServerError(500), "not available"),
        (Fault::ServerError(503), "not available"),
        (Fault::RateLimited(RetryAfter::Seconds(7)), "the service asks to wait"),
        (Fault::DropBefore, "oauth2.googleapis.com"),
        (json(408, "{}"), "not available"),
        (json(400, r#"{"error":"server_error"}"#), "not available"),
        (json(400, r#"{"error":"temporarily_unavailable"}"#), "not available"),
        (json(400, r#"{"error":"internal_failure"}"#), "not available"),
    ] {
        let scene = Scene::connected(&[]).await;
        let what = format!("{fault:?}");
        scene.stage.emulator.faults().inject(fault, Matcher::any().path(TOKEN), 1);
        let ran = scene.one("refresh", &[]);
        assert!(ran.code == 4 && ran.stderr.contains(says), "{what}: {ran:?}");
        assert!(scene.stage.jeton(&["list", "--json"]).succeeded().stdout.contains("\"retry\""), "{what}");
    }
}

pub(super) fn json(status: u16, body: &str) -> Fault {
    Fault::Body { status, content_type: "application/json".into(), bytes: body.to_owned().into() }
}
