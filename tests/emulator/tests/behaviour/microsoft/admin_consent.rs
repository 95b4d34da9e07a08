//! The page where an administrator allows an app for the organization.

use jeton_emulator::microsoft_service::{App, DEFAULT_TENANT, PERSONAL_TENANT, Platform};
use jeton_emulator::{Decision, Emulator};

use super::stage::{BACK, emulator, grace};
use crate::stage::parameter;

fn page(path: &str, query: &str) -> String {
    format!("https://login.microsoftonline.com/{path}/adminconsent?{query}")
}

/// What the page says that leads nowhere.
async fn refused(emulator: &Emulator, url: &str) -> String {
    emulator.consent(url, Decision::Grant).await.unwrap_err().to_string()
}

#[tokio::test]
async fn an_administrator_comes_back_with_the_tenant_and_the_state() {
    let emulator = emulator().await;
    for path in ["organizations", "example.com", &format!("{DEFAULT_TENANT}/v2.0")] {
        let url = page(path, &format!("client_id=web&redirect_uri={BACK}&state=a+state"));
        let back = emulator.consent(&url, Decision::Grant).await.unwrap();
        assert!(back.as_str().starts_with(BACK), "{back}");
        for (name, value) in [("tenant", DEFAULT_TENANT), ("state", "a state"), ("admin_consent", "True")] {
            assert_eq!(parameter(&back, name).as_deref(), Some(value), "{path}");
        }
    }
    let back = emulator.consent(&page("common", "client_id=web"), Decision::Deny).await.unwrap();
    assert_eq!(parameter(&back, "error").as_deref(), Some("permission_denied"));
    assert!(parameter(&back, "error_description").is_some() && parameter(&back, "admin_consent").is_none());
}

#[tokio::test]
async fn what_is_wrong_with_the_request_stays_on_the_page() {
    let emulator = emulator().await;
    emulator.microsoft_service().register_app(App::new("bare")).unwrap();
    for (query, number) in [
        ("state=x", "AADSTS900144"),
        ("client_id=nobody", "AADSTS700016"),
        ("client_id=bare", "AADSTS900971"),
        ("client_id=web&redirect_uri=https://evil.example/", "AADSTS50011"),
    ] {
        let text = refused(&emulator, &page("organizations", query)).await;
        assert!(text.contains(number), "{query}: {text}");
    }
    let text = refused(&emulator, &page("nowhere.example", "client_id=web")).await;
    assert!(text.contains("AADSTS90002"), "{text}");
}

#[tokio::test]
async fn a_personal_account_is_no_administrator() {
    let emulator = emulator().await;
    emulator.microsoft_service().add_user(grace(), PERSONAL_TENANT);
    let app = App::new("personal").redirect_uri(Platform::Native, "http://localhost");
    emulator.microsoft_service().register_app(app).unwrap();
    let url = page("common", "client_id=personal");
    let back = emulator.consent_as(("grace@example.net", "pw"), &url, Decision::Grant).await.unwrap();
    assert_eq!(parameter(&back, "error").as_deref(), Some("permission_denied"));
}
