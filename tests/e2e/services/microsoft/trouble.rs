//! A token endpoint that is in trouble, or answers in an older way.

use std::time::Duration;

use jeton_emulator::{Fault, Matcher, RetryAfter};
use serde_json::Value;

use super::Scene;

impl Scene {
    fn token_endpoint(&self, fault: Fault, times: u32) {
        self.stage.emulator.faults().inject(fault, Matcher::any().path("/common/oauth2/v2.0/token"), times);
    }
}

#[tokio::test]
async fn a_throttle_says_how_long_and_is_kept_to() {
    for wait in [RetryAfter::Seconds(600), RetryAfter::HttpDate(600)] {
        let scene = Scene::connected().await;
        scene.token_endpoint(Fault::RateLimited(wait), 1);
        let ran = scene.stage.jeton(&["refresh", "one"]).failed(4, &["the service asks to wait", "nothing was lost"]);
        let seconds: u64 = ran.stderr.split("Try again in ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!((500..=601).contains(&seconds), "{wait:?}: {ran:?}");
        let before = scene.requests("/token").len();
        // A token that is left is handed out, and nobody is asked for another until the time is over.
        scene.stage.jeton(&["token", "one"]).succeeded();
        scene.stage.jeton(&["token", "one", "--min-valid", "2h"]).succeeded();
        assert_eq!(scene.requests("/token").len(), before, "{wait:?}");
        scene.stage.jeton(&["refresh", "one"]).succeeded();
    }
}

#[tokio::test]
async fn every_trouble_of_the_sign_in_service_passes() {
    let envelope = r#"{"error":"temporarily_unavailable","error_description":"AADSTS90033: Later.\r\nTrace ID: 1","error_codes":[90033]}"#;
    let body =
        |status, bytes: &'static str, content_type: &str| Fault::Body { status, content_type: content_type.into(), bytes: bytes.into() };
    for fault in [
        Fault::ServerError(500),
        Fault::ServerError(503),
        Fault::DropBefore,
        Fault::Truncated,
        body(503, envelope, "application/json"),
        body(502, "<html>Bad gateway</html>", "text/html"),
        body(429, "{}", "application/json"),
    ] {
        let scene = Scene::connected().await;
        let what = format!("{fault:?}");
        scene.token_endpoint(fault, 1);
        let ran = scene.stage.jeton(&["refresh", "one"]);
        assert!(ran.code == 4 && ran.stderr.contains("nothing was lost"), "{what}: {ran:?}");
        assert!(scene.stage.jeton(&["list", "--json"]).succeeded().stdout.contains("\"retry\""), "{what}");
        scene.stage.jeton(&["refresh", "one"]).succeeded();
    }
}

/// Version 1 of the platform answers so, and some of the sign-ins of personal accounts.
#[tokio::test]
async fn lifetimes_as_texts_and_a_small_bearer_are_taken() {
    let scene = Scene::connected().await;
    let answer = r#"{"token_type":"bearer","scope":"User.Read","expires_in":"4799","ext_expires_in":"4799","expires_on":"1800000000",
        "resource":"https://graph.microsoft.com","access_token":"EwBof-an-opaque-token","refresh_token":"M.R3-another","user_id":"AAAA"}"#;
    scene.token_endpoint(Fault::Body { status: 200, content_type: "application/json; charset=utf-8".into(), bytes: answer.into() }, 1);
    scene.stage.jeton(&["refresh", "one"]).succeeded();
    assert_eq!(scene.token(), "EwBof-an-opaque-token");
    let shown: Value = serde_json::from_str(&scene.stage.jeton(&["show", "one", "--json"]).succeeded().stdout).unwrap();
    assert_eq!(shown["scope"], "User.Read");
    // Good for longer than an hour, as the answer says, and not for longer than that.
    let asked = || scene.requests("/token").len();
    let before = asked();
    scene.stage.jeton(&["token", "one", "--min-valid", "70m"]).succeeded();
    assert_eq!(asked(), before);
    scene.stage.jeton(&["token", "one", "--min-valid", "81m"]);
    assert_eq!(asked(), before + 1);
}

/// A life is chosen between 60 and 90 minutes, and with continuous access evaluation it may be a day.
#[tokio::test]
async fn a_token_lives_for_as_long_as_is_said() {
    for (minutes, more, less) in [(60, "61m", "58m"), (90, "91m", "88m"), (28 * 60, "29h", "27h")] {
        let scene = Scene::native().await;
        let life = jeton_emulator::Lifetimes { access: Duration::from_secs(minutes * 60), ..lifetimes() };
        scene.microsoft().set_lifetimes(life);
        scene.connect(&[]).await.succeeded();
        scene.stage.jeton(&["token", "one", "--min-valid", less]).succeeded();
        assert_eq!(scene.stage.refreshes(), 0, "{minutes}");
        scene.stage.jeton(&["token", "one", "--min-valid", more]);
        assert_eq!(scene.stage.refreshes(), 1, "{minutes}");
    }
}

fn lifetimes() -> jeton_emulator::Lifetimes {
    let [code, access, refresh] = [600, 3600, 90 * 24 * 3600].map(Duration::from_secs);
    jeton_emulator::Lifetimes { code, access, refresh }
}
