//! Whose token it is, and what the answers of Google's APIs mean.

use jeton_emulator::{Decision, Fault, Matcher, RetryAfter, User};

use super::errors::json;
use super::{Scene, TOKEN};

const ABOUT: &str = "drive/v3/about?fields=user";

#[tokio::test]
async fn whoever_it_is_is_asked_where_the_scopes_allow_it() {
    for (scope, path, who) in [
        ("openid", "/v1/userinfo", "1000000001"),
        ("email", "/v1/userinfo", "ada@example.com"),
        ("profile", "/v1/userinfo", "Ada Emulated"),
        ("openid,drive", "/v1/userinfo", "1000000001"),
        ("drive.readonly", "/drive/v3/about", "ada@example.com"),
    ] {
        let scene = Scene::connected(&["--scope", scope]).await;
        let shown = scene.one("test", &[]).succeeded().stdout;
        assert!(shown.contains(who), "{scope}: {shown}");
        assert_eq!(scene.requests(path).len(), 2, "{scope}");
    }
    let scene = Scene::connected(&["--scope", "cloud-platform"]).await;
    scene.stage.jeton(&["test", "one"]).code_and_words(1, "add the scope openid or email");
}

#[tokio::test]
async fn what_kind_of_account_it_is_is_kept_with_the_connection() {
    let extras = |scene: &Scene| {
        let shown = scene.one("show", &["--json"]).succeeded().stdout;
        serde_json::from_str::<serde_json::Value>(&shown).unwrap()["account"]["extras"].clone()
    };
    let scene = Scene::connected(&["--scope", "openid"]).await;
    assert_eq!(extras(&scene), serde_json::json!({ "hosted-domain": "example.com" }));
    let scene = Scene::connected(&["--scope", "drive.readonly"]).await;
    let drive = extras(&scene);
    assert!(drive["permission-id"].is_string() && drive.as_object().unwrap().len() == 1, "{drive}");
    // An account of nobody's organization has no domain.
    let scene = Scene::desktop().await;
    let eve = User { id: "1000000009".into(), name: "Eve".into(), login: "eve@gmail.example".into(), password: "x".into() };
    scene.google().add_user(eve);
    let connecting = scene.begin(&["--scope", "openid"]);
    let back = scene.stage.emulator.consent_as(("eve@gmail.example", "x"), &connecting.url, Decision::Grant).await.unwrap();
    crate::stage::get(back.as_str());
    connecting.finish().succeeded();
    assert_eq!(extras(&scene), serde_json::json!({}));
}

