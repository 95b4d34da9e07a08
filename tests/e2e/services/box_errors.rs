//! Box's errors, all of them, for every grant: who must act, and what is said.

use jeton_emulator::{AppState, Claim, Decision, Fault, Matcher, Refusal, RetryAfter};

use super::r#box::{config, stage};
use super::keys::key;
use crate::stage::{CLIENT_ID, Ran, Stage, get};

/// What the token endpoint refuses with, the exit code, and what is said.
const REFUSALS: [(Refusal, i32, &[&str]); 21] = [
    (Refusal::RefreshTokenExpired, 3, &["Refresh token has expired"]),
    (Refusal::InvalidRefreshToken, 3, &["Invalid refresh token"]),
    (Refusal::CodeExpired, 3, &["The authorization code has expired", "30 seconds"]),
    (Refusal::UnknownCode, 3, &["Auth code doesn't exist"]),
    (Refusal::GrantCredentials, 5, &["Grant credentials are invalid", "secret and subject", "admin"]),
    (Refusal::Claim(Claim::Iss), 5, &["'iss'", "client id"]),
    (Refusal::Claim(Claim::Sub), 5, &["'sub'", "Generate user access tokens", "admin"]),
    (Refusal::Claim(Claim::Exp), 1, &["'exp'", "clock"]),
    (Refusal::Claim(Claim::Jti), 1, &["'jti'", "clock"]),
    (Refusal::Claim(Claim::Aud), 5, &["'aud'", "https://api.box.com/oauth2/token", "app.box.com"]),
    (Refusal::ExpPassed, 1, &["'exp'", "clock"]),
    (Refusal::JtiSeen, 1, &["'jti'", "clock"]),
    (Refusal::Signature, 5, &["OpenSSL", "public-key-id"]),
    (Refusal::InvalidClient, 5, &["The client credentials are invalid", "app's Configuration page", "developer console"]),
    (Refusal::NotAuthorizedByAdmin, 5, &["administrator", "Admin Console → Integrations → Platform Apps Manager"]),
    (Refusal::GrantNotAllowed, 5, &["grant type is unauthorized", "another kind of authentication"]),
    (Refusal::EnterpriseConfiguration, 5, &["administrator", "App + Enterprise Access"]),
    (Refusal::InvalidRequest, 1, &["Invalid grant_type parameter"]),
    (Refusal::NoPublicKey, 5, &["No public key", "Add and Manage Public Keys"]),
    (Refusal::InvalidScope, 3, &["invalid_scope", "Application Scopes"]),
    (Refusal::Repeated, 1, &["more than once"]),
];

#[track_caller]
pub fn told(ran: &Ran, what: &str, code: i32, says: &[&str]) {
    assert_eq!(ran.code, code, "{what}: {ran:?}");
    for words in says {
        assert!(ran.stderr.contains(words), "{what}: {words:?} is not in:\n{}", ran.stderr);
    }
}

#[tokio::test]
async fn each_refusal_says_who_must_act_whatever_the_grant() {
    assert_eq!(REFUSALS.map(|(refusal, _, _)| refusal), Refusal::ALL);
    let stage = stage().await;
    stage.jeton(&["clients", "add", "box", "--service-account", &config(&stage, &key().pkcs8, None)]).succeeded();
    stage.connect(&["--name", "work-box"]).await.succeeded();
    let exchange = ["--exchange", "work-box", "--scope", "item_preview"];
    for (refusal, code, says) in REFUSALS {
        for grant in [&["--jwt"][..], &["--client-credentials"], &exchange] {
            // What may be a wrong clock is tried twice.
            let twice = grant == ["--jwt"] && says.contains(&"clock");
            (0..=usize::from(twice)).for_each(|_| stage.emulator.box_service().refuse_next(refusal));
            let ran = stage.jeton(&[&["connect", "box", "--name", "new"], grant].concat());
            told(&ran, &format!("{refusal:?} by {grant:?}"), code, says);
        }
    }
    assert!(!stage.jeton(&["list"]).succeeded().stdout.contains("new"));
    stage.jeton(&["connect", "box", "--name", "new", "--jwt"]).succeeded();
}

