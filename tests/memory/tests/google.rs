//! Every grant of Google: the component's memory holds none of the secrets afterwards.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use jeton_emulator::google_service::{Client as Registered, ClientKind, ServiceAccount};
use jeton_emulator::{Decision, Emulator, Options};
use jeton_memory::Spy;
use jeton_runtime::{Client, CurrentTokens, Grant, GrantKind, Provider, Runtime, Secret, Step, Tokens};

const ID: &str = "emulated.apps.googleusercontent.com";
const SECRET: &str = "emulated-google-secret";
const REDIRECT: &str = "http://127.0.0.1:4711/callback";
const EMAIL: &str = "robot@emulated-project.iam.gserviceaccount.com";
const CLOUD: &str = "https://www.googleapis.com/auth/cloud-platform";

struct Scene {
    emulator: Emulator,
    provider: Provider,
    spy: Spy,
}

async fn scene(kind: ClientKind) -> Scene {
    let emulator = Emulator::start(Options::default()).await.unwrap();
    emulator.google_service().register_client(Registered::new(ID, SECRET).kind(kind)).unwrap();
    let spy = Spy::default();
    let runtime = Runtime::builder()
        .host_memory(Arc::new(spy.clone()))
        .resolve(emulator.resolve_arguments().iter().map(|mapping| mapping.parse().unwrap()))
        .trust(emulator.ca_pem())
        .build()
        .unwrap();
    let provider = runtime.load(jeton_bundle::find("google").unwrap().component).await.unwrap();
    Scene { emulator, provider, spy }
}

fn client(id: &str, secrets: &[(&'static str, &str)], settings: &[(&str, &str)]) -> Client {
    Client {
        id: id.to_owned(),
        secrets: secrets.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*name, *value))).collect(),
        settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    }
}

fn current(tokens: &Tokens) -> CurrentTokens {
    let Tokens { access, refresh, scope, extras, .. } = tokens.clone();
    CurrentTokens { access: Some(access), refresh, scope, extras }
}

/// What is secret of these tokens.
fn of(tokens: &Tokens) -> Vec<String> {
    let all = [Some(&tokens.access), tokens.refresh.as_ref(), tokens.id_token.as_ref()];
    all.into_iter().flatten().map(|secret| secret.reveal_text().unwrap().to_owned()).collect()
}

