//! Redirect URIs, each of a platform, which decides what else holds.

use jeton_emulator::Decision;
use jeton_emulator::microsoft_service::{App, Platform};

use super::{ID, Scene, query};
use crate::stage::get;

impl Scene {
    /// A client with one redirect URI, of this platform.
    async fn at(platform: Platform, uri: &str) -> Self {
        let scene = Self::of(App::new(ID).redirect_uri(platform, uri)).await;
        scene.add_client(&[]).succeeded();
        scene
    }

    /// What Microsoft's page says to whom a `jeton` sends there that waits for a second.
    async fn refused(&self) -> String {
        let connecting = self.begin(&["--wait", "1s"]);
        let page = self.stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap_err().to_string();
        connecting.finish().failed(3, &["--wait"]);
        page
    }
}

#[tokio::test]
async fn the_port_of_localhost_is_free_and_its_path_counts() {
    for registered in ["http://localhost", "http://localhost/", "http://localhost:9/"] {
        let scene = Scene::at(Platform::Native, registered).await;
        scene.connect(&[]).await.succeeded();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        scene.connect(&["--replace", "--port", &port]).await.succeeded();
    }
    for registered in ["http://localhost/callback", "https://localhost/", "https://app.example/"] {
        let page = Scene::at(Platform::Native, registered).await.refused().await;
        assert!(page.contains("AADSTS50011"), "{registered}: {page}");
    }
}

/// Which is why Jeton's redirect URI says `localhost`.
#[tokio::test]
async fn the_other_names_of_this_machine_are_none() {
    let by_hand = App::new(ID).manifest_redirect_uri(Platform::Native, "http://127.0.0.1/");
    let scene = Scene::of(by_hand).await;
    scene.add_client(&[]).succeeded();
    let page = scene.refused().await;
    assert!(page.contains("AADSTS50011"), "{page}");
    for uri in ["http://127.0.0.1/", "http://[::1]/"] {
        let app = App::new("another").redirect_uri(Platform::Native, uri);
        assert!(scene.microsoft().register_app(app).is_err(), "the admin center takes {uri}");
    }
}

#[tokio::test]
async fn microsofts_own_page_for_programs_will_do_where_the_address_is_pasted() {
    let uri = "https://login.microsoftonline.com/common/oauth2/nativeclient";
    let scene = Scene::at(Platform::Native, uri).await;
    let arguments = ["connect", "microsoft", "--name", "one", "--paste", "--redirect-uri", uri];
    let mut command = scene.stage.command(&arguments);
    command.stdin(std::process::Stdio::piped());
    let connecting = scene.stage.begin(command);
    let state = query(&connecting.url, "state").unwrap();
    let back = scene.stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    assert!(back.as_str().starts_with(uri) && query(back.as_str(), "state") == Some(state), "{back}");
    connecting.paste(&back).succeeded();
    scene.stage.jeton(&["refresh", "one"]).succeeded();
}

/// A page in a browser redeems its code with an `Origin`, which no program sends.
#[tokio::test]
async fn a_redirect_uri_of_a_single_page_app_leads_to_no_tokens() {
    let scene = Scene::at(Platform::Spa, "http://localhost").await;
    let ran = scene.connect(&[]).await.failed(5, &["AADSTS9002327", "Mobile and desktop applications", "correlation id"]);
    assert!(!ran.stderr.contains("Connected"), "{ran:?}");
    assert_eq!(scene.microsoft().live_refresh_tokens(), 0);
}

#[tokio::test]
async fn who_may_not_be_asked_anything_is_told_to_sign_in() {
    let scene = Scene::at(Platform::Native, "http://localhost").await;
    let connecting = scene.begin(&["--option", "prompt=none"]);
    let back = scene.stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    assert_eq!(query(back.as_str(), "error").as_deref(), Some("login_required"));
    get(back.as_str());
    connecting.finish().failed(3, &["AADSTS50058", "login_required", "Sign in again"]);
}
