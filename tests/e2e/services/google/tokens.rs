//! How a sign-in goes on, and how it ends.

use std::time::Duration;

use jeton_emulator::User;
use jeton_emulator::google_service::{Client, ClientKind, ClientState, Publishing};

use super::{ID, SECRET, Scene, desktop, field, names};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn a_refresh_token_is_used_again_and_again() {
    let scene = Scene::connected(&[]).await;
    let mut seen = vec![scene.token()];
    for _ in 0..3 {
        scene.one("refresh", &[]).succeeded();
        let token = scene.token();
        assert!(!seen.contains(&token) && scene.google().is_live(&token));
        seen.push(token);
    }
    let sent = scene.requests(super::TOKEN);
    assert_eq!(names(&sent[1]), ["grant_type", "client_id", "client_secret", "refresh_token"]);
    assert_eq!(field(&sent[1], "refresh_token"), field(&sent[3], "refresh_token"));
    assert_eq!(scene.google().live_refresh_tokens(), 1);
}

#[tokio::test]
async fn in_testing_a_sign_in_ends_after_seven_days_and_the_person_is_told_why() {
    let scene = Scene::with(desktop().publishing(Publishing::Testing), &[]).await;
    let ran = scene.connect(&[]).await.succeeded();
    assert!(
        ran.stderr.contains("Google ends this sign-in in 7 days") || ran.stderr.contains("Google ends this sign-in in 6 days"),
        "{ran:?}"
    );
    scene.one("refresh", &[]).succeeded();
    scene.stage.emulator.clock().advance(DAY * 7);
    scene.one("refresh", &[]).failed(3, &["expired or revoked", "in Testing", "seven days", "Publish app"]);
    let shown = scene.one("show", &[]).succeeded().stdout;
    assert!(shown.contains("Publish app"), "{shown}");
}

#[tokio::test]
async fn in_testing_who_somebody_is_stays_known() {
    let scene = Scene::with(desktop().publishing(Publishing::Testing), &[]).await;
    let ran = scene.connect(&["--scope", "openid,email"]).await.succeeded();
    assert!(!ran.stderr.contains("ends this sign-in"), "{ran:?}");
    scene.stage.emulator.clock().advance(DAY * 8);
    scene.one("refresh", &[]).succeeded();
}

#[tokio::test]
async fn access_for_a_limited_time_is_told_as_such() {
    let scene = Scene::with(desktop().access_for(DAY), &[]).await;
    let ran = scene.connect(&[]).await.succeeded();
    assert!(ran.stderr.contains("Google ends this sign-in in "), "{ran:?}");
    scene.stage.emulator.clock().advance(DAY);
    scene.one("refresh", &[]).failed(3, &["limited time"]);
}

#[tokio::test]
async fn what_ends_a_sign_in_without_a_word_is_explained() {
    for ends in ["six months", "password", "newer ones"] {
        let scene = Scene::connected(&["--scope", "openid,https://mail.google.com/"]).await;
        match ends {
            "six months" => scene.stage.emulator.clock().advance(DAY * 181),
            "password" => assert_eq!(scene.google().change_password("ada@example.com"), 1),
            _ => {
                scene.google().set_refresh_token_limit(1);
                scene.google().issue_tokens(ID, &["openid"]).unwrap();
            }
        }
        let ran = scene.one("refresh", &[]);
        assert!(ran.code == 3 && ran.stderr.contains(ends), "{ends}: {ran:?}");
        assert_eq!(scene.one("refresh", &[]).code, 3, "{ends}: and nobody asks again");
    }
}

#[tokio::test]
async fn what_an_organization_wants_is_said() {
    let scene = Scene::connected(&[]).await;
    scene.google().set_reauth_required(true);
    scene.one("refresh", &[]).failed(3, &["invalid_rapt", "every few hours", "session control"]);

    let scene = Scene::connected(&[]).await;
    scene.google().set_client_state(ID, ClientState::RestrictedByAdmin);
    scene.one("refresh", &[]).failed(5, &["admin_policy_enforced", "Manage app access"]);
    scene.google().set_client_state(ID, ClientState::Active);
    scene.one("refresh", &[]).succeeded();

    scene.google().set_client_state(ID, ClientState::Deleted);
    scene.one("refresh", &[]).failed(5, &["deleted_client", "Restore it within 30 days"]);
}

#[tokio::test]
async fn an_app_that_became_internal_keeps_strangers_out() {
    let scene = Scene::desktop().await;
    let eve = User { id: "1000000009".into(), name: "Eve".into(), login: "eve@elsewhere.example".into(), password: "x".into() };
    scene.google().add_user(eve);
    let connecting = scene.begin(&[]);
    let (login, decision) = (("eve@elsewhere.example", "x"), jeton_emulator::Decision::Grant);
    let back = scene.stage.emulator.consent_as(login, &connecting.url, decision).await.unwrap();
    crate::stage::get(back.as_str());
    connecting.finish().succeeded();
    scene.google().register_client(desktop().publishing(Publishing::Internal)).unwrap();
    scene.one("refresh", &[]).failed(3, &["org_internal", "account of the organization"]);
}

#[tokio::test]
async fn to_revoke_one_connection_ends_all_of_the_project() {
    let scene = Scene::connected(&[]).await;
    scene.google().register_client(Client::new("second", SECRET).kind(ClientKind::Desktop)).unwrap();
    let add = ["clients", "add", "google", "--name", "second", "--id", "second", "--secret-file", "-"];
    scene.stage.jeton_with_input(&add, SECRET).succeeded();
    let connecting = scene.stage.begin_connect_to("google", &["--name", "two", "--client", "second"]);
    scene.decide(connecting, jeton_emulator::Decision::Grant).await.succeeded();
    let tokens = [scene.token(), scene.stage.jeton(&["token", "two"]).succeeded().stdout.trim().to_owned()];
    scene.one("revoke", &[]).succeeded();
    let sent = scene.requests("/revoke").pop().unwrap();
    assert_eq!((names(&sent), sent.status), (vec!["token"], 200));
    assert!(tokens.iter().all(|token| !scene.google().is_live(token)));
    scene.stage.jeton(&["refresh", "two"]).failed(3, &["expired or revoked"]);
    // What is over already needs no revocation.
    scene.stage.jeton(&["revoke", "two"]).succeeded();
    assert_eq!(scene.requests("/revoke").pop().unwrap().status, 400);
}

#[tokio::test]
async fn without_a_refresh_token_the_access_token_is_revoked() {
    let scene = Scene::connected(&["--option", "access-type=online"]).await;
    let token = scene.token();
    scene.one("revoke", &[]).succeeded();
    assert_eq!(field(&scene.requests("/revoke").pop().unwrap(), "token"), token);
    assert!(!scene.google().is_live(&token));
}

#[tokio::test]
async fn the_guide_and_the_list_know_google() {
    let scene = Scene::desktop().await;
    let guide = scene.stage.jeton(&["providers", "show", "google", "--guide"]).succeeded().stdout;
    for words in ["Google Auth Platform", "http://127.0.0.1/callback", "Domain-wide delegation", "seven days", "--device"] {
        assert!(guide.contains(words), "{words:?} is not in the guide");
    }
    assert!(scene.stage.jeton(&["providers", "list"]).succeeded().stdout.contains("google"));
}
