//! What the token endpoint answers, and what is believed of it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_emulator::generic_service::Misbehaviour;
use jeton_emulator::{Fault, Matcher};
use serde_json::Value;

use super::{FACTS, Scene, field};
use crate::stage::CLIENT_SECRET;

impl Scene {
    /// The token endpoint answers its next request with this JSON.
    pub(crate) fn answer(&self, body: &str) {
        let fault = Fault::Body { status: 200, content_type: "application/json".into(), bytes: body.to_owned().into() };
        self.stage.emulator.faults().inject(fault, Matcher::any().host("acme.example").path("/token"), 1);
    }

    fn shown(&self) -> Value {
        serde_json::from_str(&self.stage.jeton(&["show", "one", "--json"]).succeeded().stdout).unwrap()
    }
}

#[tokio::test]
async fn a_token_endpoint_that_redirects_is_not_followed() {
    let evil = FACTS.replace("acme.example", "evil.example").replace("\"Acme\"", "\"Evil\"");
    let scene = Scene::of(vec![FACTS.to_owned(), evil]).await;
    scene.add(super::MANIFEST);
    scene.add_client("acme", CLIENT_SECRET);
    scene.connect(&[]).await.succeeded();
    for status in [301, 302, 303, 307, 308] {
        let away = || Misbehaviour::TokenRedirect { status, url: "https://evil.example/token".into() };
        let ran = scene.connect_while(away(), &["--replace"]).await;
        assert!(ran.code == 1 && ran.stderr.contains(&status.to_string()), "{status}: {ran:?}");
        scene.service().misbehave(away());
        assert_eq!(scene.one("refresh").code, 1, "{status}");
        scene.service().behave();
    }
    assert_eq!(scene.stage.emulator.journal().count(|entry| entry.host == "evil.example"), 0);
    scene.one("refresh").succeeded();
}

#[tokio::test]
async fn an_error_with_status_200_is_one() {
    let scene = Scene::of(vec![FACTS.to_owned()]).await;
    scene.add(super::MANIFEST);
    scene.add_client("acme", "another-secret");
    scene.connect_while(Misbehaviour::ErrorWith200, &[]).await.failed(5, &["invalid_client", "developer console"]);
    scene.assert_no_connection();
}

#[tokio::test]
async fn tokens_in_a_form_are_read_as_those_in_json() {
    let scene = Scene::new().await;
    scene.connect_while(Misbehaviour::FormEncoded, &["--scope", "a,b"]).await.succeeded();
    assert!(scene.service().is_live(&scene.token()));
    assert_eq!((&scene.shown()["scope"], scene.shown()["expires_at"].is_string()), (&"a b".into(), true));
}

