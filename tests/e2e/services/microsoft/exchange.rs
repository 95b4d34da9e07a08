//! Tokens for tokens: another identity provider's in the place of a secret, and one of the app's own API on behalf of whom it goes on.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_emulator::Decision;
use jeton_emulator::microsoft_service::{App, DEFAULT_TENANT, FederatedCredential, Platform, Refusal};
use serde_json::json;

use super::{CLAIMS, ID, SECRET, Scene, field, names, web};
use crate::services::keys::{key, sign_rs256};
use crate::stage::{Ran, get};

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "api://AzureADTokenExchange";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The app with which people sign in to the API of [`ID`].
const FRONT: &str = "44445555-aaaa-4bbb-8ccc-666677778888";

/// A token of the other identity provider.
fn token(issuer: &str, subject: &str, audience: &str, lasts: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({ "iss": issuer, "aud": audience, "sub": subject, "exp": now.saturating_add_signed(lasts), "iat": now });
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", encode(r#"{"alg":"RS256","typ":"JWT"}"#), encode(&claims.to_string()));
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(sign_rs256(&signed)))
}

impl Scene {
    /// An app without a secret, for which tokens of `repo:a` stand.
    async fn workload() -> Self {
        let [issuer, subject, audience] = [ISSUER, "repo:a", AUDIENCE].map(str::to_owned);
        let credential = FederatedCredential { issuer, subject, audience, public_key_pem: key().public.clone() };
        let scene = Self::of(App::new(ID).federated(credential).admin_consent(DEFAULT_TENANT)).await;
        scene.add_client(&["--set", &format!("tenant={DEFAULT_TENANT}")]).succeeded();
        scene
    }

    fn file(&self, text: &str) -> String {
        let path = self.stage.home.path().join("token");
        std::fs::write(&path, format!("{text}\n")).unwrap();
        format!("file:{}", path.display())
    }

    fn exchange(&self, source: &str, more: &[&str]) -> Ran {
        self.stage.jeton(&[&["connect", "microsoft", "--name", "one", "--exchange", source], more].concat())
    }

    /// A server with an API, and a connection `front` of somebody who signed in to that API with another app.
    async fn behind_an_api(server: App) -> Self {
        let scene = Self::of(server).await;
        scene.microsoft().add_resource(&format!("api://{ID}"));
        let front = App::new(FRONT).redirect_uri(Platform::Native, "http://localhost");
        scene.microsoft().register_app(front).unwrap();
        scene.add_secret_client(SECRET, &["--name", "server", "--set", &format!("tenant={DEFAULT_TENANT}")]).succeeded();
        scene.stage.jeton(&["clients", "add", "microsoft", "--name", "front", "--id", FRONT]).succeeded();
        scene
    }

    /// Somebody signs in for these scopes, as `front`.
    async fn front(&self, scopes: &str) {
        let connecting = self.stage.begin_connect_to("microsoft", &["--name", "front", "--client", "front", "--scope", scopes]);
        let back = self.stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
        get(back.as_str());
        connecting.finish().succeeded();
    }
}

#[tokio::test]
async fn another_identity_providers_token_stands_for_a_secret() {
    let scene = Scene::workload().await;
    let first = token(ISSUER, "repo:a", AUDIENCE, 300);
    let ran = scene.exchange(&scene.file(&first), &[]).succeeded();
    assert!(ran.stderr.contains("as the app itself"), "{ran:?}");
    let request = scene.token_request();
    assert_eq!(names(&request), ["grant_type", "scope", "client_id", "client_assertion_type", "client_assertion"]);
    for (name, value) in [
        ("grant_type", "client_credentials"),
        ("scope", "https://graph.microsoft.com/.default"),
        ("client_id", ID),
        ("client_assertion_type", ASSERTION),
        ("client_assertion", &first),
    ] {
        assert_eq!(field(&request, name), Some(value), "{name}");
    }
    // The platform renews its file: each token is asked for with what stands there.
    let second = token(ISSUER, "repo:a", AUDIENCE, 301);
    scene.file(&second);
    scene.stage.jeton(&["refresh", "one"]).succeeded();
    assert_eq!(field(&scene.token_request(), "client_assertion"), Some(&*second));
    assert_eq!(scene.stage.refreshes(), 0);
}

