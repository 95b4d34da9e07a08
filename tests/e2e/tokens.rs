//! What happens to tokens after they were obtained.

use std::time::Duration;

use jeton_emulator::{Fault, Lifetimes, Matcher, RetryAfter};

use crate::stage::{Ran, Stage};

const TOKEN_ENDPOINT: &str = "/oauth2/token";

impl Stage {
    fn fault(&self, fault: Fault) {
        self.emulator.faults().inject(fault, Matcher::any().path(TOKEN_ENDPOINT), 1);
    }

    /// Asks for more life than the token has, so that it must be refreshed.
    fn refreshed_token(&self) -> Ran {
        self.jeton(&["token", "work-box", "--min-valid", "2h"])
    }
}

#[tokio::test]
async fn a_valid_token_is_handed_out_without_a_request() {
    let stage = Stage::connected().await;
    stage.emulator.journal().clear();
    assert_eq!(stage.token(), stage.token());
    assert_eq!(stage.emulator.journal().entries().len(), 0);
}

#[tokio::test]
async fn a_token_is_printed_as_text_json_or_header() {
    let stage = Stage::connected().await;
    let token = stage.token();
    let header = stage.jeton(&["token", "work-box", "--format", "header"]).succeeded().stdout;
    assert_eq!(header, format!("Authorization: Bearer {token}\n"));
    for arguments in [&["token", "work-box", "--format", "json"][..], &["token", "work-box", "--json"]] {
        let json = stage.jeton(arguments).succeeded().stdout;
        assert!(json.contains(&format!("\"access_token\":\"{token}\"")) && json.contains("\"expires_in\":3"), "{json}");
    }
}

#[tokio::test]
async fn a_token_that_is_too_short_lived_is_refreshed_and_the_rotation_is_kept() {
    let stage = Stage::connected().await;
    let first = stage.token();
    let ran = stage.refreshed_token().succeeded();
    assert!(ran.stderr.contains("valid for 3"), "the service gives an hour at most: {ran:?}");
    let second = stage.token();
    assert_ne!(first, second);
    for _ in 0..3 {
        stage.jeton(&["refresh", "work-box"]).succeeded();
    }
    assert_eq!(stage.refreshes(), 4);
    assert!(stage.emulator.box_service().is_live(&stage.token()));
    assert_eq!(stage.emulator.box_service().live_refresh_tokens(), 1);
}

#[tokio::test]
async fn several_commands_at_once_make_one_refresh() {
    let stage = Stage::with_client().await;
    let short = Lifetimes { access: Duration::from_secs(30), ..Lifetimes::default() };
    stage.emulator.box_service().set_lifetimes(short);
    stage.connect(&["--name", "work-box"]).await.succeeded();
    stage.emulator.box_service().set_lifetimes(Lifetimes::default());
    stage.fault(Fault::Slow(Duration::from_millis(300)));
    let children: Vec<_> = (0..6).map(|_| stage.command(&["token", "work-box"]).spawn().unwrap()).collect();
    let tokens: Vec<_> = children.into_iter().map(|child| Ran::from(child.wait_with_output().unwrap()).succeeded().stdout).collect();
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn a_token_that_the_service_expired_early_is_found_out_by_test() {
    let stage = Stage::connected().await;
    stage.emulator.clock().advance(Duration::from_secs(2 * 60 * 60));
    let ran = stage.jeton(&["test", "work-box"]).succeeded();
    assert!(ran.stdout.contains("✓ work-box works:") && ran.stdout.contains("ada@example.com"), "{ran:?}");
    assert_eq!(stage.refreshes(), 1);
    stage.jeton(&["test", "work-box"]).succeeded();
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn a_revoked_connection_is_over_here_and_there() {
    let stage = Stage::connected().await;
    let token = stage.token();
    stage.jeton(&["remove", "work-box"]).failed(2, &["still accepts", "revoke"]);
    stage.jeton(&["revoke", "work-box"]).succeeded();
    assert!(!stage.emulator.box_service().is_live(&token));
    assert_eq!(stage.emulator.box_service().live_refresh_tokens(), 0);
    stage.jeton(&["token", "work-box"]).failed(3, &["work-box", "revoked", "jeton connect"]);
    stage.jeton(&["revoke", "work-box"]).succeeded();
    stage.jeton(&["remove", "work-box"]).succeeded();
    stage.jeton(&["show", "work-box"]).failed(1, &["work-box"]);
}

#[tokio::test]
async fn a_refresh_token_that_the_service_refuses_means_sign_in_again() {
    let stage = Stage::connected().await;
    stage.emulator.clock().advance(Duration::from_secs(61 * 24 * 60 * 60));
    stage
        .jeton(&["refresh", "work-box"])
        .failed(3, &["Refresh token has expired", "Sign in again: jeton connect box --name work-box --replace"]);
    assert!(stage.jeton(&["list"]).succeeded().stdout.contains("reauthorize"));
    stage.connect(&["--name", "work-box", "--replace"]).await.succeeded();
    assert!(stage.jeton(&["list"]).succeeded().stdout.contains("active"));
}

#[tokio::test]
async fn trouble_at_the_service_loses_nothing_and_says_try_again() {
    let stage = Stage::connected().await;
    let faults: [(Fault, &str); 8] = [
        (Fault::ServerError(503), "not available"),
        (Fault::RateLimited(RetryAfter::Seconds(30)), "Try again in"),
        (Fault::RateLimited(RetryAfter::HttpDate(30)), "Try again in"),
        (Fault::DropBefore, "connection"),
        (Fault::Huge(3 << 20), "too large"),
        (Fault::ServerError(500), "not available"),
        (Fault::RedirectTo { url: "https://evil.example/token".into(), status: 307 }, "307"),
        (Fault::Html, "access_token"),
    ];
    for (fault, says) in faults {
        let (name, retry) = (fault.name(), !matches!(fault, Fault::Html | Fault::RedirectTo { .. }));
        let before = stage.token();
        stage.fault(fault);
        let ran = stage.jeton(&["refresh", "work-box"]);
        assert_eq!(ran.code, if retry { 4 } else { 1 }, "{name}: {ran:?}");
        assert!(ran.stderr.contains(says), "{name}: {ran:?}");
        assert_eq!(stage.token(), before, "{name}");
    }
    stage.jeton(&["refresh", "work-box"]).succeeded();
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    let stage = Stage::connected().await;
    stage.emulator.box_service().set_rotation(jeton_emulator::Rotation::Grace);
    for fault in [Fault::Truncated, Fault::DropAfterCommit] {
        stage.fault(fault);
        stage.jeton(&["refresh", "work-box"]).failed(4, &["nothing was lost"]);
        stage.jeton(&["refresh", "work-box"]).succeeded();
        assert!(stage.emulator.box_service().is_live(&stage.token()));
    }
}

#[tokio::test]
async fn a_connection_can_be_renamed() {
    let stage = Stage::connected().await;
    let token = stage.token();
    stage.jeton(&["rename", "work-box", "office"]).succeeded();
    assert_eq!(stage.jeton(&["token", "office"]).succeeded().stdout.trim(), token);
    stage.jeton(&["token", "work-box"]).failed(1, &["work-box"]);
}