#[tokio::test]
async fn each_refusal_of_a_code_or_a_refresh_token_says_who_must_act() {
    let stage = Stage::with_client().await;
    for (refusal, code, says) in REFUSALS {
        stage.emulator.box_service().refuse_next(refusal);
        let ran = stage.connect(&["--name", "work-box", "--replace"]).await;
        told(&ran, &format!("{refusal:?} of a code"), code, says);

        stage.connect(&["--name", "work-box", "--replace"]).await.succeeded();
        stage.emulator.box_service().refuse_next(refusal);
        let ran = stage.jeton(&["refresh", "work-box"]);
        told(&ran, &format!("{refusal:?} of a refresh token"), code, says);
    }
}

#[tokio::test]
async fn each_refusal_of_a_revocation_says_who_must_act() {
    let stage = Stage::connected().await;
    for (refusal, code, says) in REFUSALS {
        let token = stage.token();
        let fault = refused(400, refusal.error(), refusal.description());
        stage.emulator.faults().inject(fault, Matcher::any().path("/oauth2/revoke"), 1);
        let ran = stage.jeton(&["revoke", "work-box"]);
        if code == 3 && refusal != Refusal::InvalidScope {
            // What Box doesn't know any more is over.
            told(&ran, &format!("{refusal:?} of a revocation"), 0, &["Revoked work-box"]);
            assert_eq!(stage.jeton(&["token", "work-box"]).code, 3, "{refusal:?}");
            stage.connect(&["--name", "work-box", "--replace"]).await.succeeded();
        } else {
            told(&ran, &format!("{refusal:?} of a revocation"), code, says);
            assert_eq!(stage.token(), token, "{refusal:?}: the connection is still there");
        }
    }
    for fault in [Fault::ServerError(503), Fault::RateLimited(RetryAfter::Seconds(7)), Fault::DropBefore] {
        stage.emulator.faults().inject(fault.clone(), Matcher::any().path("/oauth2/revoke"), 1);
        told(&stage.jeton(&["revoke", "work-box"]), &format!("{fault:?}"), 4, &["again"]);
    }
    let token = stage.token();
    stage.jeton(&["revoke", "work-box"]).succeeded();
    assert!(!stage.emulator.box_service().is_live(&token) && stage.emulator.box_service().live_refresh_tokens() == REVOKED);
}

/// The refresh tokens of the sign-ins that were over for Jeton, and of which Box was told nothing.
const REVOKED: usize = 4;

fn refused(status: u16, error: &str, description: &str) -> Fault {
    let body = format!("{{\"error\":\"{error}\",\"error_description\":\"{description}\"}}");
    Fault::Body { status, content_type: "application/json".into(), bytes: body.into() }
}

/// Box's documents and its users have seen some refusals with another code, status or wording.
#[tokio::test]
async fn a_refusal_in_other_words_is_the_same_refusal() {
    let stage = stage().await;
    stage.jeton(&["clients", "add", "box", "--service-account", &config(&stage, &key().pkcs8, None)]).succeeded();
    stage.connect(&["--name", "work-box"]).await.succeeded();
    for (status, error, description, says) in [
        (400, "invalid_client", "The client credentials are not valid", "app's Configuration page"),
        (401, "invalid_client", "The client credentials are invalid", "app's Configuration page"),
        (400, "invalid_request", "The grant type is unauthorized for this client_id", "another kind of authentication"),
        (400, "invalid_grant", "This app is not configured properly. No public key(s) added", "Add and Manage Public Keys"),
        (400, "invalid_grant", "OpenSSL unable to verify data: error:04091068", "public-key-id"),
        (403, "unauthorized_client", "This app is not authorized by the enterprise admin", "Platform Apps Manager"),
    ] {
        let exchange = ["connect", "box", "--name", "new", "--exchange", "work-box", "--scope", "item_preview"];
        let new = |grant| ["connect", "box", "--name", "new", grant];
        for command in [&new("--jwt")[..], &new("--client-credentials"), &exchange, &["refresh", "work-box"], &["revoke", "work-box"]] {
            let path = if command[0] == "revoke" { "/oauth2/revoke" } else { "/oauth2/token" };
            stage.emulator.faults().inject(refused(status, error, description), Matcher::any().path(path), 1);
            told(&stage.jeton(command), &format!("{description} {command:?}"), 5, &[says]);
        }
        stage.emulator.faults().inject(refused(status, error, description), Matcher::any().path("/oauth2/token"), 1);
        told(&stage.connect(&["--name", "new"]).await, &format!("{description} of a code"), 5, &[says]);
    }
    assert_eq!(stage.emulator.faults().waiting(), 0);
    stage.jeton(&["refresh", "work-box"]).succeeded();
}

