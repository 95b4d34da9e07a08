//! Microsoft: a person's sign-in to a program and to a server, a device's, and an app that acts for itself by a secret or a certificate.

use jeton_emulator::microsoft_service::{App, DEFAULT_TENANT, Platform};
use jeton_emulator::{Emulator, Options};
use jeton_runtime::{Client, GrantKind};

use crate::keys::key;
use crate::scene::{Scene, client, grant};

const ID: &str = "00001111-aaaa-4bbb-8ccc-2222dddd3333";
const SECRET: &str = "emulated-app-secret-a1d4";
const REDIRECT: &str = "http://localhost:4711/";
const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;

async fn scene(app: App, client: Client) -> Scene {
    let emulator = Emulator::start(Options::default()).await.unwrap();
    emulator.microsoft_service().register_app(app).unwrap();
    Scene::of("microsoft", emulator, client).await
}

fn native() -> App {
    App::new(ID).redirect_uri(Platform::Native, "http://localhost").public_client_flows()
}

fn web() -> App {
    App::new(ID).redirect_uri(Platform::Web, "http://localhost").admin_consent(DEFAULT_TENANT)
}

#[tokio::test]
async fn no_secret_of_a_persons_sign_in_with_claims() {
    let mut scene = scene(native(), client(ID, &[], &[])).await;
    scene.emulator.microsoft_service().require_claims(Some(CLAIMS));
    let mut wanted = grant(GrantKind::AuthorizationCode, &[]);
    wanted.options = vec![("claims".to_owned(), CLAIMS.to_owned())];
    let first = scene.sign_in(&wanted, REDIRECT).await;
    scene.identify(&first, &[]).await;
    let second = scene.refresh(&first).await;
    scene.emulator.microsoft_service().revoke_sessions("ada@example.com");
    scene.refresh_is_refused(&second).await;
    scene.nowhere(&["access-token", "code", "code-verifier", "credentials", "id-token", "refresh-token"], &[REDIRECT, CLAIMS]);
}

#[tokio::test]
async fn no_secret_of_a_persons_sign_in_to_a_server() {
    let mut scene = scene(web().secret(SECRET), client(ID, &[("client-secret", SECRET)], &[])).await;
    let first = scene.sign_in(&grant(GrantKind::AuthorizationCode, &[]), REDIRECT).await;
    scene.identify(&first, &[]).await;
    scene.refresh(&first).await;
    scene.nowhere(&["access-token", "client-secret", "code", "code-verifier", "credentials", "id-token", "refresh-token"], &[REDIRECT]);
}

#[tokio::test]
async fn no_secret_of_a_persons_sign_in_to_a_server_with_a_certificate() {
    let secrets = [("certificate", &*key().certificate), ("private-key", &*key().private)];
    let mut scene = scene(web().certificate(&key().certificate), client(ID, &secrets, &[])).await;
    let first = scene.sign_in(&grant(GrantKind::AuthorizationCode, &[]), REDIRECT).await;
    scene.refresh(&first).await;
    let kinds = ["access-token", "certificate", "client-assertion", "code", "code-verifier", "id-token", "private-key", "refresh-token"];
    scene.nowhere(&kinds, &[REDIRECT]);
}

#[tokio::test]
async fn no_secret_of_a_devices_sign_in() {
    let mut scene = scene(native(), client(ID, &[], &[])).await;
    let first = scene.sign_in_elsewhere(&grant(GrantKind::DeviceCode, &[])).await;
    scene.identify(&first, &[]).await;
    scene.refresh(&first).await;
    scene.nowhere(&["access-token", "credentials", "device-code", "id-token", "refresh-token"], &[]);
}

#[tokio::test]
async fn no_secret_of_an_app_that_acts_for_itself_by_a_secret() {
    let mut scene = scene(web().secret(SECRET), client(ID, &[("client-secret", SECRET)], &[("tenant", DEFAULT_TENANT)])).await;
    let tokens = scene.obtain(&grant(GrantKind::ClientCredentials, &[])).await;
    scene.identify(&tokens, &[]).await;
    scene.nowhere(&["access-token", "client-secret", "credentials"], &["https://graph.microsoft.com/.default"]);
}

#[tokio::test]
async fn no_secret_of_an_app_that_acts_for_itself_by_a_certificate() {
    for algorithm in ["PS256", "RS256"] {
        let secrets = [("certificate", &*key().certificate), ("private-key", &*key().private)];
        let settings = [("tenant", DEFAULT_TENANT), ("assertion", algorithm)];
        let mut scene = scene(web().certificate(&key().certificate), client(ID, &secrets, &settings)).await;
        let tokens = scene.obtain(&grant(GrantKind::ClientCredentials, &[])).await;
        scene.identify(&tokens, &[]).await;
        scene.nowhere(&["access-token", "certificate", "client-assertion", "credentials", "private-key"], &[DEFAULT_TENANT]);
    }
}
