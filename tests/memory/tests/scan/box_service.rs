//! Box: a person's sign-in, and the three ways to a token without one.

use jeton_emulator::{App, Emulator, Options};
use jeton_runtime::{Client, GrantKind, Secret, private_key};

use crate::keys::{PASSPHRASE, key};
use crate::scene::{Scene, client, current, grant};

const ID: &str = "an-app-of-box";
const SECRET: &str = "emulated-box-secret-0f3a";
const REDIRECT: &str = "http://127.0.0.1:4711/callback";
const ADA: &str = "user:1000000001";

async fn scene(client: Client) -> Scene {
    let emulator = Emulator::start(Options::default()).await.unwrap();
    let app = App::new(ID, SECRET).redirect_uri("http://127.0.0.1/callback").scopes(&["root_readwrite", "root_readonly"]);
    let app = app.jwt("900").client_credentials("900").user_access_tokens().as_user().public_key("k1", &key().public);
    emulator.box_service().register_app(app).unwrap();
    Scene::of("box", emulator, client).await
}

#[tokio::test]
async fn no_secret_of_a_persons_sign_in() {
    let mut scene = scene(client(ID, &[("client-secret", SECRET)], &[])).await;
    let first = scene.sign_in(&grant(GrantKind::AuthorizationCode, &["root_readonly"]), REDIRECT).await;
    scene.identify(&first, &[]).await;
    let second = scene.refresh(&first).await;
    scene.refresh_is_refused(&first).await;
    scene.revoke(&current(&second)).await;
    scene.nowhere(&["access-token", "client-secret", "code", "code-verifier", "credentials", "refresh-token", "token"], &[REDIRECT]);
}

#[tokio::test]
async fn no_secret_of_a_service_account_whose_key_had_a_passphrase() {
    let (encrypted, passphrase) = (Secret::new("encrypted-key", &*key().encrypted), Secret::new("passphrase", PASSPHRASE));
    let opened = private_key::decrypt(&encrypted, &passphrase).unwrap();
    let secrets = [("client-secret", SECRET), ("private-key", opened.reveal_text().unwrap())];
    let mut scene = scene(client(ID, &secrets, &[("public-key-id", "k1"), ("enterprise-id", "900")])).await;
    scene.keep(&encrypted);
    scene.keep(&passphrase);
    // Box's clock is another: the assertion is made twice.
    scene.emulator.clock().set_skew(3600);
    let enterprise = scene.obtain(&grant(GrantKind::JwtBearer, &[])).await;
    scene.identify(&enterprise, &[]).await;
    let mut wanted = grant(GrantKind::JwtBearer, &[]);
    wanted.subject = Some(ADA.to_owned());
    let ada = scene.obtain(&wanted).await;
    scene.identify(&ada, &[("as-user".to_owned(), "1000000001".to_owned())]).await;
    scene.revoke(&current(&ada)).await;
    let kinds = ["access-token", "assertion", "client-secret", "encrypted-key", "passphrase", "private-key"];
    scene.nowhere(&kinds, &["https://api.box.com/oauth2/token", "enterprise"]);
}

#[tokio::test]
async fn no_secret_of_client_credentials() {
    let mut scene = scene(client(ID, &[("client-secret", SECRET)], &[("enterprise-id", "900")])).await;
    let tokens = scene.obtain(&grant(GrantKind::ClientCredentials, &[])).await;
    scene.identify(&tokens, &[]).await;
    scene.revoke(&current(&tokens)).await;
    scene.nowhere(&["access-token", "client-secret", "credentials", "token"], &["enterprise"]);
}

#[tokio::test]
async fn no_secret_of_a_token_that_was_exchanged_for_one_of_fewer_rights() {
    const FILE: &str = "https://api.box.com/2.0/files/12";
    let mut scene = scene(client(ID, &[("client-secret", SECRET)], &[("enterprise-id", "900")])).await;
    let wide = scene.obtain(&grant(GrantKind::ClientCredentials, &[])).await;
    let mut wanted = grant(GrantKind::TokenExchange, &["item_download"]);
    wanted.subject_token = Some(wide.access.clone());
    wanted.options = vec![("resource".to_owned(), FILE.to_owned())];
    scene.obtain(&wanted).await;
    // The service refuses what isn't a token any more.
    scene.revoke(&current(&wide)).await;
    scene.refused(&wanted).await;
    scene.nowhere(&["access-token", "client-secret", "subject-token"], &[FILE, "item_download"]);
}