#[tokio::test]
async fn each_state_of_an_app_says_what_its_admin_or_its_developer_does() {
    for (state, code, says) in [
        (AppState::NotAuthorizedByAdmin, 5, "Admin Console"),
        (AppState::NeedsReauthorization, 5, "again after its scopes changed"),
        (AppState::GrantNotAllowed, 5, "another kind of authentication"),
        (AppState::EnterpriseMismatch, 5, "have your Box admin authorise it again"),
        (AppState::NoPublicKey, 5, "Add and Manage Public Keys"),
    ] {
        let stage = stage().await;
        stage.jeton(&["clients", "add", "box", "--service-account", &config(&stage, &key().pkcs8, None)]).succeeded();
        stage.jeton(&["connect", "box", "--jwt"]).succeeded();
        stage.emulator.box_service().set_app_state(CLIENT_ID, state);
        for again in
            [&["refresh", "box"][..], &["connect", "box", "--jwt", "--replace"], &["connect", "box", "--client-credentials", "--replace"]]
        {
            told(&stage.jeton(again), &format!("{state:?} {again:?}"), code, &[says]);
        }
        stage.emulator.box_service().set_app_state(CLIENT_ID, AppState::Active);
        stage.jeton(&["refresh", "box"]).succeeded();
    }
}

#[tokio::test]
async fn a_service_account_that_the_service_keeps_waiting_loses_nothing() {
    let stage = stage().await;
    stage.jeton(&["clients", "add", "box", "--service-account", &config(&stage, &key().pkcs8, None)]).succeeded();
    stage.jeton(&["connect", "box", "--jwt", "--name", "work-box"]).succeeded();
    for (fault, code, says) in [
        (Fault::RateLimited(RetryAfter::Seconds(1)), 4, "asks to wait"),
        (Fault::RateLimited(RetryAfter::HttpDate(30)), 4, "Try again in "),
        (Fault::Unavailable(RetryAfter::Seconds(30)), 4, "Try again in "),
        (Fault::Unavailable(RetryAfter::HttpDate(30)), 4, "Try again in "),
        (Fault::ServerError(503), 4, "not available"),
        (Fault::DropBefore, 4, "api.box.com"),
        // Somebody's page with status 200: nobody knows what that means, and whether it is over later.
        (Fault::Html, 1, "without an access_token"),
    ] {
        stage.emulator.faults().inject(fault.clone(), Matcher::any().path("/oauth2/token"), 1);
        let before = stage.token();
        told(&stage.jeton(&["refresh", "work-box"]), &format!("{fault:?}"), code, &[says]);
        assert_eq!(stage.token(), before, "{fault:?}: the token that is there goes on");
        stage.jeton(&["connect", "box", "--jwt", "--name", "work-box", "--replace"]).succeeded();
        assert!(stage.emulator.box_service().is_live(&stage.token()));
    }
}

/// RFC 6749, 7.1. A refresh that was used up for it is lost; a token that can't be shown as it should would be no better.
#[tokio::test]
async fn a_token_of_an_unknown_type_is_not_taken() {
    let stage = Stage::connected().await;
    let before = stage.token();
    let body = r#"{"access_token":"of-another-type","token_type":"mac","expires_in":3600}"#;
    let fault = Fault::Body { status: 200, content_type: "application/json".into(), bytes: body.into() };
    stage.emulator.faults().inject(fault, Matcher::any().path("/oauth2/token"), 1);
    told(&stage.jeton(&["refresh", "work-box"]), "mac", 1, &["unknown token_type: mac"]);
    assert_eq!(stage.token(), before);
}

