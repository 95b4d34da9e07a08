//! The component that does what a manifest says: with manifests that come with Jeton, and with one that has what those haven't.

use jeton_emulator::generic_service::{Facts, GenericClient};
use jeton_emulator::{Emulator, Options};
use jeton_runtime::{CurrentTokens, GrantKind, Manifest, Tokens};

use crate::keys::key;
use crate::scene::{Scene, client, current, grant};

const ID: &str = "an-app-of-a-service";
const SECRET: &str = "emulated-secret-for-services-3b6f";
const REDIRECT: &str = "http://127.0.0.1:47800/callback";
/// As the manifests have them; the last one for services that want an https address.
const REDIRECTS: [&str; 5] =
    ["http://127.0.0.1/callback", REDIRECT, "http://localhost:47800/callback", "http://localhost:47800/", "https://app.example/callback"];

async fn started(facts: Facts, registered: GenericClient) -> Emulator {
    let name = facts.name.clone();
    let emulator = Emulator::start(Options { generic: vec![facts], ..Options::default() }).await.unwrap();
    let registered = REDIRECTS.into_iter().fold(registered, GenericClient::redirect_uri);
    emulator.generic(&name).unwrap().register_client(registered);
    emulator
}

async fn bundled(id: &str) -> Scene {
    let emulator = started(Facts::shipped(id).unwrap().unwrap(), GenericClient::new(ID, SECRET)).await;
    Scene::of(id, emulator, client(ID, &[("client-secret", SECRET)], &[])).await
}

#[tokio::test]
async fn no_secret_of_a_sign_in_with_basic_authentication_and_json() {
    let mut scene = bundled("notion").await;
    let tokens = scene.sign_in(&grant(GrantKind::AuthorizationCode, &[]), REDIRECT).await;
    scene.identify(&tokens, &[]).await;
    scene.nowhere(&["access-token", "client-secret", "code", "code-verifier", "credentials"], &[REDIRECT]);
}

#[tokio::test]
async fn no_secret_of_a_sign_in_whose_service_says_where_its_servers_are() {
    let mut scene = bundled("zoho").await;
    let first = scene.sign_in(&grant(GrantKind::AuthorizationCode, &[]), REDIRECT).await;
    scene.identify(&first, &[]).await;
    scene.refresh(&first).await;
    scene.revoke(&current(&first)).await;
    scene.refresh_is_refused(&first).await;
    scene.nowhere(&["access-token", "client-secret", "code", "credentials", "refresh-token", "token"], &[REDIRECT]);
}

#[tokio::test]
async fn no_secret_of_a_sign_in_whose_tokens_are_deleted() {
    let mut scene = bundled("github").await;
    let tokens = scene.sign_in(&grant(GrantKind::AuthorizationCode, &["read:user"]), REDIRECT).await;
    scene.identify(&tokens, &[]).await;
    scene.revoke(&current(&tokens)).await;
    scene.nowhere(&["access-token", "client-secret", "code", "code-verifier", "credentials"], &[REDIRECT, "read:user"]);
}

#[tokio::test]
async fn no_secret_of_a_devices_sign_in() {
    let mut scene = bundled("github").await;
    let tokens = scene.sign_in_elsewhere(&grant(GrantKind::DeviceCode, &["read:user"])).await;
    scene.identify(&tokens, &[]).await;
    scene.nowhere(&["access-token", "client-secret", "credentials", "device-code"], &["read:user"]);
}

/// All that each can do: a whole connection, from the sign-in to its end.
#[tokio::test]
async fn no_secret_of_a_connection_to_any_bundled_service() {
    let mut services = 0;
    for (id, source) in jeton_bundle::ids().filter_map(|id| Some((id, jeton_bundle::manifest(id)?))) {
        let manifest = Manifest::parse(source).unwrap();
        let drops_state = Facts::shipped(id).unwrap().unwrap().authorize.drops_state;
        let redirect = match id {
            "sharefile" => "https://app.example/callback".to_owned(),
            // Its code is copied.
            _ if drops_state => String::new(),
            _ => manifest.callback.redirect_uri(Some(47_800)),
        };
        let mut scene = bundled(id).await;
        let first = scene.sign_in(&grant(GrantKind::AuthorizationCode, &[]), &redirect).await;
        scene.identify(&first, &[]).await;
        let mut kinds = vec!["access-token", "client-secret", "code"];
        let latest = if first.refresh.is_some() {
            kinds.push("refresh-token");
            let second = scene.refresh(&first).await;
            scene.refresh_is_refused(&first).await;
            second
        } else {
            first.clone()
        };
        if manifest.endpoints.contains_key("revoke") {
            let refresh = latest.refresh.clone().or(first.refresh);
            scene.revoke(&CurrentTokens { refresh, ..current(&latest) }).await;
        }
        let open: Vec<_> = Some(redirect.as_str()).into_iter().filter(|redirect| !redirect.is_empty()).collect();
        scene.nowhere(&kinds, &open);
        services += 1;
    }
    assert!(services >= 24, "{services}");
}

