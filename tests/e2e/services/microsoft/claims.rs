//! Claims challenges: Graph, or the sign-in itself, wants more, and the next sign-in brings it.

use jeton_emulator::Decision;
use jeton_emulator::microsoft_service::Refusal;

use super::{CLAIMS, Scene, field, query};

/// The command's last words: what to sign in again with.
fn option(text: &str) -> String {
    let rest = text.split("--option claims=").nth(1).unwrap_or_else(|| panic!("no option in {text}"));
    format!("claims={}", rest.split(|c: char| c.is_whitespace() || c == '.').next().unwrap())
}

#[tokio::test]
async fn what_graph_wants_is_told_and_the_next_sign_in_brings_it_for_good() {
    let scene = Scene::connected().await;
    scene.microsoft().require_claims(Some(CLAIMS));
    let ran = scene.stage.jeton(&["test", "one"]).failed(3, &["Sign in again with what it asks for", "InvalidAuthenticationToken"]);
    assert_eq!(scene.stage.refreshes(), 0, "a refresh would bring the same");
    scene.stage.jeton(&["request", "one", "GET", "me"]).failed_with(3);

    let connecting = scene.begin(&["--replace", "--option", &option(&ran.stderr)]);
    assert_eq!(query(&connecting.url, "claims").as_deref(), Some(CLAIMS));
    scene.decide(connecting, Decision::Grant).await.succeeded();
    assert_eq!(field(&scene.token_request(), "claims"), Some(CLAIMS));
    scene.stage.jeton(&["test", "one"]).succeeded();
    for _ in 0..2 {
        scene.stage.jeton(&["refresh", "one"]).succeeded();
        assert_eq!(field(&scene.token_request(), "claims"), Some(CLAIMS));
        scene.stage.jeton(&["request", "one", "GET", "me"]).succeeded();
    }
}

#[tokio::test]
async fn what_the_sign_in_wants_is_told_in_the_same_way() {
    let scene = Scene::connected().await;
    let refusal = Refusal::aadsts(50076).claims(CLAIMS).suberror("basic_action");
    scene.microsoft().refuse_next(refusal);
    let ran = scene.stage.jeton(&["refresh", "one"]).failed(3, &["AADSTS50076", "correlation id"]);
    let connecting = scene.begin(&["--replace", "--option", &option(&ran.stderr)]);
    assert_eq!(query(&connecting.url, "claims").as_deref(), Some(CLAIMS));
    connecting.stop();
}

#[tokio::test]
async fn claims_are_taken_as_json_too_and_nothing_else() {
    let scene = Scene::native().await;
    let connecting = scene.begin(&["--option", &format!("claims={CLAIMS}")]);
    assert_eq!(query(&connecting.url, "claims").as_deref(), Some(CLAIMS));
    connecting.stop();
    let long = format!("claims={{\"{}\":1}}", "x".repeat(500));
    for wrong in ["claims=nonsense!", "claims=bm9uc2Vuc2U", "claims=", "claims=////", &long] {
        let ran = scene.stage.jeton(&["connect", "microsoft", "--no-browser", "--option", wrong]);
        assert!(ran.code == 1 && ran.stderr.contains("The option claims is neither JSON nor base64 of it"), "{wrong}: {ran:?}");
    }
}

#[tokio::test]
async fn every_grant_brings_claims() {
    let machine = Scene::machine().await;
    machine.microsoft().require_claims(Some(CLAIMS));
    let claims = format!("claims={CLAIMS}");
    machine.act(&["--option", &claims]).succeeded();
    machine.stage.jeton(&["refresh", "one"]).succeeded();
    assert!(machine.requests("/token").iter().all(|request| field(request, "claims") == Some(CLAIMS)));
    machine.stage.jeton(&["test", "one"]).succeeded();

    let device = Scene::native().await;
    let begun = device.code("common").await;
    device.enter(&begun, Decision::Grant).await;
    device.device(&["--option", &claims]).succeeded();
    assert_eq!(field(&device.token_request(), "claims"), Some(CLAIMS));
}