#[tokio::test]
async fn a_token_that_stands_for_nothing_is_told_why() {
    for (token, number, says) in [
        (token("https://evil.example", "repo:a", AUDIENCE, 300), "AADSTS700211", "Federated credentials"),
        (token(ISSUER, "repo:b", AUDIENCE, 300), "AADSTS700213", "Federated credentials"),
        (token(ISSUER, "repo:a", "another", 300), "AADSTS700212", "Federated credentials"),
        (token(ISSUER, "repo:a", AUDIENCE, -900), "AADSTS700024", "clock"),
    ] {
        let scene = Scene::workload().await;
        scene.exchange(&scene.file(&token), &[]).failed(5, &[number, says, "correlation id"]);
    }
    let scene = Scene::workload().await;
    let right = token(ISSUER, "repo:a", AUDIENCE, 300);
    let forged = format!("{}.AAAA", right.rsplit_once('.').unwrap().0);
    scene.exchange(&scene.file(&forged), &[]).failed(3, &["AADSTS50013"]);
}

#[tokio::test]
async fn on_behalf_of_somebody_who_signed_in_to_the_apps_own_api() {
    let scene = Scene::behind_an_api(web()).await;
    scene.front(&format!("api://{ID}/access")).await;
    let ran = scene.exchange("front", &["--client", "server"]).succeeded();
    assert!(ran.stderr.contains("as Ada Emulated (ada@example.com)"), "{ran:?}");
    let request = scene.token_request();
    assert_eq!(names(&request), ["grant_type", "assertion", "requested_token_use", "scope", "client_id", "client_secret"]);
    let front = scene.stage.jeton(&["token", "front"]).succeeded().stdout;
    for (name, value) in [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", front.trim()),
        ("requested_token_use", "on_behalf_of"),
        ("scope", "https://graph.microsoft.com/.default offline_access"),
    ] {
        assert_eq!(field(&request, name), Some(value), "{name}");
    }
    // From now on it has a refresh token of its own.
    scene.stage.jeton(&["remove", "front", "--force"]).succeeded();
    scene.stage.jeton(&["refresh", "one"]).succeeded();
    assert_eq!(names(&scene.token_request()), ["grant_type", "refresh_token", "client_id", "client_secret"]);
    scene.stage.jeton(&["test", "one"]).succeeded();
}

#[tokio::test]
async fn a_token_in_a_file_can_be_a_persons_too() {
    let scene = Scene::behind_an_api(web()).await;
    scene.front(&format!("api://{ID}/access")).await;
    let source = scene.file(scene.stage.jeton(&["token", "front"]).succeeded().stdout.trim());
    let more = ["--client", "server", "--option", "requested_token_use=on_behalf_of", "--scope", "User.Read"];
    let ran = scene.exchange(&source, &more).succeeded();
    assert!(ran.stderr.contains("as Ada Emulated"), "{ran:?}");
    assert_eq!(field(&scene.token_request(), "scope"), Some("User.Read offline_access"));
}

#[tokio::test]
async fn who_can_not_go_on_for_somebody_is_told_why() {
    // Of another API than the app's own.
    let scene = Scene::behind_an_api(web()).await;
    scene.front("User.Read").await;
    scene.exchange("front", &["--client", "server"]).failed(3, &["AADSTS500131", "own API"]);
    // Nobody allowed the server anything.
    let mut server = web();
    server.admin_consent.clear();
    let scene = Scene::behind_an_api(server).await;
    scene.front(&format!("api://{ID}/access")).await;
    let address = format!("https://login.microsoftonline.com/{DEFAULT_TENANT}/adminconsent?client_id={ID}");
    scene.exchange("front", &["--client", "server"]).failed(5, &["AADSTS65001", &address]);
    // The organization wants more of the person, and says what.
    let scene = Scene::behind_an_api(web()).await;
    scene.front(&format!("api://{ID}/access")).await;
    scene.microsoft().refuse_next(Refusal::aadsts(50079).claims(CLAIMS).suberror("basic_action"));
    scene.exchange("front", &["--client", "server"]).failed(3, &["AADSTS50079", "--option claims="]);
    let kept: serde_json::Value = serde_json::from_str(&scene.stage.jeton(&["list", "--json"]).succeeded().stdout).unwrap();
    assert!(kept.as_array().unwrap().iter().map(|one| &one["name"]).eq(["front"]), "{kept}");
}
