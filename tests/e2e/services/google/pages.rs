//! What Google shows on pages of its own, from which nobody comes back. `jeton` waits, and says what to do then; the guide has each of them.

use http::Request;
use http::header::USER_AGENT;
use jeton_emulator::google_service::{Client, ClientKind, ClientState, Publishing};
use jeton_emulator::{Decision, User};

use super::{ID, SECRET, Scene, desktop};
use crate::stage::Connecting;

const EVE: (&str, &str) = ("eve@elsewhere.example", "x");

impl Scene {
    /// Somebody who isn't of the organization.
    fn eve(&self) {
        let [id, name, login, password] = ["1000000009", "Eve", EVE.0, EVE.1].map(str::to_owned);
        self.google().add_user(User { id, name, login, password });
    }

    /// What the page says, and that `jeton` doesn't wait for ever.
    async fn page(&self, connecting: Connecting, who: (&str, &str)) -> String {
        let page = self.stage.emulator.consent_as(who, &connecting.url, Decision::Grant).await.unwrap_err().to_string();
        connecting.finish().failed(3, &["--wait"]);
        page
    }
}

const ADA: (&str, &str) = ("ada@example.com", "emulator");

#[tokio::test]
async fn each_page_is_one_that_the_guide_explains() {
    let guide = Scene::desktop().await.stage.jeton(&["providers", "show", "google", "--guide"]).succeeded().stdout;
    for (client, state, scope, who, status, error) in [
        (desktop(), ClientState::Deleted, "openid", ADA, 401, "deleted_client"),
        (desktop(), ClientState::RestrictedByAdmin, "openid", ADA, 400, "admin_policy_enforced"),
        (desktop().publishing(Publishing::Internal), ClientState::Active, "openid", EVE, 403, "org_internal"),
        (desktop().publishing(Publishing::Testing).test_user(ADA.0), ClientState::Active, "openid", EVE, 403, "access_denied"),
        (desktop().kind(ClientKind::LimitedInput), ClientState::Active, "openid", ADA, 400, "redirect_uri_mismatch"),
        (desktop().kind(ClientKind::Mobile), ClientState::Active, "openid", ADA, 400, "redirect_uri_mismatch"),
        (
            Client::new(ID, SECRET).redirect_uri("http://127.0.0.1:1/callback"),
            ClientState::Active,
            "openid",
            ADA,
            400,
            "redirect_uri_mismatch",
        ),
        (desktop(), ClientState::Active, "https://example.com/nothing", ADA, 400, "invalid_scope"),
    ] {
        let scene = Scene::with(client, &[]).await;
        scene.eve();
        scene.google().set_client_state(ID, state);
        let page = scene.page(scene.begin(&["--scope", scope, "--wait", "1s"]), who).await;
        assert!(page.contains(&status.to_string()) && page.contains(error), "{error}: {page}");
        assert!(guide.contains(&format!("`{error}`")), "the guide doesn't explain {error}");
    }
}

#[tokio::test]
async fn testers_and_the_organizations_people_get_in() {
    for publishing in [Publishing::Testing, Publishing::Internal] {
        let scene = Scene::with(desktop().publishing(publishing).test_user(ADA.0), &[]).await;
        scene.connect(&[]).await.succeeded();
    }
}

/// A browser inside of another app, which `jeton` doesn't open: but people paste addresses anywhere.
#[tokio::test]
async fn a_browser_inside_of_another_app_is_refused() {
    let scene = Scene::desktop().await;
    let connecting = scene.begin(&[]);
    let webview = "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36";
    let request = Request::get(&connecting.url).header(USER_AGENT, webview).body(Default::default()).unwrap();
    let page = scene.stage.emulator.client().send(request).await.unwrap();
    connecting.stop();
    let text = String::from_utf8_lossy(page.body()).into_owned();
    assert!(page.status() == 403 && text.contains("disallowed_useragent"), "{text}");
    let guide = scene.stage.jeton(&["providers", "show", "google", "--guide"]).succeeded().stdout;
    assert!(guide.contains("`disallowed_useragent`"), "{guide}");
}
