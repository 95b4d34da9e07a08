//! Dropbox's errors, all of them: who must act, and what is said.

use jeton_emulator::dropbox_service::{ApiTag, Busy};
use jeton_emulator::{Decision, Fault, Matcher, RetryAfter};

use super::box_errors::told;
use super::dropbox::{app, connected, stage, token};
use crate::stage::Stage;

/// What the token endpoint refuses with, the exit code, and what is said.
const REFUSALS: [(&str, &str, i32, &str); 9] = [
    ("invalid_grant", "refresh token is invalid or revoked", 3, "Sign in again"),
    ("invalid_grant", "refresh token is malformed", 3, "malformed"),
    ("invalid_grant", "code doesn't exist or has expired", 3, "code doesn't exist"),
    ("invalid_grant", "redirect_uri mismatch", 5, "Settings tab under Redirect URIs"),
    ("invalid_grant", "invalid code verifier", 3, "verifier"),
    ("invalid_client", "Invalid client_id or client_secret", 5, "App secret with the app's Settings tab"),
    ("invalid_request", "missing required field", 1, "missing required field"),
    ("unsupported_grant_type", "grant_type must be authorization_code or refresh_token", 1, "unsupported_grant_type"),
    ("invalid_scope", "the scope is more than what was granted", 3, "Permissions tab"),
];

#[tokio::test]
async fn each_refusal_of_the_token_endpoint_says_who_must_act() {
    for (error, description, code, says) in REFUSALS {
        let stage = stage(app(), Some("emulated-app-secret"), &[]).await;
        let fault = || {
            let body = format!("{{\"error\": \"{error}\", \"error_description\": \"{description}\"}}");
            let fault = Fault::Body { status: 400, content_type: "application/json".into(), bytes: body.into() };
            stage.emulator.faults().inject(fault, Matcher::any().path("/oauth2/token"), 1);
        };
        fault();
        told(&stage.paste("dropbox", &[]).await, &format!("{description} of a code"), code, &[says]);
        stage.paste("dropbox", &[]).await.succeeded();
        fault();
        told(&stage.jeton(&["refresh", "dropbox"]), &format!("{description} of a refresh token"), code, &[says]);
        // A token that has expired is refreshed to be revoked. Only where the refresh token is dead there is nothing left to do.
        stage.paste("dropbox", &["--replace"]).await.succeeded();
        stage.emulator.dropbox_service().expire_access_tokens();
        fault();
        let ran = stage.jeton(&["revoke", "dropbox"]);
        let dead = error == "invalid_grant" && code == 3;
        told(&ran, &format!("{description} of a revocation"), if dead { 0 } else { code }, &[if dead { "Revoked" } else { says }]);
        assert_eq!(stage.jeton(&["list"]).succeeded().stdout.contains("revoked"), dead, "{description}");
        assert_eq!(stage.emulator.faults().waiting(), 0);
    }
}

#[tokio::test]
async fn a_secret_that_is_wrong_is_the_clients_to_correct() {
    for arguments in [&[][..], &["--set", "client-authentication=basic"]] {
        let stage = stage(app(), Some("another-secret"), arguments).await;
        told(&stage.paste("dropbox", &[]).await, "secret", 5, &["invalid_client", "Settings tab", "developer console"]);
    }
}

