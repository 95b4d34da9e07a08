//! Added providers over time: a file that changes by itself, and updates.

use std::fs;
use std::path::PathBuf;

use jeton_emulator::Decision;

use crate::providers::{acme, component, replace, sha256, text};
use crate::stage::{Stage, get};

async fn connected() -> Stage {
    let stage = Stage::empty().await;
    stage.add_provider(&acme()).succeeded();
    stage.add_client_of("acme").succeeded();
    let connecting = stage.begin_connect_to("acme", &["--name", "work-box"]);
    get(stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap().as_str());
    connecting.finish().succeeded();
    stage
}

fn kept_file(stage: &Stage) -> PathBuf {
    let name = stage.kept().into_iter().find(|name| name.ends_with(".wasm")).unwrap();
    stage.data().join("providers").join(name)
}

#[tokio::test]
async fn a_file_that_was_changed_is_refused_until_it_is_added_again() {
    let stage = connected().await;
    let (path, token) = (kept_file(&stage), stage.token());
    // Box's code may send an access token wherever this manifest says.
    let changed = component(&replace(&acme(), "https://api.box.com/2.0/", "https://evil.example/2.0/"));
    fs::write(&path, changed).unwrap();
    let requests = stage.emulator.journal().entries().len();
    for command in
        [&["refresh", "work-box"][..], &["test", "work-box"], &["revoke", "work-box"], &["connect", "acme"], &["providers", "show", "acme"]]
    {
        stage.jeton(command).failed(6, &["acme", "was changed after you added it", "Add it again", "acme.wasm"]);
    }
    assert_eq!(stage.emulator.journal().entries().len(), requests, "nothing was sent");
    let list = stage.jeton(&["providers", "list"]).succeeded().stdout;
    assert!(list.contains("was changed after you added it") && list.contains("box"), "{list}");
    assert_eq!(stage.token(), token, "a token that is valid needs no provider");
    // As when it was added first: what is there isn't what anybody agreed to.
    let original = stage.home.path().join("acme.wasm");
    stage.jeton(&["providers", "add", text(&original)]).failed(2, &["It may reach", "no terminal to ask"]);
    stage.add_provider(&acme()).succeeded();
    stage.jeton(&["refresh", "work-box"]).succeeded();
}

#[tokio::test]
async fn the_file_that_was_added_may_go_its_own_ways() {
    let stage = connected().await;
    fs::write(stage.home.path().join("acme.wasm"), "something else").unwrap();
    stage.jeton(&["refresh", "work-box"]).succeeded();
}

#[tokio::test]
async fn an_update_to_the_path_of_another_provider_is_refused_and_the_one_before_stays() {
    let stage = connected().await;
    let before = stage.kept();
    let taken = replace(&acme(), "[callback]", "[callback]\nredirect = \"http://localhost/callback\"");
    stage.add_provider(&taken).failed(6, &["the path of box", "redirect = \"http://localhost/jeton/acme/callback\""]);
    assert_eq!(stage.kept(), before);
    stage.jeton(&["refresh", "work-box"]).succeeded();
}

#[tokio::test]
async fn a_provider_that_came_by_another_way_begins_no_sign_in_at_the_path_of_another_one() {
    let stage = connected().await;
    let file = component(&replace(&acme(), "[callback]", "[callback]\nredirect = \"http://localhost/callback\""));
    let folder = stage.data().join("providers");
    fs::write(folder.join("acme.json"), format!("{{\"digest\": \"{}\", \"from\": \"x\"}}", sha256(&file))).unwrap();
    fs::write(folder.join(format!("acme.{}.wasm", sha256(&file))), &file).unwrap();
    for how in ["--no-browser", "--paste"] {
        stage.jeton(&["connect", "acme", "--name", "other", "--wait", "1s", how]).failed(6, &["the path of box"]);
    }
    // What is connected stays so.
    stage.jeton(&["refresh", "work-box"]).succeeded();
}

#[tokio::test]
async fn an_update_that_takes_answers_without_a_state_is_asked_about() {
    let stage = connected().await;
    let path = stage.download("acme.wasm", component(&replace(&acme(), "[callback]", "[callback]\nstate = \"absent\"")));
    let untied = "+ takes answers of your browser that can't be tied to your sign-in (no state)";
    stage.jeton(&["providers", "add", text(&path)]).failed(2, &["It may do more than before", untied]);
    stage.typed(&["providers", "add", text(&path)], "y\n").succeeded();
    stage.add_provider(&acme()).succeeded();
}

#[tokio::test]
async fn an_update_that_permits_no_more_is_not_asked_about() {
    let stage = connected().await;
    let first = kept_file(&stage);
    let add = |manifest: &str| {
        let path = stage.download("acme.wasm", component(manifest));
        stage.jeton(&["providers", "add", text(&path)])
    };
    assert!(add(&acme()).succeeded().stderr.contains("this very file"));
    let second = replace(&acme(), "version = \"0.1.0\"", "version = \"0.2.0\"");
    let ran = add(&second).succeeded();
    for words in ["0.2.0, was 0.1.0", "what it could do before, and nothing else", "✓ Updated acme"] {
        assert!(ran.stderr.contains(words), "{words:?} is not in:\n{}", ran.stderr);
    }
    assert!(!first.exists(), "the file before is gone");
    let third = replace(
        &second,
        "accepts = [\"client-secret\", \"refresh-token\", \"access-token\"]",
        "accepts = [\"client-secret\", \"refresh-token\"]",
    );
    let ran = add(&third).succeeded();
    assert!(ran.stderr.contains("- has the access token sent to https://api.box.com/oauth2/revoke"), "{ran:?}");
    assert!(stage.jeton(&["providers", "list"]).succeeded().stdout.contains("0.2.0"));
    stage.jeton(&["refresh", "work-box"]).succeeded();
}

#[tokio::test]
async fn an_update_that_permits_more_is_shown_and_asked_about_and_the_one_before_stays_until_then() {
    let stage = connected().await;
    let before = stage.kept();
    let manifest = replace(&acme(), "accepts = [\"access-token\"]", "accepts = [\"access-token\", \"refresh-token\"]");
    let manifest = replace(&manifest, "captures = {}", "captures = {}\nreveals = [\"/team\"]");
    let file = component(&manifest);
    let path = stage.download("acme.wasm", &file);
    let add = ["providers", "add", text(&path)];
    let more = ["It may do more than before", "+ has the refresh token sent to https://api.box.com/2.0/", "+ reads /team of what"];
    stage.jeton(&add).failed(2, &more);
    stage.jeton(&[&add[..], &["--quiet"]].concat()).failed(2, &more);
    stage.typed(&add, "\n").failed(1, &["Update it? [y/N]", "nothing was changed", "stays as it is"]);
    stage.jeton(&[&add[..], &["--yes", "--digest", &sha256(b"x")]].concat()).failed(6, &[]);
    assert_eq!(stage.kept(), before);
    stage.jeton(&["refresh", "work-box"]).succeeded();
    stage.typed(&add, "y\n").succeeded();
    assert_ne!(stage.kept(), before);
    stage.jeton(&["refresh", "work-box"]).succeeded();
}
