//! A service that doesn't send the state back: nothing ties its answer to a sign-in, so a person says whether the account is theirs.

use std::fs::File;
use std::io::Write as _;

use jeton_emulator::generic_service::Misbehaviour;

use crate::providers::terminal;
use crate::stage::{Connecting, get};
use crate::standards::Scene;

const ABSENT: (&str, &str) = ("port = \"any\"\niss = \"required\"", "port = \"any\"\niss = \"required\"\nstate = \"absent\"");

/// What is said of an answer that has no state.
const UNTIED: &str = "Acme doesn't say which sign-in its answer belongs to, so it may be somebody else's.";

/// A service that sends no state back, and a provider that knows it.
async fn stateless() -> Scene {
    let scene = Scene::with(&[], &[ABSENT]).await;
    scene.service().misbehave(Misbehaviour::StateDropped);
    scene
}

/// A person at a terminal connects: their keyboard, and the command.
fn at_a_terminal(scene: &Scene, more: &[&str]) -> (File, Connecting) {
    let (keyboard, terminal) = terminal();
    let mut command = scene.stage.command(&[&["connect", "acme", "--no-browser", "--name", "one"], more].concat());
    command.stdin(terminal);
    (keyboard, scene.stage.begin(command))
}

#[tokio::test]
async fn at_a_terminal_the_person_sees_whose_account_it_is_and_agrees_before_it_is_kept() {
    let scene = stateless().await;
    let (mut keyboard, connecting) = at_a_terminal(&scene, &[]);
    // The page is there before the answer is.
    let page = get(scene.consent(&connecting).await.as_str());
    assert!(page.contains("Is that your account?") && page.contains("ada@example.com"), "{page}");
    scene.assert_no_connection();
    writeln!(keyboard, "y").unwrap();
    let ran = connecting.finish().succeeded();
    for words in [UNTIED, "(ada@example.com).", "Keep it? [y/N]", "✓ Connected one to Acme as"] {
        assert!(ran.stderr.contains(words), "{words:?} is not in:\n{}", ran.stderr);
    }
    assert!(scene.service().is_live(&scene.token()));
    assert!(scene.stage.jeton(&["show", "one"]).succeeded().stdout.contains("ada@example.com"));
}

#[tokio::test]
async fn what_a_person_does_not_agree_to_is_not_kept_and_what_was_there_stays() {
    let scene = stateless().await;
    for typed in ["\n", "n\n", "\u{4}"] {
        let (mut keyboard, connecting) = at_a_terminal(&scene, &[]);
        get(scene.consent(&connecting).await.as_str());
        keyboard.write_all(typed.as_bytes()).unwrap();
        connecting.finish().failed(3, &[UNTIED, "nothing was kept"]);
        scene.assert_no_connection();
    }
    assert_eq!(scene.requests("/revoke").len(), 3, "what nobody keeps is ended");
    scene.connect(&[]).await.succeeded();
    let before = scene.token();
    let (mut keyboard, connecting) = at_a_terminal(&scene, &["--replace"]);
    get(scene.consent(&connecting).await.as_str());
    writeln!(keyboard, "n").unwrap();
    connecting.finish().failed(3, &["nothing was kept"]);
    assert!(scene.token() == before && scene.service().is_live(&before));
}

#[tokio::test]
async fn without_a_terminal_whose_account_it_is_is_told() {
    let scene = stateless().await;
    let ran = scene.connect(&["--quiet"]).await.succeeded();
    for words in [UNTIED, "(ada@example.com).", "If that isn't your account: jeton remove one"] {
        assert!(ran.stderr.contains(words), "{words:?} is not in:\n{}", ran.stderr);
    }
    let ran = scene.stage.paste("acme", &["--name", "pasted"]).await.succeeded();
    assert!(ran.stderr.contains(UNTIED), "{ran:?}");
}

#[tokio::test]
async fn a_wrong_state_is_never_taken_and_a_right_one_is_not_asked_about() {
    let scene = Scene::with(&[], &[ABSENT]).await;
    let connecting = scene.begin(&[]);
    scene.service().misbehave(Misbehaviour::StateAltered);
    let wrong = scene.consent(&connecting).await;
    assert!(get(wrong.as_str()).starts_with("HTTP/1.1 400"));
    assert_eq!(scene.requests("/token").len(), 0);
    scene.service().behave();
    assert!(get(scene.consent(&connecting).await.as_str()).starts_with("HTTP/1.1 200"));
    let ran = connecting.finish().succeeded();
    assert!(!ran.stderr.contains(UNTIED), "{ran:?}");
}