#[tokio::test]
async fn a_token_of_somebody_else_than_who_signed_in_is_refused() {
    let scene = Scene::connected(&[]).await;
    let somebody = json(200, r#"{"sub":"1000000009","email":"eve@example.com"}"#);
    scene.stage.emulator.faults().inject(somebody, Matcher::any().path("/v1/userinfo"), 1);
    scene.one("test", &[]).failed(3, &["another account's"]);
}

#[tokio::test]
async fn an_id_token_for_another_client_is_refused() {
    let scene = Scene::desktop().await;
    let connecting = scene.begin(&[]);
    let back = scene.stage.emulator.consent(&connecting.url, jeton_emulator::Decision::Grant).await.unwrap();
    let claims = r#"{"iss":"https://accounts.google.com","aud":"another","sub":"1","exp":4000000000}"#;
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims);
    let body = format!(r#"{{"access_token":"a-1234567","expires_in":3599,"refresh_token":"r-1234567","id_token":"e30.{encoded}.c2ln"}}"#);
    scene.stage.emulator.faults().inject(json(200, &body), Matcher::any().path(TOKEN), 1);
    crate::stage::get(back.as_str());
    let ran = connecting.finish();
    assert!(ran.code == 1 && ran.stderr.contains("the ID token is for another client"), "{ran:?}");
}

#[tokio::test]
async fn an_access_token_that_expired_is_refreshed_once() {
    for arguments in [&["test", "one"][..], &["request", "one", "GET", ABOUT]] {
        let scene = Scene::connected(&["--scope", "openid,drive"]).await;
        assert_eq!(scene.google().expire_access_tokens(), 1);
        scene.stage.jeton(arguments).succeeded();
        assert_eq!(scene.stage.refreshes(), 1, "{arguments:?}");
    }
}

#[tokio::test]
async fn a_missing_scope_is_no_reason_to_refresh() {
    let scene = Scene::connected(&["--scope", "openid"]).await;
    let ran = scene.one("request", &["GET", ABOUT]);
    assert!(ran.code == 3 && ran.stdout.contains("ACCESS_TOKEN_SCOPE_INSUFFICIENT"), "{ran:?}");
    assert_eq!(scene.stage.refreshes(), 0);
}

#[tokio::test]
async fn each_answer_of_an_api_means_what_google_says() {
    let listed = |reason: &str| {
        format!(r#"{{"error":{{"code":403,"message":"No.","errors":[{{"reason":"{reason}"}}],"status":"PERMISSION_DENIED"}}}}"#)
    };
    let detailed = |reason: &str| {
        format!(r#"{{"error":{{"code":403,"message":"No.","details":[{{"reason":"{reason}"}}],"status":"PERMISSION_DENIED"}}}}"#)
    };
    for (fault, code, refreshes) in [
        (json(403, &listed("insufficientPermissions")), 3, 0),
        (json(403, &detailed("ACCESS_TOKEN_SCOPE_INSUFFICIENT")), 3, 0),
        (json(403, &listed("rateLimitExceeded")), 4, 0),
        (json(403, &listed("userRateLimitExceeded")), 4, 0),
        (json(403, &listed("dailyLimitExceeded")), 4, 0),
        (json(403, &detailed("RATE_LIMIT_EXCEEDED")), 4, 0),
        (json(403, &listed("insufficientFilePermissions")), 1, 0),
        (json(403, &detailed("SERVICE_DISABLED")), 1, 0),
        (json(404, &listed("notFound")), 1, 0),
        (Fault::RateLimited(RetryAfter::Seconds(9)), 4, 0),
        (Fault::ServerError(503), 4, 0),
        (json(401, &listed("authError")), 0, 1),
    ] {
        let scene = Scene::connected(&["--scope", "openid,drive"]).await;
        let what = format!("{fault:?}");
        scene.stage.emulator.faults().inject(fault, Matcher::any().path("/drive/v3/about"), 1);
        let ran = scene.one("request", &["GET", ABOUT]);
        assert_eq!((ran.code, scene.stage.refreshes()), (code, refreshes), "{what}: {ran:?}");
    }
}

#[tokio::test]
async fn the_same_answers_of_a_test_say_who_must_act() {
    for (fault, code, says) in [
        (
            json(403, r#"{"error":{"code":403,"message":"Too much.","errors":[{"reason":"rateLimitExceeded"}]}}"#),
            4,
            "Too much. (rateLimitExceeded)",
        ),
        (json(403, r#"{"error":{"code":403,"message":"Off.","details":[{"reason":"SERVICE_DISABLED"}]}}"#), 5, "Off. Enable the API"),
        (
            json(403, r#"{"error":{"code":403,"message":"Off.","errors":[{"reason":"accessNotConfigured"}]}}"#),
            5,
            "APIs & Services → Library",
        ),
        (json(403, r#"{"error":{"code":403,"message":"No.","errors":[{"reason":"insufficientPermissions"}]}}"#), 3, "Data Access"),
        (
            json(403, r#"{"error":{"code":403,"message":"No.","details":[{"reason":"ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}}"#),
            3,
            "lacks a scope",
        ),
        (json(403, r#"{"error":{"code":403,"message":"Full.","errors":[{"reason":"userRateLimitExceeded"}]}}"#), 4, "asks to wait"),
        (json(403, r#"{"error":{"code":403,"message":"No.","errors":[{"reason":"insufficientFilePermissions"}]}}"#), 3, "No. (insuff"),
        (Fault::RateLimited(RetryAfter::Seconds(9)), 4, "asks to wait"),
        (Fault::ServerError(500), 4, "not available"),
        (json(200, "{}"), 1, "doesn't say whose account"),
    ] {
        let scene = Scene::connected(&["--scope", "drive"]).await;
        let what = format!("{fault:?}");
        scene.stage.emulator.faults().inject(fault, Matcher::any().path("/drive/v3/about"), 1);
        let ran = scene.one("test", &[]);
        assert!(ran.code == code && ran.stderr.contains(says), "{what}: {ran:?}");
    }
}

#[tokio::test]
async fn a_project_that_pays_is_named_where_it_is_asked_for() {
    let scene = Scene::connected(&["--scope", "openid,drive"]).await;
    scene.one("request", &["GET", ABOUT, "--option", "quota-project=my-project"]).succeeded();
    let sent = scene.requests("/drive/v3/about").pop().unwrap();
    assert!(sent.headers.contains(&("x-goog-user-project".to_owned(), "my-project".to_owned())), "{sent:?}");
    scene.one("request", &["GET", ABOUT, "--option", "nonsense=1"]).code_and_words(1, "nonsense");
}

impl crate::stage::Ran {
    /// For failures that leave the person nothing to do.
    #[track_caller]
    pub(super) fn code_and_words(self, code: i32, words: &str) {
        assert!(self.code == code && self.stderr.contains(words), "{self:?}");
    }
}
