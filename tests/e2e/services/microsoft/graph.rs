//! What Graph says about a connection.

use jeton_emulator::microsoft_service::{DEFAULT_TENANT, PERSONAL_TENANT};
use jeton_emulator::{Decision, Fault, Matcher, RetryAfter, User};

use super::Scene;

#[tokio::test]
async fn the_account_is_told_by_whatever_the_scopes_let_see() {
    for (scopes, asked) in [
        ("User.Read,Files.ReadWrite", &["/v1.0/me", "/v1.0/me/drive"][..]),
        ("User.Read", &["/v1.0/me", "/v1.0/me/drive"]),
        ("Files.Read", &["/v1.0/me", "/v1.0/me/drive"]),
    ] {
        let scene = Scene::native().await;
        let ran = scene.connect(&["--scope", scopes]).await.succeeded();
        assert!(ran.stderr.contains("as Ada Emulated"), "{scopes}: {ran:?}");
        let mut paths: Vec<_> =
            scene.stage.emulator.journal().entries().into_iter().filter(|entry| entry.host.starts_with("graph.")).collect();
        paths.retain(|entry| entry.method == "GET");
        assert_eq!(paths.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), asked);
    }
}

/// A consumer such as rclone can't do without.
#[tokio::test]
async fn the_drive_is_kept_with_the_connection() {
    let scene = Scene::connected().await;
    let business = scene.account();
    let id = business["extras"]["drive-id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("b!") && business["extras"]["drive-type"] == "business", "{business}");
    assert_eq!(business["extras"]["tenant-id"], DEFAULT_TENANT);
    let shown = scene.stage.jeton(&["show", "one"]).succeeded().stdout;
    assert!(shown.contains(&id) && shown.contains("business"), "{shown}");
    // Neither a refresh nor a Graph that is out of order takes it away.
    scene.stage.jeton(&["refresh", "one"]).succeeded();
    scene.answer("/v1.0/me/drive", 503, "{}");
    scene.stage.jeton(&["test", "one"]).succeeded();
    assert_eq!(scene.account(), business);
    // Another drive, another id.
    scene.answer("/v1.0/me/drive", 200, r#"{"id":"b!moved","driveType":"business","owner":{"user":{"id":"x"}}}"#);
    scene.stage.jeton(&["test", "one"]).succeeded();
    assert_eq!(scene.account()["extras"]["drive-id"], "b!moved");
}

#[tokio::test]
async fn a_personal_account_has_a_drive_of_its_own_kind() {
    let scene = Scene::native().await;
    let [id, name, login, password] = ["7", "Grace", "grace@example.net", "pw"].map(str::to_owned);
    scene.microsoft().add_user(User { id, name, login, password }, PERSONAL_TENANT);
    let connecting = scene.begin(&[]);
    let back = scene.stage.emulator.consent_as(("grace@example.net", "pw"), &connecting.url, Decision::Grant).await.unwrap();
    crate::stage::get(back.as_str());
    connecting.finish().succeeded();
    let extras = &scene.account()["extras"];
    assert_eq!((&extras["drive-type"], &extras["tenant-id"]), (&"personal".into(), &PERSONAL_TENANT.into()));
    assert!(!extras["drive-id"].as_str().unwrap().starts_with("b!"), "{extras}");
    // Who signs in with another account has another drive.
    scene.connect(&["--replace"]).await.succeeded();
    assert_eq!(scene.account()["extras"]["drive-type"], "business");
}

#[tokio::test]
async fn where_only_the_drive_may_be_seen_its_owner_is_the_account() {
    let drive = r#"{"id":"b!personal","driveType":"personal","owner":{"user":{"id":"ABC","displayName":"Ada"}}}"#;
    let scene = Scene::native().await;
    scene.answer("/v1.0/me/drive", 200, drive);
    let ran = scene.connect(&["--scope", "Files.Read"]).await.succeeded();
    assert!(ran.stderr.contains("as Ada"), "{ran:?}");
    let account = scene.account();
    assert_eq!((&account["id"], &account["name"], &account["extras"]["drive-id"]), (&"ABC".into(), &"Ada".into(), &"b!personal".into()));
}

#[tokio::test]
async fn a_person_without_a_drive_is_a_person() {
    let scene = Scene::native().await;
    scene.answer("/v1.0/me/drive", 404, r#"{"error":{"code":"itemNotFound","message":"User's mysite not found."}}"#);
    let ran = scene.connect(&[]).await.succeeded();
    assert!(ran.stderr.contains("as Ada Emulated (ada@example.com)"), "{ran:?}");
}

#[tokio::test]
async fn a_connection_that_may_see_neither_is_kept_and_says_what_it_lacks() {
    let scene = Scene::native().await;
    let ran = scene.connect(&["--scope", "Mail.Read"]).await.succeeded();
    assert!(ran.stderr.contains("couldn't be asked: the connection lacks a scope"), "{ran:?}");
    scene.stage.jeton(&["test", "one"]).failed(3, &["the connection lacks a scope", "accessDenied"]);
}

#[tokio::test]
async fn graphs_refusals_say_who_must_act() {
    let error = |code: &str| format!(r#"{{"error":{{"code":"{code}","message":"in Graph's words"}}}}"#);
    for (status, code, exit, says) in [
        (403, "Authorization_RequestDenied", 3, "API permissions"),
        (403, "accessDenied", 3, "the connection lacks a scope"),
        (429, "activityLimitReached", 4, "the service asks to wait"),
        (429, "TooManyRequests", 4, "the service asks to wait"),
        (500, "generalException", 4, "the service is not available"),
        (503, "serviceNotAvailable", 4, "the service is not available"),
        (404, "ResourceNotFound", 1, "the service refused"),
    ] {
        let scene = Scene::connected().await;
        for path in ["/v1.0/me", "/v1.0/me/drive"] {
            scene.answer(path, status, &error(code));
        }
        let ran = scene.stage.jeton(&["test", "one"]);
        assert_eq!(ran.code, exit, "{code}: {ran:?}");
        for words in [says, code, "in Graph's words"] {
            assert!(ran.stderr.contains(words), "{code}, {words}: {ran:?}");
        }
    }
}

#[tokio::test]
async fn a_limit_of_graphs_says_how_long_to_wait() {
    let scene = Scene::connected().await;
    let me = || Matcher::any().path("/v1.0/me");
    scene.stage.emulator.faults().inject(Fault::RateLimited(RetryAfter::Seconds(30)), me(), 2);
    scene.stage.jeton(&["test", "one"]).failed(4, &["the service asks to wait"]);
    let ran = scene.stage.jeton(&["request", "one", "GET", "me"]);
    assert!(ran.code == 4 && ran.stderr.contains("Try again in 30 s"), "{ran:?}");
}

#[tokio::test]
async fn a_request_of_the_api_is_refreshed_once_and_judged() {
    let scene = Scene::connected().await;
    assert_eq!(scene.microsoft().expire_access_tokens(), 1);
    let ran = scene.stage.jeton(&["request", "one", "GET", "me/drive"]).succeeded();
    assert!(ran.stdout.contains("\"driveType\":\"business\"") && scene.stage.refreshes() == 1, "{ran:?}");
    scene.stage.jeton(&["request", "one", "POST", "me/revokeSignInSessions"]).failed_with(3);
    scene.stage.jeton(&["request", "one", "GET", "me", "--as-user", "7"]).failed_with(1);
}

impl Scene {
    /// Whose the connection is, as programs are told.
    fn account(&self) -> serde_json::Value {
        let shown = self.stage.jeton(&["show", "one", "--json"]).succeeded().stdout;
        serde_json::from_str::<serde_json::Value>(&shown).unwrap()["account"].clone()
    }

    /// Graph answers the next request of this path so.
    fn answer(&self, path: &str, status: u16, body: &str) {
        let fault = Fault::Body { status, content_type: "application/json".into(), bytes: body.to_owned().into() };
        self.stage.emulator.faults().inject(fault, Matcher::any().path(path), 1);
    }
}

impl crate::stage::Ran {
    /// It failed with this code, whatever it printed before.
    #[track_caller]
    pub(super) fn failed_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.stderr.contains("error: "), "{self:?}");
        self
    }
}
