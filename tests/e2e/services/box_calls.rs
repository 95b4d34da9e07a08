//! Calls of Box's API, which scopes there are for them, and what becomes of a connection that ended at Box.

use jeton_emulator::{App, Fault, Matcher, Rotation};

use super::r#box::stage;
use super::box_errors::told;
use crate::stage::{CLIENT_ID, CLIENT_SECRET, Stage};

/// What Box's console and its documents name (`providers.md` 1.13).
const SCOPES: [&str; 14] = [
    "root_readonly",
    "root_readwrite",
    "manage_managed_users",
    "manage_app_users",
    "manage_groups",
    "manage_webhook",
    "manage_enterprise_properties",
    "manage_data_retention",
    "manage_legal_holds",
    "manage_legal_hold",
    "sign_requests.readwrite",
    "ai.readwrite",
    "manage_triggers",
    "enterprise_content",
];

/// Those of an exchange alone.
const NARROW: [&str; 14] = [
    "annotation_edit",
    "annotation_view_all",
    "annotation_view_self",
    "base_explorer",
    "base_picker",
    "base_preview",
    "base_sidebar",
    "base_upload",
    "item_delete",
    "item_download",
    "item_preview",
    "item_rename",
    "item_share",
    "item_upload",
];

#[tokio::test]
async fn every_scope_can_be_asked_for_alone_and_with_all_others() {
    let stage = Stage::empty().await;
    let app = App::new(CLIENT_ID, CLIENT_SECRET).redirect_uri("http://127.0.0.1/callback").scopes(&SCOPES);
    stage.emulator.box_service().register_app(app).unwrap();
    stage.add_client(CLIENT_SECRET).succeeded();
    let asked = |grant: Option<&str>| {
        let entries = stage.emulator.journal().entries();
        let entry = entries.into_iter().rfind(|entry| match grant {
            Some(grant) => entry.grant_type.as_deref() == Some(grant),
            None => entry.path == "/api/oauth2/authorize",
        });
        let entry = entry.unwrap();
        let query = url::form_urlencoded::parse(entry.query.unwrap_or_default().as_bytes()).into_owned().collect::<Vec<_>>();
        let fields = [query, entry.form].concat();
        fields.into_iter().find(|(name, _)| name == "scope").map(|(_, scopes)| scopes)
    };
    stage.connect(&["--name", "work-box"]).await.succeeded();
    assert_eq!(asked(None), None, "what the app is made for is what there is by default");
    stage.connect(&["--name", "nothing", "--scope", ""]).await.succeeded();
    assert_eq!(asked(None), None);
    for scopes in [&SCOPES[..], &["manage_legal_hold"], &["manage_enterprise_properties"]] {
        stage.connect(&["--name", "work-box", "--replace", "--scope", &scopes.join(",")]).await.succeeded();
        assert_eq!(asked(None).unwrap(), scopes.join(" "));
    }
    stage.connect(&["--name", "work-box", "--replace"]).await.succeeded();
    let exchange = Some("urn:ietf:params:oauth:grant-type:token-exchange");
    for scopes in NARROW.iter().map(std::slice::from_ref).chain([&NARROW[..], &SCOPES[..]]) {
        let narrow = ["connect", "box", "--exchange", "work-box", "--name", "narrow", "--replace", "--scope"];
        let joined = scopes.join(",");
        stage.jeton(&[&narrow[..], &[joined.as_str()]].concat()).succeeded();
        assert_eq!(asked(exchange).unwrap(), scopes.join(" "));
    }
    let shown = stage.jeton(&["providers", "show", "box"]).succeeded().stdout;
    for scope in SCOPES.iter().chain(&NARROW) {
        assert!(shown.lines().any(|line| line.split_whitespace().next() == Some(scope)), "{scope} is not in:\n{shown}");
    }
}