#[tokio::test]
async fn a_refresh_token_that_is_dead_is_not_asked_for_twice() {
    let stage = connected(app(), &[]).await;
    let (access, _) = (token(&stage), stage.emulator.dropbox_service().expire_access_tokens());
    assert!(!access.is_empty());
    let body = "{\"error\": \"invalid_grant\", \"error_description\": \"refresh token is invalid or revoked\"}";
    let fault = Fault::Body { status: 400, content_type: "application/json".into(), bytes: body.into() };
    stage.emulator.faults().inject(fault, Matcher::any().path("/oauth2/token"), 1);
    told(&stage.jeton(&["test", "dropbox"]), "dead", 3, &["invalid or revoked"]);
    assert_eq!(stage.refreshes(), 1);
    told(&stage.jeton(&["token", "dropbox", "--min-valid", "5h"]), "still dead", 3, &["jeton connect"]);
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn only_a_token_that_expired_is_refreshed() {
    for (tag, code, says) in [
        (ApiTag::ExpiredAccessToken, 0, ""),
        (ApiTag::InvalidAccessToken, 3, "revoked"),
        (ApiTag::InvalidSelectUser, 1, "dbmid:"),
        (ApiTag::InvalidSelectAdmin, 1, "dbmid:"),
        (ApiTag::UserSuspended, 3, "suspended"),
        (ApiTag::RouteAccessDenied, 3, "may not make this call"),
        (ApiTag::MissingScope("files.metadata.read"), 3, "files.metadata.read"),
    ] {
        let stage = connected(app(), &[]).await;
        for command in [&["test", "dropbox"][..], &["request", "dropbox", "POST", "users/get_current_account"]] {
            let before = stage.refreshes();
            stage.emulator.dropbox_service().refuse_next_call(tag);
            let ran = stage.jeton(command);
            let asked = command[0] == "test";
            let code = if asked || code != 3 || keeps(tag) { code } else { 1 };
            told(&ran, &format!("{tag:?} {command:?}"), code, &[if asked { says } else { "" }]);
            assert_eq!(stage.refreshes() - before, usize::from(tag == ApiTag::ExpiredAccessToken), "{tag:?}");
        }
    }
}

/// Whether a verdict of its own says so: the others are the answer's business.
fn keeps(tag: ApiTag) -> bool {
    matches!(tag, ApiTag::InvalidAccessToken | ApiTag::MissingScope(_))
}

#[tokio::test]
async fn each_error_of_the_api_says_who_must_act() {
    let stage = connected(app(), &[]).await;
    let json = |status: u16, summary: &str, error: &str| {
        let body = format!("{{\"error_summary\": \"{summary}/...\", \"error\": {error}}}");
        Fault::Body { status, content_type: "application/json".into(), bytes: body.into() }
    };
    let tagged = |status: u16, tag: &str| json(status, tag, &format!("{{\".tag\": \"{tag}\"}}"));
    let text = |status: u16| Fault::Body { status, content_type: "text/plain; charset=utf-8".into(), bytes: "No.\n".into() };
    for (fault, code, says) in [
        (tagged(401, "other"), 1, "other"),
        (tagged(403, "invalid_account_type"), 3, "this type"),
        (tagged(403, "paper_access_denied"), 3, "Paper"),
        (tagged(403, "team_access_denied"), 5, "Admin console → Settings → Team apps"),
        (tagged(403, "no_permission"), 3, "no right"),
        (tagged(409, "path"), 1, "path"),
        (tagged(422, "invalid_root"), 1, "root_info"),
        (json(429, "too_many_requests", "{\"reason\": {\".tag\": \"too_many_requests\"}, \"retry_after\": 7}"), 4, "Try again in 7 s"),
        (
            json(429, "too_many_write_operations", "{\"reason\": {\".tag\": \"too_many_write_operations\"}, \"retry_after\": 7}"),
            4,
            "Try again in 7 s",
        ),
        (text(400), 1, "400"),
        (text(429), 4, "later"),
        (Fault::RateLimited(RetryAfter::Seconds(7)), 4, "Try again in 7 s"),
        (Fault::ServerError(500), 4, "later"),
        (Fault::ServerError(503), 4, "later"),
    ] {
        // A call of one's own shows Dropbox's answer and its words; what it means for the connection is the exit code.
        let of_a_request = if code == 4 { 4 } else { 1 };
        for (command, code, says) in [
            (&["test", "dropbox"][..], code, says),
            (
                &["request", "dropbox", "POST", "users/get_current_account"],
                of_a_request,
                if code == 4 { says } else { "jeton test dropbox" },
            ),
        ] {
            stage.emulator.faults().inject(fault.clone(), Matcher::any().path("/2/users/get_current_account"), 1);
            told(&stage.jeton(command), &format!("{fault:?} {command:?}"), code, &[says]);
            assert_eq!(stage.refreshes(), 0, "a refresh mends none of these: {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_rate_limit_says_how_long_in_both_its_forms() {
    for busy in [Busy::Json, Busy::Text] {
        let stage = connected(app(), &[]).await;
        stage.emulator.clock().freeze();
        stage.emulator.dropbox_service().set_api_limit(Some(0), busy);
        told(&stage.jeton(&["request", "dropbox", "POST", "users/get_current_account"]), "busy", 4, &["Try again in "]);
    }
}

#[tokio::test]
async fn a_scope_that_was_not_granted_is_named() {
    let stage = connected(app(), &["--scope", "files.metadata.read", "--name", "narrow"]).await;
    told(&stage.jeton(&["test", "narrow"]), "scope", 3, &["account_info.read", "Permissions"]);
}

#[tokio::test]
async fn a_revocation_that_fails_leaves_the_connection() {
    let stage = connected(app(), &[]).await;
    for (fault, code) in [(Fault::ServerError(503), 4), (Fault::RateLimited(RetryAfter::Seconds(1)), 4), (Fault::DropBefore, 4)] {
        stage.emulator.faults().inject(fault, Matcher::any().path("/2/auth/token/revoke"), 1);
        assert_eq!(stage.jeton(&["revoke", "dropbox"]).code, code);
    }
    assert!(stage.emulator.dropbox_service().is_live(&token(&stage)));
}

#[tokio::test]
async fn a_person_who_declines_is_told_so() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let stage: Stage = stage(app().redirect_uri(&format!("http://localhost:{port}/")), Some("emulated-app-secret"), &[]).await;
    for words in [Some("The user chose not to give your app access."), None] {
        stage.emulator.dropbox_service().set_decline_description(words);
        let connecting = stage.begin_connect_to("dropbox", &["--port", &port.to_string()]);
        let back = stage.emulator.consent(&connecting.url, Decision::Deny).await.unwrap();
        crate::stage::browse(&back);
        told(&connecting.finish(), "declined", 3, &["access was declined", words.unwrap_or("access_denied")]);
    }
}