/// A line of a key: wherever the whole stood, that would.
fn line(pem: &str) -> String {
    pem.lines().nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn no_secret_of_a_persons_sign_in_is_in_the_components_memory_nor_of_the_key_it_is_bound_to() {
    let Scene { emulator, provider, spy } = scene(ClientKind::Desktop).await;
    let key = jeton_runtime::new_key().unwrap().reveal_text().unwrap().to_owned();
    let client = client(ID, &[("client-secret", SECRET), ("dpop-key", &key)], &[("bind-refresh-token", "yes")]);
    let grant = Grant::new(GrantKind::AuthorizationCode, vec![]);
    let Step::Visit { url, flow } = provider.begin(&client, &grant, &REDIRECT.to_owned()).await.unwrap() else { panic!() };
    let back = emulator.consent(url.as_str(), Decision::Grant).await.unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let returned = flow.returned(back.query().unwrap()).unwrap();
    let Step::Done(first) = provider.resume(&client, &flow, &returned).await.unwrap() else { panic!() };
    let account = provider.identify(&client, &current(&first)).await.unwrap();
    let second = provider.refresh(&client, &current(&first)).await.unwrap();
    // The code was used up.
    provider.resume(&client, &flow, &returned).await.unwrap_err();
    provider.authenticate(&client, &current(&second), &vec![]).await.unwrap();
    let last = CurrentTokens { refresh: first.refresh.clone(), ..current(&second) };
    provider.revoke(&client, &last).await.unwrap();

    let entries = emulator.journal().entries();
    let proofs = entries.iter().flat_map(|entry| &entry.headers).filter(|(name, _)| name == "dpop");
    let signatures: Vec<_> = proofs.map(|(_, proof)| proof.rsplit('.').next().unwrap().to_owned()).collect();
    assert!(signatures.len() >= 4, "{}", signatures.len());
    let verifier = flow.verifier.reveal_text().unwrap().to_owned();
    let own = [SECRET.to_owned(), code, verifier, line(&key)];
    let secrets: BTreeSet<_> = own.into_iter().chain(of(&first)).chain(of(&second)).collect();
    // Client secret, code, verifier, key, two access tokens, a refresh token and two ID tokens: within a second these are the same.
    assert!(matches!(secrets.len(), 8 | 9), "{}", secrets.len());
    nowhere(&spy, &secrets.into_iter().chain(signatures).collect(), &[ID, REDIRECT, &account.id, flow.state.reveal_text().unwrap()]);
}

#[tokio::test]
async fn no_secret_of_a_devices_sign_in_is_in_the_components_memory() {
    let Scene { emulator, provider, spy } = scene(ClientKind::LimitedInput).await;
    let (client, grant) = (client(ID, &[("client-secret", SECRET)], &[]), Grant::new(GrantKind::DeviceCode, vec![]));
    let Step::EnterCode(prompt) = provider.begin(&client, &grant, &REDIRECT.to_owned()).await.unwrap() else { panic!() };
    assert!(matches!(provider.poll(&client, &grant, &prompt.device_code).await.unwrap(), Step::Pending(None)));
    emulator.consent(&format!("{}?user_code={}", prompt.verification_uri, prompt.user_code), Decision::Grant).await.unwrap();
    emulator.clock().advance(std::time::Duration::from_secs(5));
    let Step::Done(tokens) = provider.poll(&client, &grant, &prompt.device_code).await.unwrap() else { panic!() };

    let code = prompt.device_code.reveal_text().unwrap().to_owned();
    let secrets: BTreeSet<_> = [SECRET.to_owned(), code].into_iter().chain(of(&tokens)).collect();
    assert_eq!(secrets.len(), 5);
    nowhere(&spy, &secrets, &[ID, &prompt.user_code]);
}

#[tokio::test]
async fn no_key_and_no_token_of_those_who_are_no_persons_is_in_the_components_memory() {
    let key = openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "");
    let Scene { emulator, provider, spy } = scene(ClientKind::Desktop).await;
    let public = openssl(&["pkey", "-pubout"], &key);
    let account = ServiceAccount::new(EMAIL, "key-1", &public).impersonator(EMAIL);
    emulator.google_service().register_service_account(account);
    let robot = client(EMAIL, &[("private-key", &key)], &[("private-key-id", "key-1")]);
    let grant = Grant::new(GrantKind::JwtBearer, vec![CLOUD.to_owned()]);
    let Step::Done(own) = provider.begin(&robot, &grant, &REDIRECT.to_owned()).await.unwrap() else { panic!() };

    let acting = Grant { subject: Some(EMAIL.to_owned()), ..Grant::new(GrantKind::TokenExchange, vec!["drive".to_owned()]) };
    let acting = Grant { subject_token: Some(own.access.clone()), ..acting };
    let Step::Done(acted) = provider.begin(&robot, &acting, &REDIRECT.to_owned()).await.unwrap() else { panic!() };
    provider.identify(&robot, &current(&acted)).await.unwrap();

    // Of a pool that there isn't: it is refused, and was sent all the same.
    let pool = client("//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a/providers/b", &[], &[]);
    let foreign = Secret::new("assertion", "foreign-token-of-another-provider");
    let exchange = Grant { subject_token: Some(foreign), ..Grant::new(GrantKind::TokenExchange, vec![]) };
    provider.begin(&pool, &exchange, &REDIRECT.to_owned()).await.unwrap_err();

    let sent: Vec<_> = emulator.journal().entries().into_iter().flat_map(|entry| entry.form).collect();
    let assertion = &sent.iter().find(|(name, _)| name == "assertion").unwrap().1;
    let foreign = sent.iter().find(|(name, _)| name == "subject_token").unwrap().1.clone();
    let signature = assertion.rsplit('.').next().unwrap().to_owned();
    let secrets: BTreeSet<_> = [line(&key), signature, foreign].into_iter().chain(of(&own)).chain(of(&acted)).collect();
    assert_eq!(secrets.len(), 5);
    nowhere(&spy, &secrets, &[EMAIL, &pool.id]);
}

fn openssl(arguments: &[&str], input: &str) -> String {
    let mut child =
        Command::new("openssl").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// None of the secrets is in any instance's memory, and what isn't secret is: so they would be found.
#[track_caller]
fn nowhere(spy: &Spy, secrets: &BTreeSet<String>, open: &[&str]) {
    let memories = spy.memories();
    for secret in secrets {
        for (index, memory) in memories.iter().enumerate() {
            for encoded in encodings(secret) {
                assert!(!holds(memory, &encoded), "{encoded:?} of {secret:?} is in the memory of instance {index}");
            }
        }
    }
    for text in open {
        assert!(memories.iter().any(|memory| holds(memory, text)), "{text} isn't found");
    }
}

fn holds(memory: &[u8], text: &str) -> bool {
    memory.windows(text.len()).any(|window| window == text.as_bytes())
}

/// As it is, in hexadecimal, in base64 at its three alignments, backwards.
fn encodings(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let mut all = vec![secret.to_owned(), secret.chars().rev().collect(), bytes.iter().map(|byte| format!("{byte:02x}")).collect()];
    for skip in 0..3 {
        let whole = (bytes.len() - skip) / 3 * 3;
        all.push(STANDARD_NO_PAD.encode(&bytes[skip..skip + whole]));
        all.push(URL_SAFE_NO_PAD.encode(&bytes[skip..skip + whole]));
    }
    all
}