#[tokio::test]
async fn a_person_who_declines_is_told_so_with_or_without_boxs_words() {
    let stage = Stage::with_client().await;
    for words in [Some("The user denied access to your application"), Some("No"), None] {
        stage.emulator.box_service().set_decline_description(words);
        let connecting = stage.begin_connect(&[]);
        let back = stage.emulator.consent(&connecting.url, Decision::Deny).await.unwrap();
        get(back.as_str());
        told(&connecting.finish(), "declined", 3, &["access was declined", words.unwrap_or("access_denied")]);
    }
    let connecting = stage.begin_connect(&["--scope", "manage_groups"]);
    let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    get(back.as_str());
    told(&connecting.finish(), "scope", 3, &["invalid_scope"]);
}

#[tokio::test]
async fn each_error_of_the_api_says_who_must_act() {
    let stage = Stage::connected().await;
    let error = |status: u16, code: &str| {
        let body = format!("{{\"type\":\"error\",\"status\":{status},\"code\":\"{code}\",\"message\":\"No.\",\"request_id\":\"r1\"}}");
        Fault::Body { status, content_type: "application/json".into(), bytes: body.into() }
    };
    // A call of one's own shows Box's answer, and its words: what to do is in the hint of `jeton test`.
    for (fault, code, says, of_a_request, shows) in [
        (error(403, "insufficient_scope"), 3, "Application Scopes", 3, "No. (insufficient_scope)"),
        (error(403, "access_denied_insufficient_permissions"), 3, "Make API calls as users", 1, "No. (access_denied_insufficient"),
        (error(403, "access_from_location_blocked"), 3, "blocked this network", 1, "No. (access_from_location_blocked)"),
        (error(403, "forbidden_by_policy"), 3, "policy", 1, "No. (forbidden_by_policy)"),
        (error(404, "not_found"), 1, "not_found", 1, "No. (not_found)"),
        (error(409, "conflict"), 1, "conflict", 1, "No. (conflict)"),
        (error(429, "rate_limit_exceeded"), 4, "later", 4, "later"),
        (Fault::RateLimited(RetryAfter::Seconds(7)), 4, "Try again in ", 4, "Try again in "),
        (Fault::RateLimited(RetryAfter::HttpDate(90)), 4, "Try again in ", 4, "Try again in "),
        (Fault::Unavailable(RetryAfter::Seconds(7)), 4, "Try again in 7 seconds", 4, "Try again in 7 s"),
        (Fault::Unavailable(RetryAfter::HttpDate(90)), 4, "Try again in ", 4, "Try again in "),
        (Fault::ServerError(503), 4, "later", 4, "later"),
        (Fault::ServerError(500), 4, "later", 4, "later"),
    ] {
        for (command, code, says) in
            [(&["test", "work-box"][..], code, says), (&["request", "work-box", "GET", "users/me"], of_a_request, shows)]
        {
            stage.emulator.faults().inject(fault.clone(), Matcher::any().path("/2.0/users/me"), 1);
            told(&stage.jeton(command), &format!("{fault:?} {command:?}"), code, &[says]);
            assert_eq!(stage.refreshes(), 0, "a refresh mends none of these: {fault:?}");
        }
    }
    stage.emulator.faults().inject(error(403, "insufficient_scope"), Matcher::any().path("/2.0/users/me"), 1);
    let ran = stage.jeton(&["request", "work-box", "GET", "users/me"]);
    told(&ran, "hint", 3, &["developer console", "jeton connect box --name work-box --replace"]);
}

#[tokio::test]
async fn an_access_token_that_expired_is_refreshed_once_whatever_box_calls_it() {
    use jeton_emulator::ExpiredError;
    for error in [ExpiredError::InvalidToken, ExpiredError::ExpiredToken] {
        let stage = Stage::connected().await;
        stage.emulator.box_service().set_expired_error(error);
        stage.emulator.box_service().expire_access_tokens();
        stage.jeton(&["test", "work-box"]).succeeded();
        stage.emulator.box_service().expire_access_tokens();
        stage.jeton(&["request", "work-box", "GET", "users/me"]).succeeded();
        assert_eq!(stage.refreshes(), 2);
    }
}
