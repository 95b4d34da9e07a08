//! Signing in on another device.

use jeton_emulator::microsoft_service::{Platform, Refusal};
use jeton_emulator::{Decision, Fault, Matcher};
use serde_json::Value;

use super::{ID, SECRET, Scene, field, names, native};
use crate::stage::Ran;

impl Scene {
    /// Begins a device's sign-in whose code `jeton` gets next, with a second between two polls: nobody has to wait longer for a test.
    pub(super) async fn code(&self, tenant: &str) -> Value {
        let emulator = &self.stage.emulator;
        let path = format!("/{tenant}/oauth2/v2.0/devicecode");
        let form = [("client_id", ID), ("scope", "User.Read Files.Read offline_access")];
        let answer = emulator.client().post(&format!("https://login.microsoftonline.com{path}"), &form).await.unwrap();
        let mut begun: Value = serde_json::from_slice(answer.body()).unwrap();
        begun["interval"] = 1.into();
        let fault = Fault::Body { status: 200, content_type: "application/json".into(), bytes: begun.to_string().into() };
        emulator.faults().inject(fault, Matcher::any().path(&path), 1);
        begun
    }

    pub(super) async fn enter(&self, begun: &Value, decision: Decision) {
        let url = format!("{}?user_code={}", begun["verification_uri"].as_str().unwrap(), begun["user_code"].as_str().unwrap());
        self.stage.emulator.consent(&url, decision).await.unwrap();
    }

    pub(super) fn device(&self, more: &[&str]) -> Ran {
        self.stage.jeton(&[&["connect", "microsoft", "--name", "one", "--device"], more].concat())
    }
}

#[tokio::test]
async fn the_request_for_a_code_is_microsofts_own() {
    let scene = Scene::native().await;
    let mut command = scene.stage.command(&["connect", "microsoft", "--device", "--wait", "1s"]);
    let ran: Ran = command.output().unwrap().into();
    ran.failed(3, &["https://microsoft.com/devicelogin", "nobody entered the code in time"]);
    let request = scene.requests("/devicecode").pop().unwrap();
    assert_eq!((request.path.as_str(), names(&request)), ("/common/oauth2/v2.0/devicecode", vec!["client_id", "scope"]));
    assert_eq!(field(&request, "scope"), Some("openid profile User.Read Files.ReadWrite.All offline_access"));
}

#[tokio::test]
async fn a_code_is_polled_for_until_the_person_has_entered_it() {
    let scene = Scene::native().await;
    let begun = scene.code("common").await;
    scene.microsoft().refuse_next(Refusal::aadsts(70016));
    scene.enter(&begun, Decision::Grant).await;
    let ran = scene.device(&[]).succeeded();
    assert!(ran.stderr.contains(begun["user_code"].as_str().unwrap()) && ran.stderr.contains("as Ada Emulated"), "{ran:?}");
    let polls = scene.requests("/token");
    assert_eq!((polls.len(), names(&polls[1])), (2, vec!["grant_type", "client_id", "device_code"]));
    scene.stage.jeton(&["refresh", "one"]).succeeded();
}

#[tokio::test]
async fn the_page_of_personal_accounts_is_known() {
    let scene = Scene::of(native()).await;
    scene.add_client(&["--set", "tenant=consumers"]).succeeded();
    let mut command = scene.stage.command(&["connect", "microsoft", "--device", "--wait", "1s"]);
    let ran: Ran = command.output().unwrap().into();
    ran.failed(3, &["https://www.microsoft.com/link"]);
}

