//! What happens to a person's tokens after the sign-in.

use std::time::Duration;

use super::{Scene, field, names};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::test]
async fn a_refresh_brings_a_new_refresh_token_and_the_old_one_goes_on() {
    let scene = Scene::connected().await;
    let first = scene.token();
    let mut shown = vec![];
    for _ in 0..2 {
        scene.stage.jeton(&["refresh", "one"]).succeeded();
        let request = scene.token_request();
        assert_eq!(names(&request), ["grant_type", "refresh_token", "client_id"]);
        shown.push(field(&request, "refresh_token").unwrap().to_owned());
    }
    assert_ne!(shown[0], shown[1], "the newest is used");
    assert_ne!(scene.token(), first);
    assert!(scene.microsoft().is_live(&shown[0]) && scene.microsoft().live_refresh_tokens() == 3);
}

#[tokio::test]
async fn a_lost_answer_costs_nothing_because_the_old_refresh_token_goes_on() {
    use jeton_emulator::{Fault, Matcher};
    let scene = Scene::connected().await;
    scene.stage.emulator.faults().inject(Fault::DropAfterCommit, Matcher::any().path("/common/oauth2/v2.0/token"), 1);
    scene.stage.jeton(&["refresh", "one"]).failed(4, &["nothing was lost"]);
    scene.stage.jeton(&["refresh", "one"]).succeeded();
    assert!(scene.microsoft().is_live(&scene.token()));
}

#[tokio::test]
async fn an_expired_token_is_refreshed_by_test_and_by_request() {
    for command in [&["test", "one"][..], &["request", "one", "GET", "me"]] {
        let scene = Scene::connected().await;
        scene.stage.emulator.clock().advance(Duration::from_secs(2 * 60 * 60));
        let ran = scene.stage.jeton(command).succeeded();
        assert!(ran.stdout.contains("ada@example.com"), "{ran:?}");
        assert_eq!(scene.stage.refreshes(), 1, "{command:?}");
    }
}

#[tokio::test]
async fn ninety_days_without_a_refresh_end_a_connection_and_a_refresh_begins_them_anew() {
    let scene = Scene::connected().await;
    for _ in 0..2 {
        scene.stage.emulator.clock().advance(DAY * 89);
        scene.stage.jeton(&["refresh", "one"]).succeeded();
    }
    scene.stage.emulator.clock().advance(DAY * 91);
    scene.stage.jeton(&["refresh", "one"]).failed(3, &["AADSTS700082", "90 days", "Sign in again"]);
    assert!(scene.stage.jeton(&["list"]).succeeded().stdout.contains("reauthorize"));
    scene.connect(&["--replace"]).await.succeeded();
}

#[tokio::test]
async fn sessions_that_an_administrator_ended_need_a_new_sign_in() {
    let scene = Scene::connected().await;
    assert_eq!(scene.microsoft().revoke_sessions("ada@example.com"), 1);
    scene.stage.jeton(&["refresh", "one"]).failed(3, &["AADSTS50173", "Sign in again"]);
}

#[tokio::test]
async fn there_is_no_revocation_and_jeton_says_where_to_end_a_connection() {
    let scene = Scene::connected().await;
    let token = scene.token();
    scene.stage.emulator.journal().clear();
    let ran = scene.stage.jeton(&["revoke", "one"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for says in [
        "lets no app revoke its own tokens",
        "https://myapps.microsoft.com",
        "https://account.live.com/consent/Manage",
        "jeton remove NAME --force",
    ] {
        assert!(ran.stderr.contains(says), "{says}: {ran:?}");
    }
    assert_eq!(scene.stage.emulator.journal().entries().len(), 0, "above all not an end to all of the person's sessions");
    assert!(scene.token() == token && scene.microsoft().is_live(&token));
    scene.stage.jeton(&["remove", "one", "--force"]).succeeded();
}
