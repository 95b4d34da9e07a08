//! Tenants and kinds of accounts: who may sign in where.

use jeton_emulator::microsoft_service::{App, Audience, Cloud, DEFAULT_TENANT, PERSONAL_TENANT, Platform, Tenant};
use jeton_emulator::{Decision, Error};

use super::stage::{BACK, ask, assert_aadsts, authorize, emulator, grace};
use crate::stage::parameter;

const OTHER: &str = "22222222-3333-4444-8555-666666666666";

#[tokio::test]
async fn the_audience_of_an_app_decides_which_words_may_stand_for_a_tenant() {
    let emulator = emulator().await;
    emulator.microsoft_service().add_tenant(Tenant { id: OTHER.to_owned(), domain: "other.example".to_owned(), cloud: Cloud::Global });
    for (audience, tenant, refused) in [
        (Audience::All, "common", None),
        (Audience::All, "organizations", None),
        (Audience::All, "consumers", None),
        (Audience::All, DEFAULT_TENANT, None),
        (Audience::All, "example.com", None),
        (Audience::All, "nowhere.example", Some(90002)),
        (Audience::SingleTenant, "common", Some(50194)),
        (Audience::SingleTenant, "organizations", Some(50194)),
        (Audience::SingleTenant, "consumers", Some(9_002_332)),
        (Audience::SingleTenant, DEFAULT_TENANT, None),
        (Audience::SingleTenant, OTHER, Some(700_016)),
        (Audience::Organizations, "consumers", Some(9_002_332)),
        (Audience::Organizations, OTHER, None),
        (Audience::Personal, "common", Some(9_002_331)),
        (Audience::Personal, "consumers", None),
        (Audience::Personal, PERSONAL_TENANT, None),
    ] {
        let app = App::new("app").audience(audience).redirect_uri(Platform::Native, BACK);
        emulator.microsoft_service().register_app(app).unwrap();
        let asked = emulator.client().get(&authorize(tenant, "app", BACK, &[])).await.unwrap();
        let page = crate::stage::text(&asked);
        match refused {
            None => assert!(page.contains("id=\"sign-in\""), "{audience:?} {tenant}: {page}"),
            Some(code) => {
                assert!(page.contains(&format!("AADSTS{code}")), "{audience:?} {tenant}: {page}");
                let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", "x")];
                let (_, body) = ask(&emulator, tenant, &form).await;
                assert_eq!(body["error_codes"][0], code, "{audience:?} {tenant}");
            }
        }
    }
}

#[tokio::test]
async fn the_account_must_fit_the_tenant() {
    let emulator = emulator().await;
    emulator.microsoft_service().add_user(grace(), PERSONAL_TENANT);
    let (ada, grace) = (("ada@example.com", "emulator"), ("grace@example.net", "pw"));
    for (who, tenant, fits) in [
        (ada, "common", true),
        (ada, "organizations", true),
        (ada, DEFAULT_TENANT, true),
        (ada, "consumers", false),
        (grace, "common", true),
        (grace, "consumers", true),
        (grace, "organizations", false),
        (grace, DEFAULT_TENANT, false),
    ] {
        let back = emulator.consent_as(who, &authorize(tenant, "web", BACK, &[]), Decision::Grant).await.unwrap();
        assert_eq!(parameter(&back, "code").is_some(), fits, "{who:?} {tenant}: {back}");
        assert!(fits || parameter(&back, "error_description").unwrap().starts_with("AADSTS50020: "));
    }
}

#[tokio::test]
async fn client_credentials_want_a_tenant_a_default_scope_and_an_admins_consent() {
    let emulator = emulator().await;
    let asking = async |tenant: &str, scope: &str| {
        let form = [("grant_type", "client_credentials"), ("client_id", "web"), ("client_secret", "a-secret"), ("scope", scope)];
        ask(&emulator, tenant, &form).await
    };
    let all = "https://graph.microsoft.com/.default";
    let (status, tokens) = asking(DEFAULT_TENANT, all).await;
    assert_eq!((status, tokens.get("refresh_token"), &tokens["expires_in"]), (200, None, &3599.into()), "{tokens}");
    for tenant in ["common", "organizations", "consumers"] {
        assert_aadsts(&asking(tenant, all).await, 9_001_023, "invalid_request", 400);
    }
    assert_aadsts(&asking(DEFAULT_TENANT, "User.Read").await, 1_002_012, "invalid_scope", 400);
    assert_aadsts(&asking(DEFAULT_TENANT, "api://nothing/.default").await, 500_011, "invalid_resource", 400);
    emulator.microsoft_service().register_app(App::new("web").secret("a-secret")).unwrap();
    assert_aadsts(&asking(DEFAULT_TENANT, all).await, 65001, "invalid_grant", 400);
    let public = [("grant_type", "client_credentials"), ("client_id", "native"), ("scope", all)];
    assert_aadsts(&ask(&emulator, DEFAULT_TENANT, &public).await, 7_000_218, "invalid_client", 401);
}

#[tokio::test]
async fn an_unknown_tenant_is_named_before_anything_else() {
    let emulator = emulator().await;
    let refused = emulator.consent(&authorize("nowhere", "nobody", BACK, &[]), Decision::Grant).await;
    assert!(matches!(refused, Err(Error::NotAsked { status: 400, text }) if text.contains("AADSTS90002")));
}
