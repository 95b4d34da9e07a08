//! The device flow (RFC 8628).

use std::time::Duration;

use jeton_emulator::{Decision, Fault, Matcher};
use serde_json::{Value, json};

use super::Scene;
use crate::stage::{CLIENT_ID, CLIENT_SECRET, Ran};

impl Scene {
    /// Begins a device's sign-in whose code `jeton` gets next, changed so that nobody has to wait for long.
    pub(super) async fn code(&self, change: impl Fn(&mut Value)) -> Value {
        let form = [("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET), ("scope", "a")];
        let answer = self.stage.emulator.client().post("https://acme.example/device", &form).await.unwrap();
        let mut begun: Value = serde_json::from_slice(answer.body()).unwrap();
        change(&mut begun);
        let fault = Fault::Body { status: 200, content_type: "application/json".into(), bytes: begun.to_string().into() };
        self.stage.emulator.faults().inject(fault, Matcher::any().path("/device"), 1);
        begun
    }

    pub(super) async fn enter(&self, begun: &Value, decision: Decision) {
        self.stage.emulator.consent(begun["verification_uri_complete"].as_str().unwrap(), decision).await.unwrap();
    }

    /// The next poll is refused so.
    fn refuse(&self, error: &str) {
        let fault =
            Fault::Body { status: 400, content_type: "application/json".into(), bytes: json!({ "error": error }).to_string().into() };
        self.stage.emulator.faults().inject(fault, Matcher::any().path("/token"), 1);
    }

    pub(super) fn device(&self, more: &[&str]) -> Ran {
        self.stage.jeton(&[&["connect", "acme", "--name", "one", "--device"], more].concat())
    }

    /// How long it was quiet between the polls.
    fn pauses(&self) -> Vec<Duration> {
        let at: Vec<_> = self.requests("/token").iter().map(|entry| entry.at).collect();
        at.windows(2).map(|two| two[1].duration_since(two[0]).unwrap()).collect()
    }
}

#[tokio::test]
async fn slow_down_is_for_good() {
    let scene = Scene::new().await;
    let begun = scene.code(|begun| begun["interval"] = 1.into()).await;
    scene.enter(&begun, Decision::Grant).await;
    scene.refuse("slow_down");
    scene.refuse("authorization_pending");
    scene.device(&[]).succeeded();
    let pauses = scene.pauses();
    // Five seconds more than the one that was said, from then on; less what two clocks may differ by.
    assert!(pauses.len() == 2 && pauses.iter().all(|pause| pause.as_millis() > 5_500), "{pauses:?}");
}

#[tokio::test]
async fn a_server_that_says_no_interval_is_asked_every_five_seconds() {
    let scene = Scene::new().await;
    scene.code(|begun| drop(begun.as_object_mut().unwrap().remove("interval"))).await;
    scene.device(&["--wait", "4s"]).failed(3, &["nobody entered the code in time"]);
    assert_eq!(scene.requests("/token").len(), 0, "four seconds are too short for one poll");
    let begun = scene.code(|begun| drop(begun.as_object_mut().unwrap().remove("interval"))).await;
    scene.enter(&begun, Decision::Grant).await;
    scene.device(&["--wait", "60s"]).succeeded();
    assert_eq!(scene.requests("/token").len(), 1);
}

#[tokio::test]
async fn polls_end_with_the_code() {
    let scene = Scene::new().await;
    scene
        .code(|begun| {
            begun["interval"] = 1.into();
            begun["expires_in"] = 2.into();
        })
        .await;
    scene.device(&[]).failed(3, &["nobody entered the code in time", "for a new code"]);
    assert!(scene.requests("/token").len() <= 1, "a poll at the first second, and none when the code is over");
}

#[tokio::test]
async fn after_trouble_polls_come_at_longer_and_longer_pauses() {
    let scene = Scene::new().await;
    let begun = scene.code(|begun| begun["interval"] = 1.into()).await;
    scene.enter(&begun, Decision::Grant).await;
    scene.stage.emulator.faults().inject(Fault::DropBefore, Matcher::any().path("/token"), 2);
    let ran = scene.device(&[]).succeeded();
    for pause in ["trying again in 2 s", "trying again in 4 s"] {
        assert!(ran.stderr.contains(pause), "{pause}: {ran:?}");
    }
}

#[tokio::test]
async fn each_end_of_a_code_is_told() {
    for (error, says) in
        [("access_denied", "access was declined"), ("expired_token", "no longer accepts"), ("invalid_grant", "no longer accepts")]
    {
        let scene = Scene::new().await;
        scene.code(|begun| begun["interval"] = 1.into()).await;
        scene.refuse(error);
        scene.device(&[]).failed(3, &[says, error]);
        assert_eq!(scene.requests("/token").len(), 1, "{error} is the end");
    }
}

#[tokio::test]
async fn the_person_sees_page_and_code_and_a_telephone_may_take_both_at_once() {
    let scene = Scene::new().await;
    let begun = scene.code(|begun| begun["interval"] = 1.into()).await;
    scene.enter(&begun, Decision::Grant).await;
    let ran = scene.device(&[]).succeeded();
    let said = |name: &str| ran.stderr.contains(begun[name].as_str().unwrap());
    assert!(said("user_code") && said("verification_uri") && ran.stderr.contains('█'), "{ran:?}");
    assert!(!ran.stderr.contains(begun["device_code"].as_str().unwrap()), "the device's own code is nobody's to see");
}