/// A service to which clients prove themselves by what they sign.
const FACTS: &str = r#"
name = "Acme"
issuer = "https://acme.example"
client-auth = ["private_key_jwt", "client_secret_jwt"]
par = "required"

[endpoints]
authorize = "https://acme.example/authorize"
token = "https://acme.example/token"
revoke = "https://acme.example/revoke"
par = "https://acme.example/par"

[authorize]
pkce = "required"

[request]
grants = ["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"]

[[calls]]
url = "https://acme.example/me"
answer = { sub = "{id}", email = "{login}" }
"#;

const MANIFEST: &str = r#"
id = "acme"
name = "Acme"
version = "1.0.0"
contract = "0.1"
component = "oauth2"
summary = "Anvils"
issuer = "https://acme.example"
grants = ["authorization-code", "client-credentials", "jwt-bearer", "token-exchange"]

[secrets.client-secret]
name = "Client Secret"

[secrets.private-key]
name = "Private key"

[signs]
client-secret = ["HS256"]
private-key = ["RS256"]

[endpoints.authorize]
url = "https://acme.example/authorize"
browser = true

[endpoints.par]
url = "https://acme.example/par"
accepts = ["assertion"]
captures = {}
reveals = ["/request_uri"]

[endpoints.token]
url = "https://acme.example/token"
accepts = ["assertion", "code", "code-verifier", "refresh-token", "access-token"]
captures = { access-token = "/access_token", refresh-token = "/refresh_token", id-token = "/id_token" }

[endpoints.revoke]
url = "https://acme.example/revoke"
accepts = ["assertion", "refresh-token", "access-token"]

[endpoints.userinfo]
url = "https://acme.example/me"
accepts = ["access-token"]

[callback]
redirect = "http://127.0.0.1/callback"
port = 47800

[protocol.client]
authentication = "private-key-jwt"

[guide]
text = "1. Enter {redirect_uri}."
"#;