#[tokio::test]
async fn files_are_sent_to_the_host_that_takes_them() {
    let stage = stage().await;
    stage.add_client(CLIENT_SECRET).succeeded();
    stage.connect(&["--name", "work-box"]).await.succeeded();
    let body = stage.download("part", "--x\r\n\r\n{}\r\n--x--\r\n");
    let upload = ["request", "work-box", "POST", "files/content", "--endpoint", "upload", "--data", body.to_str().unwrap()];
    let ran = stage.jeton(&[&upload[..], &["-H", "Content-Type: multipart/form-data; boundary=x"]].concat()).succeeded();
    assert!(ran.stdout.contains("\"total_count\":1"), "{ran:?}");
    let sent = stage.emulator.journal().entries().pop().unwrap();
    assert_eq!((sent.host.as_str(), sent.path.as_str()), ("upload.box.com", "/api/2.0/files/content"));
    assert_eq!(sent.authorization, Some(format!("Bearer {}", stage.token())));
    // The same rules as everywhere: an expired token is refreshed, once.
    stage.emulator.box_service().expire_access_tokens();
    stage.jeton(&upload).succeeded();
    assert_eq!(stage.refreshes(), 1);
    for endpoint in ["token", "revoke", "authorize"] {
        let ran = stage.jeton(&["request", "work-box", "POST", "files/content", "--endpoint", endpoint]);
        assert_eq!(ran.code, 6, "{endpoint}: {ran:?}");
    }
}

#[tokio::test]
async fn a_connection_that_ended_at_box_asks_for_a_new_sign_in() {
    for command in [&["test", "work-box"][..], &["request", "work-box", "GET", "users/me"], &["refresh", "work-box"]] {
        let stage = Stage::connected().await;
        let token = stage.token();
        // Somebody else who has the client's secret and one of the tokens, or an administrator in Box's console.
        let form = [("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET), ("token", token.as_str())];
        assert_eq!(stage.emulator.client().post("https://api.box.com/oauth2/revoke", &form).await.unwrap().status(), 200);
        told(&stage.jeton(command), &format!("{command:?}"), 3, &["jeton connect box --name work-box --replace"]);
        assert_eq!(stage.refreshes(), 1, "one try: {command:?}");
        told(&stage.jeton(command), &format!("{command:?} again"), 3, &["jeton connect box --name work-box --replace"]);
        assert_eq!(stage.refreshes(), 2, "one try for each who asks: {command:?}");
        // Neither half of a pair outlives the other, so there is nothing left to revoke.
        stage.jeton(&["revoke", "work-box"]).succeeded();
    }
}

/// Box's documents say that a refresh token is good for one use; in the field the one before was seen to go on until the next is used.
#[tokio::test]
async fn a_refresh_whose_answer_got_lost_is_tried_once_more_and_explained_where_that_fails() {
    for (rotation, code, says) in [(Rotation::Strict, 3, "An earlier refresh got no answer"), (Rotation::Grace, 0, "Refreshed work-box")] {
        let stage = Stage::connected().await;
        stage.emulator.box_service().set_rotation(rotation);
        stage.emulator.faults().inject(Fault::DropAfterCommit, Matcher::any().path("/oauth2/token"), 1);
        told(&stage.jeton(&["refresh", "work-box"]), "lost", 4, &["nothing was lost"]);
        told(&stage.jeton(&["refresh", "work-box"]), &format!("{rotation:?}"), code, &[says]);
    }
}

#[tokio::test]
async fn a_token_that_box_does_not_take_although_it_is_new_is_told_in_boxs_words() {
    let stage = Stage::connected().await;
    let refusal = || Fault::Body { status: 401, content_type: "text/plain".into(), bytes: "".into() };
    stage.emulator.faults().inject(refusal(), Matcher::any().path("/2.0/users/me"), 4);
    told(&stage.jeton(&["test", "work-box"]), "test", 3, &["401", "Sign in again"]);
    let ran = stage.jeton(&["request", "work-box", "GET", "users/me"]);
    told(&ran, "request", 3, &["status 401", "jeton connect box --name work-box --replace"]);
    assert_eq!((stage.refreshes(), stage.emulator.faults().waiting()), (2, 0), "one refresh for each");
    stage.jeton(&["test", "work-box"]).succeeded();
}

#[tokio::test]
async fn a_user_who_called_too_often_is_told_how_long_to_wait() {
    let stage = Stage::connected().await;
    stage.emulator.clock().freeze();
    stage.emulator.box_service().set_api_limit(Some(0));
    for command in [&["test", "work-box"][..], &["request", "work-box", "GET", "users/me"]] {
        told(&stage.jeton(command), &format!("{command:?}"), 4, &["rate_limit_exceeded", "Try again in "]);
    }
    assert_eq!(stage.refreshes(), 0);
}
