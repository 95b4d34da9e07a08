//! Google: a person's sign-in with a refresh token that is bound to a key, a device's, and tokens of those who are no persons.

use jeton_emulator::google_service::{Client as Registered, ClientKind, ServiceAccount};
use jeton_emulator::{Emulator, Options};
use jeton_runtime::{Client, GrantKind, Secret};

use crate::keys::key;
use crate::scene::{Scene, client, current, grant};

const ID: &str = "emulated.apps.googleusercontent.com";
const SECRET: &str = "emulated-google-secret-5c90";
const REDIRECT: &str = "http://127.0.0.1:4711/callback";
const EMAIL: &str = "robot@emulated-project.iam.gserviceaccount.com";
const POOL: &str = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a/providers/b";

async fn scene(kind: ClientKind, client: Client) -> Scene {
    let emulator = Emulator::start(Options::default()).await.unwrap();
    emulator.google_service().register_client(Registered::new(ID, SECRET).kind(kind)).unwrap();
    emulator.google_service().register_service_account(ServiceAccount::new(EMAIL, "key-1", &key().public).impersonator(EMAIL));
    Scene::of("google", emulator, client).await
}

#[tokio::test]
async fn no_secret_of_a_persons_sign_in_and_not_the_key_that_it_is_bound_to() {
    let bound = jeton_runtime::new_key().unwrap();
    let secrets = [("client-secret", SECRET), ("dpop-key", bound.reveal_text().unwrap())];
    let mut scene = scene(ClientKind::Desktop, client(ID, &secrets, &[("bind-refresh-token", "yes")])).await;
    let first = scene.sign_in(&grant(GrantKind::AuthorizationCode, &[]), REDIRECT).await;
    scene.identify(&first, &[]).await;
    let mut second = scene.refresh(&first).await;
    second.refresh.clone_from(&first.refresh);
    scene.revoke(&current(&second)).await;
    scene.refresh_is_refused(&first).await;
    let kinds =
        ["access-token", "client-secret", "code", "code-verifier", "credentials", "dpop-key", "dpop-proof", "id-token", "refresh-token"];
    scene.nowhere(&kinds, &[REDIRECT]);
}

#[tokio::test]
async fn no_secret_of_a_devices_sign_in() {
    let mut scene = scene(ClientKind::LimitedInput, client(ID, &[("client-secret", SECRET)], &[])).await;
    let tokens = scene.sign_in_elsewhere(&grant(GrantKind::DeviceCode, &[])).await;
    scene.identify(&tokens, &[]).await;
    scene.refresh(&tokens).await;
    scene.nowhere(&["access-token", "client-secret", "device-code", "id-token", "refresh-token"], &[]);
}

#[tokio::test]
async fn no_secret_of_a_service_account_and_of_whom_it_acts_as() {
    let robot = client(EMAIL, &[("private-key", &key().private)], &[("private-key-id", "key-1")]);
    let mut scene = scene(ClientKind::Desktop, robot).await;
    let own = scene.obtain(&grant(GrantKind::JwtBearer, &["https://www.googleapis.com/auth/cloud-platform"])).await;
    let mut wanted = grant(GrantKind::TokenExchange, &["drive"]);
    (wanted.subject, wanted.subject_token) = (Some(EMAIL.to_owned()), Some(own.access.clone()));
    let acted = scene.obtain(&wanted).await;
    scene.identify(&acted, &[]).await;
    scene.nowhere(&["access-token", "assertion", "credentials", "private-key"], &[]);
}

#[tokio::test]
async fn no_token_of_another_identity_provider() {
    let mut scene = scene(ClientKind::Desktop, client(POOL, &[], &[])).await;
    let mut wanted = grant(GrantKind::TokenExchange, &[]);
    wanted.subject_token = Some(Secret::new("assertion", "foreign-token-of-another-provider"));
    // There is no such pool: it is refused, and was sent all the same.
    scene.refused(&wanted).await;
    scene.nowhere(&["subject-token"], &[]);
}