async fn signing(registered: GenericClient, manifest: &str, secrets: &[(&'static str, &str)]) -> Scene {
    let emulator = started(Facts::parse(FACTS).unwrap(), registered).await;
    Scene::with(&jeton_bundle::declarative(manifest), emulator, client(ID, secrets, &[])).await
}

/// Signs in and refreshes, exchanges what came, and has a token of the client's own. What the sign-in brought, and the refresh.
async fn every_grant(scene: &mut Scene) -> (Tokens, Tokens) {
    let first = scene.sign_in(&grant(GrantKind::AuthorizationCode, &["openid", "read:all"]), REDIRECT).await;
    scene.identify(&first, &[]).await;
    let second = scene.refresh(&first).await;
    let mut wanted = grant(GrantKind::TokenExchange, &["read:all"]);
    wanted.subject_token = Some(second.access.clone());
    scene.obtain(&wanted).await;
    scene.obtain(&grant(GrantKind::ClientCredentials, &["read:all"])).await;
    (first, second)
}

/// All that a client can do that signs.
async fn everything(mut scene: Scene, kinds: &[&str]) {
    let (first, _) = every_grant(&mut scene).await;
    scene.revoke(&current(&first)).await;
    scene.refresh_is_refused(&first).await;
    let usual = ["access-token", "client-assertion", "code", "code-verifier", "credentials", "id-token", "refresh-token", "subject-token"];
    scene.nowhere(&[&usual, kinds].concat(), &[REDIRECT, "https://acme.example", "read:all"]);
}

#[tokio::test]
async fn no_secret_of_a_client_that_signs_with_its_key() {
    let registered = GenericClient::public(ID).public_key(&key().public);
    everything(signing(registered, MANIFEST, &[("private-key", &key().private)]).await, &["private-key"]).await;
}

#[tokio::test]
async fn no_secret_of_a_client_that_signs_with_its_secret() {
    let manifest = MANIFEST.replace("\"private-key-jwt\"", "\"client-secret-jwt\"");
    everything(signing(GenericClient::new(ID, SECRET), &manifest, &[("client-secret", SECRET)]).await, &["client-secret"]).await;
}

#[tokio::test]
async fn no_secret_of_a_client_that_shows_a_certificate() {
    let secrets = "[secrets.certificate]\nname = \"Certificate\"\n\n[secrets.private-key]";
    let manifest = MANIFEST
        .replace("\"private-key-jwt\"", "\"tls\"")
        .replace("[secrets.private-key]", secrets)
        .replace("accepts = [\"assertion\"", "client-certificate = true\naccepts = [\"assertion\"");
    let facts = FACTS.replace("[\"private_key_jwt\", \"client_secret_jwt\"]", "[\"tls_client_auth\"]");
    let emulator = started(Facts::parse(&facts).unwrap(), GenericClient::public(ID).certificate(&key().certificate)).await;
    let client = client(ID, &[("certificate", &key().certificate), ("private-key", &key().private)], &[]);
    let mut scene = Scene::with(&jeton_bundle::declarative(&manifest), emulator, client).await;
    let first = scene.sign_in(&grant(GrantKind::AuthorizationCode, &["read:all"]), REDIRECT).await;
    scene.identify(&first, &[]).await;
    scene.refresh(&first).await;
    scene.obtain(&grant(GrantKind::ClientCredentials, &["read:all"])).await;
    scene.revoke(&current(&first)).await;
    scene.refresh_is_refused(&first).await;
    let kinds = ["access-token", "certificate", "code", "code-verifier", "private-key", "refresh-token"];
    scene.nowhere(&kinds, &[REDIRECT, "read:all"]);
}

#[tokio::test]
async fn no_assertion_that_is_the_grant() {
    let registered = GenericClient::public(ID).public_key(&key().public);
    let mut scene = signing(registered, MANIFEST, &[("private-key", &key().private)]).await;
    let mut wanted = grant(GrantKind::JwtBearer, &["read:all"]);
    wanted.subject = Some("ada@example.com".to_owned());
    // This service doesn't know the grant: it is refused, and was sent all the same.
    scene.refused(&wanted).await;
    scene.nowhere(&["assertion", "client-assertion", "private-key"], &["ada@example.com"]);
}

#[tokio::test]
async fn no_proof_and_not_the_key_that_tokens_are_bound_to() {
    let facts = FACTS.replace("client-auth = [\"private_key_jwt\", \"client_secret_jwt\"]", "dpop = \"required\"\ndpop-nonce = true");
    let key = "[secrets.dpop-key]\nname = \"Key\"\ngenerated = true\n\n[signs]\ndpop-key = [\"ES256\"]\n";
    let manifest = MANIFEST
        .replace("[signs]\n", key)
        .replace("\"assertion\"", "\"client-secret\", \"assertion\", \"dpop-proof\"")
        .replace("accepts = [\"access-token\"]", "accepts = [\"access-token\", \"dpop-proof\"]")
        .replace("[protocol.client]\nauthentication = \"private-key-jwt\"", "[protocol.dpop]\nkey = \"dpop-key\"");
    let bound = jeton_runtime::new_key().unwrap();
    let secrets = [("client-secret", SECRET), ("dpop-key", bound.reveal_text().unwrap())];
    let emulator = started(Facts::parse(&facts).unwrap(), GenericClient::new(ID, SECRET)).await;
    let mut scene = Scene::with(&jeton_bundle::declarative(&manifest), emulator, client(ID, &secrets, &[])).await;
    let (first, second) = every_grant(&mut scene).await;
    scene.revoke(&current(&second)).await;
    scene.refresh_is_refused(&first).await;
    let kinds = ["access-token", "client-secret", "code", "code-verifier", "dpop-key", "dpop-proof", "id-token", "refresh-token"];
    scene.nowhere(&kinds, &[REDIRECT, "dpop-nonce https://acme.example"]);
}