#[tokio::test]
async fn what_was_granted_is_told_where_it_is_not_what_was_asked_for() {
    let scene = Scene::new().await;
    let ran = scene.connect_while(Misbehaviour::ScopeNarrowed("a".into()), &["--scope", "a,b"]).await.succeeded();
    assert!(ran.stderr.contains("Not granted: b."), "{ran:?}");
    assert_eq!(scene.shown()["scope"], "a");
    let ran = scene.connect_while(Misbehaviour::ScopeWidened("admin".into()), &["--scope", "a,b", "--replace"]).await.succeeded();
    assert!(!ran.stderr.contains("Not granted"), "{ran:?}");
    assert_eq!(scene.shown()["scope"], "a b admin");
    // RFC 6749, 5.1: without a word it is what was asked for.
    let connecting = scene.begin(&["--scope", "a,b", "--replace"]);
    let back = scene.consent(&connecting).await;
    scene.answer(r#"{"access_token":"a-token-of-the-test","token_type":"Bearer"}"#);
    crate::stage::get(back.as_str());
    assert!(!connecting.finish().succeeded().stderr.contains("Not granted"));
    let shown = scene.one("show").succeeded().stdout;
    assert!(shown.contains("a b"), "{shown}");
}

/// RFC 6749, 7.1.
#[tokio::test]
async fn a_token_of_a_type_that_nobody_knows_is_not_taken() {
    let scene = Scene::new().await;
    for unknown in ["mac", "DPoP", "N_A", "bearer token"] {
        let ran = scene.connect_while(Misbehaviour::TokenType(Some(unknown.into())), &[]).await;
        assert!(ran.code == 1 && ran.stderr.contains(unknown) && ran.stderr.contains("token_type"), "{unknown}: {ran:?}");
        scene.assert_no_connection();
    }
    for known in [Some("Bearer"), Some("bearer"), Some("BEARER"), None] {
        scene.connect_while(Misbehaviour::TokenType(known.map(str::to_owned)), &["--replace"]).await.succeeded();
    }
}

#[tokio::test]
async fn a_service_with_a_word_of_its_own_for_bearer_tokens_is_told_by_its_manifest() {
    let scene = Scene::with(&[], &[("[guide]", "[protocol.answer]\ntoken-types = [\"user\", \"bot\"]\n\n[guide]")]).await;
    scene.connect_while(Misbehaviour::TokenType(Some("user".into())), &[]).await.succeeded();
    scene.connect_while(Misbehaviour::TokenType(Some("mac".into())), &["--replace"]).await.failed_with_code(1);
    scene.connect(&["--replace"]).await.succeeded();
}

/// RFC 9068, 6: what a token holds is for others to read.
#[tokio::test]
async fn an_access_token_is_not_looked_into() {
    let scene = Scene::new().await;
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let claims = r#"{"iss":"https://evil.example","aud":"another","exp":1,"scope":"none"}"#;
    let jwt = format!("{}.{}.{}", part(r#"{"typ":"at+jwt","alg":"none"}"#), part(claims), part("signature"));
    let connecting = scene.begin(&["--scope", "a"]);
    let back = scene.consent(&connecting).await;
    scene.answer(&format!(r#"{{"access_token":"{jwt}","token_type":"Bearer","expires_in":3600,"refresh_token":"r-token-of-the-test"}}"#));
    crate::stage::get(back.as_str());
    connecting.finish().succeeded();
    assert_eq!(scene.token(), jwt);
    assert_eq!(scene.stage.refreshes(), 0, "it is as good as the server said, whatever stands in it");
}

#[tokio::test]
async fn what_an_answer_has_besides_is_ignored() {
    let scene = Scene::new().await;
    let connecting = scene.begin(&[]);
    let back = scene.consent(&connecting).await;
    scene.answer(
        r#"{"access_token":"a-token-of-the-test","token_type":"Bearer","expires_in":3600,"refresh_token":"r-token-of-the-test",
            "new_member":{"deep":[1,null]},"x":null,"authorization_details":[],"error_uri":null}"#,
    );
    crate::stage::get(&format!("{back}&new_parameter=1"));
    connecting.finish().succeeded();
    assert_eq!(scene.token(), "a-token-of-the-test");
}

#[tokio::test]
async fn the_newest_refresh_token_is_used_and_the_old_one_where_no_new_one_came() {
    let scene = Scene::with(&[("[refresh]\nrotation = \"strict\"", "")], &[]).await;
    scene.connect(&[]).await.succeeded();
    scene.service().misbehave(Misbehaviour::RefreshTokenOmitted);
    for _ in 0..2 {
        scene.one("refresh").succeeded();
    }
    let sent: Vec<_> = scene.requests("/token").iter().skip(1).map(|request| field(request, "refresh_token").to_owned()).collect();
    assert!(sent.len() == 2 && sent[0] == sent[1]);

    let scene = Scene::connected().await;
    for _ in 0..3 {
        scene.one("refresh").succeeded();
    }
    let mut sent: Vec<_> = scene.requests("/token").iter().skip(1).map(|request| field(request, "refresh_token").to_owned()).collect();
    sent.dedup();
    assert_eq!(sent.len(), 3, "each is used once");
    // A server that says the old one again, though it is used up: nobody can know, and then a person must sign in.
    scene.service().misbehave(Misbehaviour::RefreshTokenUnchanged);
    scene.one("refresh").succeeded();
    scene.service().behave();
    scene.one("refresh").failed(3, &["invalid_grant", "Sign in again"]);
}

#[tokio::test]
async fn a_refresh_asks_for_no_scope_and_so_for_no_more_than_was_granted() {
    let scene = Scene::new().await;
    scene.connect(&["--scope", "a,b"]).await.succeeded();
    scene.one("refresh").succeeded();
    assert_eq!(super::names(&scene.requests("/token")[1]), ["grant_type", "refresh_token", "client_id", "client_secret"]);
    assert_eq!(scene.shown()["scope"], "a b");
}

impl crate::stage::Ran {
    /// It failed with this code, with or without a hint.
    #[track_caller]
    pub(super) fn failed_with_code(self, code: i32) -> Self {
        assert!(self.code == code && self.stderr.contains("error: "), "{self:?}");
        self
    }
}