#[tokio::test]
async fn a_page_that_is_not_microsofts_is_shown_to_nobody() {
    for page in ["https://evil.example/devicelogin", "https://microsoft.com.evil.example/devicelogin", "https://microsoft.com/elsewhere"] {
        let scene = Scene::native().await;
        let body = format!(r#"{{"device_code":"d-1234567","user_code":"ABCD","verification_uri":"{page}","expires_in":900,"interval":1}}"#);
        let fault = Fault::Body { status: 200, content_type: "application/json".into(), bytes: body.into() };
        scene.stage.emulator.faults().inject(fault, Matcher::any().path("/common/oauth2/v2.0/devicecode"), 1);
        scene.device(&[]).failed(6, &["sending a person to", page]);
    }
}

#[tokio::test]
async fn a_person_who_declines_is_told_so() {
    let scene = Scene::native().await;
    let begun = scene.code("common").await;
    scene.enter(&begun, Decision::Deny).await;
    scene.device(&[]).failed(3, &["access was declined", "AADSTS65004", "authorization_declined"]);
}

#[tokio::test]
async fn codes_that_are_late_used_or_unknown_need_a_new_one() {
    for (number, error) in [(70018, "bad_verification_code"), (70019, "expired_token"), (70020, "expired_token"), (90120, "invalid_grant")]
    {
        let scene = Scene::native().await;
        let begun = scene.code("common").await;
        match number {
            70019 => scene.stage.emulator.clock().advance(std::time::Duration::from_secs(900)),
            90120 => {
                scene.enter(&begun, Decision::Grant).await;
                let form = [
                    ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                    ("client_id", ID),
                    ("device_code", begun["device_code"].as_str().unwrap()),
                ];
                let url = "https://login.microsoftonline.com/common/oauth2/v2.0/token";
                assert_eq!(scene.stage.emulator.client().post(url, &form).await.unwrap().status(), 200);
            }
            // Not in Microsoft's table, and sent all the same.
            70020 => scene.microsoft().refuse_next(Refusal::aadsts(number).with_error(error)),
            _ => scene.microsoft().refuse_next(Refusal::aadsts(number)),
        }
        let says = format!("AADSTS{number}: ");
        scene.device(&[]).failed(3, &[&says, error, "Run the command again for a new code"]);
    }
}

#[tokio::test]
async fn an_app_without_public_client_flows_is_told_where_to_switch_them_on() {
    let mut app = native();
    app.allow_public_client_flows = false;
    let scene = Scene::of(app).await;
    scene.add_client(&[]).succeeded();
    scene.code("common").await;
    scene.device(&[]).failed(5, &["AADSTS7000218", "Allow public client flows"]);
}

/// What a device gets is a public client's, whatever else the app is.
#[tokio::test]
async fn a_clients_secret_has_no_part_in_a_devices_sign_in() {
    let app = native().secret(SECRET).redirect_uri(Platform::Web, "http://localhost/web");
    let scene = Scene::of(app).await;
    scene.add_secret_client(SECRET, &[]).succeeded();
    let begun = scene.code("common").await;
    scene.enter(&begun, Decision::Grant).await;
    scene.device(&[]).succeeded();
    for _ in 0..2 {
        scene.stage.jeton(&["refresh", "one"]).succeeded();
        assert_eq!(names(&scene.token_request()), ["grant_type", "refresh_token", "client_id"]);
    }
}

#[tokio::test]
async fn trouble_between_two_polls_costs_nothing() {
    let scene = Scene::native().await;
    let begun = scene.code("common").await;
    scene.enter(&begun, Decision::Grant).await;
    scene.microsoft().refuse_next(Refusal::aadsts(90033));
    let ran = scene.device(&[]).succeeded();
    assert!(ran.stderr.contains("AADSTS90033") && ran.stderr.contains("trying again in"), "{ran:?}");
}

/// Microsoft documents none; RFC 8628 asks every client to know it.
#[tokio::test]
async fn slow_down_is_obeyed() {
    let scene = Scene::native().await;
    let begun = scene.code("common").await;
    scene.enter(&begun, Decision::Grant).await;
    let fault = Fault::Body { status: 400, content_type: "application/json".into(), bytes: r#"{"error":"slow_down"}"#.into() };
    scene.stage.emulator.faults().inject(fault, Matcher::any().path("/common/oauth2/v2.0/token"), 1);
    scene.device(&[]).succeeded();
    let polls = scene.requests("/token");
    let pause = polls[1].at.duration_since(polls[0].at).unwrap();
    assert!(polls.len() == 2 && pause.as_millis() > 5_500, "five seconds more than the one that was said: {pause:?}");
}

#[tokio::test]
async fn each_cloud_has_a_page_of_its_own_for_codes() {
    for (login, graph, page) in [
        ("login.microsoftonline.us", "graph.microsoft.us", "https://microsoft.com/deviceloginus"),
        ("login.microsoftonline.us", "dod-graph.microsoft.us", "https://microsoft.com/deviceloginus"),
        ("login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn", "https://microsoft.com/deviceloginchina"),
    ] {
        let scene = Scene::of(native()).await;
        let hosts = [format!("login-host={login}"), format!("graph-host={graph}")];
        scene.add_client(&["--set", &hosts[0], "--set", &hosts[1]]).succeeded();
        scene.device(&["--wait", "1s"]).failed(3, &[&format!("open\n\n  {page}\n")]);
        assert!(scene.stage.emulator.journal().entries().iter().all(|entry| entry.host == login), "{login}");
    }
}
