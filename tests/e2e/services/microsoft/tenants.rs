//! Whose accounts may sign in, and what a setting may be.

use jeton_emulator::microsoft_service::{Audience, DEFAULT_TENANT, PERSONAL_TENANT};
use jeton_emulator::{Decision, User};

use super::{Scene, native};
use crate::stage::get;

const ADA: (&str, &str) = ("ada@example.com", "emulator");
const GRACE: (&str, &str) = ("grace@example.net", "pw");

/// Grace has a personal account.
async fn scene(audience: Audience, tenant: &str) -> Scene {
    let scene = Scene::of(native().audience(audience)).await;
    let [id, name, login, password] = ["7", "Grace", GRACE.0, GRACE.1].map(str::to_owned);
    scene.microsoft().add_user(User { id, name, login, password }, PERSONAL_TENANT);
    scene.add_client(&["--set", &format!("tenant={tenant}")]).succeeded();
    scene
}

#[tokio::test]
async fn every_kind_of_account_signs_in_where_its_tenant_is() {
    for (audience, tenant, who) in [
        (Audience::All, "common", ADA),
        (Audience::All, "common", GRACE),
        (Audience::All, "organizations", ADA),
        (Audience::All, "consumers", GRACE),
        (Audience::All, PERSONAL_TENANT, GRACE),
        (Audience::Organizations, "organizations", ADA),
        (Audience::SingleTenant, DEFAULT_TENANT, ADA),
        (Audience::SingleTenant, "example.com", ADA),
        (Audience::Personal, "consumers", GRACE),
    ] {
        let scene = scene(audience, tenant).await;
        let connecting = scene.begin(&[]);
        assert!(connecting.url.starts_with(&format!("https://login.microsoftonline.com/{tenant}/oauth2/")), "{}", connecting.url);
        let back = scene.stage.emulator.consent_as(who, &connecting.url, Decision::Grant).await.unwrap();
        get(back.as_str());
        let ran = connecting.finish();
        assert!(ran.code == 0 && ran.stderr.contains(who.0), "{audience:?} {tenant} {who:?}: {ran:?}");
    }
}

#[tokio::test]
async fn an_account_from_elsewhere_is_told_so() {
    for (audience, tenant, who) in
        [(Audience::All, "organizations", GRACE), (Audience::All, "consumers", ADA), (Audience::All, DEFAULT_TENANT, GRACE)]
    {
        let scene = scene(audience, tenant).await;
        let connecting = scene.begin(&[]);
        let back = scene.stage.emulator.consent_as(who, &connecting.url, Decision::Grant).await.unwrap();
        get(back.as_str());
        connecting.finish().failed(3, &["access was declined", "AADSTS50020", "an account that the client's tenant has"]);
    }
}

/// Microsoft says so on its own page, and sends nobody back.
#[tokio::test]
async fn an_app_that_is_not_for_a_tenant_never_comes_back() {
    for (audience, tenant, number) in [
        (Audience::SingleTenant, "common", "AADSTS50194"),
        (Audience::Personal, "common", "AADSTS9002331"),
        (Audience::Organizations, "consumers", "AADSTS9002332"),
        (Audience::All, "elsewhere.example", "AADSTS90002"),
    ] {
        let scene = scene(audience, tenant).await;
        let connecting = scene.begin(&[]);
        let page = scene.stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap_err();
        assert!(page.to_string().contains(number), "{tenant}: {page}");
        connecting.stop();
        let guide = scene.stage.jeton(&["providers", "show", "microsoft", "--guide"]).succeeded().stdout;
        assert!(guide.contains(&format!("`{number}`")), "the guide doesn't explain {number}");
    }
}

#[tokio::test]
async fn a_setting_can_not_lead_anywhere_else() {
    let scene = Scene::of(native()).await;
    for (setting, values) in [
        (
            "tenant",
            &["", "a/b", "common/oauth2", "..", "common?x", "common#", "a b", "-a.example", "nodots", "a..example", "user@example.com"][..],
        ),
        (
            "login-host",
            &[
                "evil.example",
                "login.microsoftonline.com.evil.example",
                "evil.login.microsoftonline.com",
                "loginXmicrosoftonline.com",
                "login.microsoftonline.com@evil.example",
                "login.microsoftonline.com:8443",
                "LOGIN.microsoftonline.com",
                "login.microsoftonline.de",
                "graph.microsoft.com",
            ],
        ),
        (
            "graph-host",
            &[
                "evil.example",
                "graph.microsoft.com.evil.example",
                "x.graph.microsoft.com",
                "login.microsoftonline.com",
                "graph.microsoft.de",
            ],
        ),
        ("assertion", &["HS256", "none", "PS256 "]),
    ] {
        for value in values {
            let ran = scene.add_client(&["--set", &format!("{setting}={value}")]);
            assert!(ran.code == 2 && ran.stderr.contains(&format!("the setting `{setting}` doesn't match")), "{setting}={value}: {ran:?}");
        }
    }
    assert_eq!(scene.stage.jeton(&["clients", "list", "--json"]).succeeded().stdout.trim(), "[]");
}
