//! Sign-in, consent, and where it leads.

use jeton_emulator::microsoft_service::{App, Platform, RegistrationError};
use jeton_emulator::{Decision, Emulator, Error};

use super::stage::{BACK, LOCAL, authorize, emulator};
use crate::stage::{parameter, text};

async fn page(emulator: &Emulator, url: &str) -> String {
    match emulator.consent(url, Decision::Grant).await {
        Err(Error::NotAsked { text, .. }) => text,
        other => panic!("{url}: {other:?}"),
    }
}

#[tokio::test]
async fn granting_and_declining_lead_back() {
    let emulator = emulator().await;
    let denied = emulator.consent(&authorize("common", "web", BACK, &[]), Decision::Deny).await.unwrap();
    assert_eq!(parameter(&denied, "error").as_deref(), Some("access_denied"));
    assert!(parameter(&denied, "error_description").unwrap().starts_with("AADSTS65004: "));
    let back = emulator.consent(&authorize("common", "web", BACK, &[]), Decision::Grant).await.unwrap();
    assert!(parameter(&back, "code").is_some());
    assert_eq!(parameter(&back, "state").as_deref(), Some("a state"));
}

#[tokio::test]
async fn the_port_of_localhost_is_free_and_a_uri_without_a_path_gets_a_slash() {
    let emulator = emulator().await;
    for asked in [LOCAL, "http://localhost:6000", "http://localhost"] {
        let back = emulator.consent(&authorize("common", "native", asked, &[]), Decision::Grant).await.unwrap();
        assert!(back.as_str().starts_with(&format!("{}/?code=", asked.trim_end_matches('/'))), "{back}");
    }
    for asked in ["http://localhost:5000/cb", "http://127.0.0.1:5000/", "http://[::1]:5000/", "https://localhost/"] {
        assert!(page(&emulator, &authorize("common", "native", asked, &[])).await.contains("AADSTS50011"), "{asked}");
    }
}

#[tokio::test]
async fn the_loopback_address_is_registered_through_the_manifest_only() {
    let emulator = emulator().await;
    let register = |app| emulator.microsoft_service().register_app(app);
    let address = "http://127.0.0.1/";
    let refused = Err(RegistrationError::RedirectUri(address.to_owned()));
    assert_eq!(register(App::new("local").redirect_uri(Platform::Native, address)), refused);
    assert!(register(App::new("local").redirect_uri(Platform::Native, "http://[::1]/")).is_err());
    assert_eq!(register(App::new("local").manifest_redirect_uri(Platform::Native, address)), Ok(()));
    let url = authorize("common", "local", "http://127.0.0.1:5000/", &[]);
    assert!(emulator.consent(&url, Decision::Grant).await.is_ok());
}

#[tokio::test]
async fn what_is_wrong_with_a_request_stays_on_microsofts_page() {
    let emulator = emulator().await;
    let good = authorize("common", "web", BACK, &[]);
    for (url, code) in [
        (good.replace("client_id=web", "client_id=nobody"), "AADSTS700016"),
        (good.replace("response_type=code", "response_type=token"), "AADSTS700054"),
        (authorize("common", "web", BACK, &[("scope", "")]), "AADSTS900144"),
        (authorize("common", "web", BACK, &[("scope", "api://nothing/x")]), "AADSTS500011"),
        (authorize("common", "web", BACK, &[("code_challenge", "short")]), "AADSTS501491"),
        (authorize("common", "web", BACK, &[("state", "twice")]), "AADSTS9002313"),
        (authorize("common", "web", BACK, &[("resource", "x")]), "AADSTS901002"),
    ] {
        assert!(page(&emulator, &url).await.contains(code), "{url}");
    }
}

#[tokio::test]
async fn the_answer_can_come_as_a_fragment_or_as_a_form() {
    let emulator = emulator().await;
    let back = emulator.consent(&authorize("common", "web", BACK, &[("response_mode", "fragment")]), Decision::Grant).await.unwrap();
    assert!(back.query().is_none() && back.fragment().unwrap().starts_with("code="));
    let refused = page(&emulator, &authorize("common", "web", BACK, &[("response_mode", "form_post")])).await;
    assert!(refused.contains("Continue"), "{refused}");
}

#[tokio::test]
async fn a_silent_request_asks_nobody_and_an_admin_can_forbid_consent() {
    let emulator = emulator().await;
    let silent = emulator.consent(&authorize("common", "web", BACK, &[("prompt", "none")]), Decision::Grant).await.unwrap();
    assert_eq!(parameter(&silent, "error").as_deref(), Some("login_required"));
    emulator.microsoft_service().set_users_may_consent(false);
    let back = emulator.consent(&authorize("common", "native", LOCAL, &[]), Decision::Grant).await.unwrap();
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    assert!(parameter(&back, "error_description").unwrap().starts_with("AADSTS90094: "));
}

#[tokio::test]
async fn the_pages_name_the_scopes_and_say_what_they_are() {
    let emulator = emulator().await;
    let answer = emulator.client().get(&authorize("common", "web", BACK, &[])).await.unwrap();
    assert!(text(&answer).contains("It is not Microsoft") && text(&answer).contains("id=\"sign-in\""));
}
