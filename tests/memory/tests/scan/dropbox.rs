//! Dropbox: with a redirect URI, with a code to copy, and for a team.

use jeton_emulator::dropbox_service::{DropboxApp, DropboxService};
use jeton_emulator::{Emulator, Options, User};
use jeton_runtime::{Client, GrantKind};

use crate::scene::{Scene, client, current, grant};

const KEY: &str = "an-app-of-dropbox";
const SECRET: &str = "emulated-dropbox-secret-77e1";
const REDIRECT: &str = "http://localhost:4711/";

async fn scene(app: DropboxApp, client: Client) -> (Scene, String) {
    let emulator = Emulator::start(Options::default()).await.unwrap();
    emulator.dropbox_service().register_app(app.redirect_uri(REDIRECT));
    let ada: User = emulator.box_service().default_user();
    (Scene::of("dropbox", emulator, client).await, DropboxService::member_id(&ada))
}

#[tokio::test]
async fn no_secret_of_a_persons_sign_in_with_an_id_token() {
    let scopes = ["account_info.read", "files.metadata.read", "openid", "email"];
    let (mut scene, _) = scene(DropboxApp::new(KEY, SECRET).scopes(&scopes), client(KEY, &[("client-secret", SECRET)], &[])).await;
    let first = scene.sign_in(&grant(GrantKind::AuthorizationCode, &scopes), REDIRECT).await;
    assert!(first.id_token.is_some());
    scene.identify(&first, &[("path-root".to_owned(), "home".to_owned())]).await;
    let mut second = scene.refresh(&first).await;
    second.refresh.clone_from(&first.refresh);
    scene.revoke(&current(&second)).await;
    scene.refresh_is_refused(&first).await;
    scene.nowhere(&["access-token", "client-secret", "code", "code-verifier", "credentials", "id-token", "refresh-token"], &[REDIRECT]);
}

#[tokio::test]
async fn no_secret_of_a_code_to_copy_and_of_a_secret_in_the_header() {
    let settings = [("client-authentication", "basic")];
    let (mut scene, _) = scene(DropboxApp::new(KEY, SECRET), client(KEY, &[("client-secret", SECRET)], &settings)).await;
    let first = scene.sign_in(&grant(GrantKind::AuthorizationCode, &[]), "").await;
    scene.identify(&first, &[]).await;
    scene.refresh(&first).await;
    // One that has expired is refreshed by the component, so that all of it ends.
    scene.emulator.dropbox_service().expire_access_tokens();
    scene.revoke(&current(&first)).await;
    scene.nowhere(&["access-token", "client-secret", "code", "code-verifier", "credentials", "refresh-token"], &["token_access_type"]);
}

#[tokio::test]
async fn no_secret_of_a_team_whose_token_acts_for_its_members() {
    let scopes = ["account_info.read", "files.metadata.read", "team_info.read", "team_data.member"];
    let (mut scene, ada) = scene(DropboxApp::new(KEY, SECRET).team().scopes(&scopes), client(KEY, &[], &[])).await;
    let team = scene.sign_in(&grant(GrantKind::AuthorizationCode, &[]), REDIRECT).await;
    scene.identify(&team, &[("as-admin".to_owned(), ada.clone())]).await;
    let mut wanted = grant(GrantKind::AuthorizationCode, &[]);
    wanted.options = vec![("as-user".to_owned(), ada.clone())];
    let member = scene.sign_in(&wanted, REDIRECT).await;
    scene.identify(&member, &wanted.options).await;
    scene.revoke(&current(&member)).await;
    scene.nowhere(&["access-token", "code", "code-verifier", "credentials", "refresh-token"], &[&ada, REDIRECT]);
}
