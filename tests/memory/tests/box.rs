//! Connect, identify, refresh and revoke with Box: the component's memory holds none of the secrets afterwards.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use jeton_emulator::{App, Decision, Emulator, Options};
use jeton_memory::Spy;
use jeton_runtime::{Client, CurrentTokens, Grant, GrantKind, Runtime, Secret, Step, Tokens};

const ID: &str = "emulated-client";
const SECRET: &str = "emulated-client-secret";
const REDIRECT: &str = "http://127.0.0.1:4711/callback";

fn current(tokens: &Tokens) -> CurrentTokens {
    let Tokens { access, refresh, scope, extras, .. } = tokens.clone();
    CurrentTokens { access: Some(access), refresh, scope, extras }
}

#[tokio::test]
async fn no_secret_of_connect_refresh_and_revoke_is_in_the_components_memory() {
    let emulator = Emulator::start(Options::default()).await.unwrap();
    emulator.box_service().register_app(App::new(ID, SECRET).redirect_uri("http://127.0.0.1/callback").scopes(&["root_readonly"])).unwrap();
    let spy = Spy::default();
    let runtime = Runtime::builder()
        .host_memory(Arc::new(spy.clone()))
        .resolve(emulator.resolve_arguments().iter().map(|mapping| mapping.parse().unwrap()))
        .trust(emulator.ca_pem())
        .build()
        .unwrap();
    let provider = runtime.load(jeton_bundle::find("box").unwrap().component).await.unwrap();
    let secrets = [("client-secret".to_owned(), Secret::new("client-secret", SECRET))].into();
    let client = Client { id: ID.to_owned(), secrets, ..Client::default() };

    let grant = Grant::new(GrantKind::AuthorizationCode, vec!["root_readonly".to_owned()]);
    let Step::Visit { url, flow } = provider.begin(&client, &grant, &REDIRECT.to_owned()).await.unwrap() else { panic!() };
    let back = emulator.consent(url.as_str(), Decision::Grant).await.unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let returned = flow.returned(back.query().unwrap()).unwrap();
    let Step::Done(first) = provider.resume(&client, &flow, &returned).await.unwrap() else { panic!() };
    let account = provider.identify(&client, &current(&first)).await.unwrap();
    let second = provider.refresh(&client, &current(&first)).await.unwrap();
    // The service echoes what it was sent; the used-up refresh token is refused.
    provider.refresh(&client, &current(&first)).await.unwrap_err();
    provider.authenticate(&client, &current(&second), &vec![]).await.unwrap();
    provider.revoke(&client, &current(&second)).await.unwrap();

    let mut secrets = BTreeSet::from([SECRET.to_owned(), code, flow.verifier.reveal_text().unwrap().to_owned()]);
    for token in [&first.access, &second.access].into_iter().chain(&first.refresh).chain(&second.refresh) {
        secrets.insert(token.reveal_text().unwrap().to_owned());
    }
    assert_eq!(secrets.len(), 7, "client secret, code, verifier, two access and two refresh tokens");
    let memories = spy.memories();
    assert!(memories.len() >= 8, "an instance for each call and the probe: {}", memories.len());
    for secret in &secrets {
        for (index, memory) in memories.iter().enumerate() {
            for encoded in encodings(secret) {
                assert!(!holds(memory, &encoded), "{encoded:?} of {secret:?} is in the memory of instance {index}");
            }
        }
    }
    // The controls: what isn't secret is found, so what is would be.
    let found = |text: &str| memories.iter().filter(|memory| holds(memory, text)).count();
    assert!(found(ID) >= 4 && found(REDIRECT) >= 2 && found(flow.state.reveal_text().unwrap()) == 1);
    assert!(found(&account.id) >= 1);
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
