//! What is refused: by the server where the key is missing, and by Jeton where the server gives less than it was asked for.

use http::Request;
use http::header::AUTHORIZATION;
use jeton_emulator::generic_service::{GenericClient, Misbehaviour};
use jeton_runtime::Secret;
use jeton_vault::{KeySource, Vault};

use super::{PLAIN, REDIRECT_URI, Scene, WITH_NONCES, manifest, server};
use crate::stage::{CLIENT_ID, get};

const ME: &str = "https://api.acme.example/me";

impl Scene {
    async fn vault(&self) -> Vault {
        Vault::open_existing(&self.stage.store(), KeySource::File(self.stage.key())).await.unwrap()
    }
}

#[tokio::test]
async fn a_nonce_that_is_never_right_is_tried_twice_and_no_more() {
    let scene = Scene::binding(PLAIN).await;
    let ran = scene.connect_while(Misbehaviour::NonceLoop, &[]).await;
    assert!(ran.code == 1 && ran.stderr.contains("use_dpop_nonce"), "{ran:?}");
    assert_eq!(scene.statuses("/token"), [400, 400]);
    scene.assert_no_connection();

    let scene = Scene::holding(PLAIN).await;
    scene.service().misbehave(Misbehaviour::NonceLoop);
    for (command, path, tried) in [("refresh", "/token", [400, 400]), ("test", "/me", [401, 401])] {
        scene.stage.emulator.journal().clear();
        let ran = scene.one(command);
        assert!(ran.code == 1 && ran.stderr.contains("error: "), "{ran:?}");
        assert_eq!(scene.statuses(path), tried, "{command}");
    }
    scene.stage.emulator.journal().clear();
    let ran = scene.get_me();
    assert!(ran.code == 1 && ran.stderr.contains("status 401"), "{ran:?}");
    assert_eq!((scene.statuses("/me"), scene.statuses("/token")), (vec![401, 401], vec![]), "and no refresh, which is of no use");
    scene.service().behave();
    scene.get_me().succeeded();
    scene.one("refresh").succeeded();
}

#[tokio::test]
async fn whoever_stole_the_tokens_has_nothing_without_the_key() {
    let scene = Scene::holding(WITH_NONCES).await;
    let stolen = scene.token();
    let thief = scene.stage.emulator.client();
    assert_eq!(thief.get_with_token(ME, &stolen).await.unwrap().status(), 401);
    let request = Request::get(ME).header(AUTHORIZATION, format!("DPoP {stolen}")).body(Default::default()).unwrap();
    assert_eq!(thief.send(request).await.unwrap().status(), 401);
    scene.get_me().succeeded();
}

#[tokio::test]
async fn tokens_of_another_key_are_refused_and_a_person_is_told_what_to_do() {
    let scene = Scene::of(vec![server("client-auth = [\"none\"]\ndpop = \"required\"")]).await;
    scene.service().register_client(GenericClient::public(CLIENT_ID).redirect_uri(REDIRECT_URI));
    scene.add(&manifest(""));
    scene.stage.jeton(&["clients", "add", "acme", "--id", CLIENT_ID]).succeeded();
    scene.connect(&[]).await.succeeded();
    let (vault, name) = (scene.vault().await, "acme".parse().unwrap());
    let right = vault.client(&name).await.unwrap();
    let mut other = right.clone();
    other.secrets.insert("dpop-key".to_owned(), Secret::new("dpop-key", jeton_runtime::new_key().unwrap().reveal()));
    vault.replace_client(&name, &other).await.unwrap();
    let ran = scene.get_me();
    let advice = "the tokens are bound to another key: sign in again";
    assert!(ran.code == 1 && ran.stderr.contains("invalid_dpop_proof") && ran.stderr.contains(advice), "{ran:?}");

    let mut none = right.clone();
    none.secrets.remove("dpop-key");
    vault.replace_client(&name, &none).await.unwrap();
    scene.stage.emulator.journal().clear();
    scene.get_me().failed(1, &["the client has no dpop-key", "Add another client"]);
    assert_eq!(scene.stage.emulator.journal().entries().len(), 0, "nothing is sent");
}

#[tokio::test]
async fn a_bearer_token_is_not_taken_where_a_bound_one_was_asked_for() {
    let scene = Scene::binding(PLAIN).await;
    for given in [Some("Bearer"), Some("bearer"), None] {
        let ran = scene.connect_while(Misbehaviour::TokenType(given.map(str::to_owned)), &[]).await;
        assert!(ran.code == 1 && ran.stderr.contains("bearer token") && ran.stderr.contains("bearer = true"), "{given:?}: {ran:?}");
        scene.assert_no_connection();
    }
    scene.connect_while(Misbehaviour::TokenType(Some("dpop".to_owned())), &[]).await.succeeded();
    scene.service().misbehave(Misbehaviour::TokenType(Some("Bearer".to_owned())));
    let ran = scene.one("refresh");
    assert!(ran.code == 1 && ran.stderr.contains("bearer token"), "{ran:?}");
}

#[tokio::test]
async fn a_manifest_may_leave_it_to_the_service() {
    let facts = server("client-auth = [\"client_secret_post\"]\ndpop = \"off\"");
    let scene = Scene::bound(&facts, &manifest("bearer = true")).await;
    scene.connect(&[]).await.succeeded();
    assert_eq!(scene.as_json(&[])["token_type"], "Bearer");
    scene.stage.jeton(&["token", "one", "--format", "header"]).succeeded();
    scene.get_me().succeeded();
    scene.one("test").succeeded();
    assert!(scene.requests("/token").iter().all(|entry| entry.headers.iter().any(|(name, _)| name == "dpop")));
    let shown = scene.requests("/me");
    assert!(shown.iter().all(|entry| entry.headers.iter().all(|(name, _)| name != "dpop")));
    assert!(shown.len() == 3 && shown.iter().all(|entry| entry.authorization.as_deref().unwrap().starts_with("Bearer ")));
}

#[tokio::test]
async fn no_proof_and_not_the_key_is_in_a_log() {
    let scene = Scene::binding(WITH_NONCES).await;
    let connecting = scene.begin(&["-vv"]);
    get(scene.consent(&connecting).await.as_str());
    let mut said = connecting.finish().succeeded().stderr;
    for arguments in
        [&["refresh", "one", "-vv"][..], &["test", "one", "-vv"], &["request", "one", "GET", "me", "-vv"], &["revoke", "one", "-vv"]]
    {
        let ran = scene.stage.jeton(arguments).succeeded();
        said.push_str(&ran.stdout);
        said.push_str(&ran.stderr);
    }
    assert!(said.contains("api.acme.example"), "it does trace: {said}");
    let entries = scene.stage.emulator.journal().entries();
    let proofs: Vec<_> = entries.iter().flat_map(|entry| &entry.headers).filter(|(name, _)| name == "dpop").collect();
    assert!(proofs.len() >= 7, "{proofs:?}");
    for part in proofs.iter().flat_map(|(_, proof)| proof.split('.').skip(1)) {
        assert!(!said.contains(part), "{part} was said: {said}");
    }
    let client = scene.vault().await.client(&"acme".parse().unwrap()).await.unwrap();
    let key = client.secrets["dpop-key"].reveal_text().unwrap().to_owned();
    let lines: Vec<_> = key.lines().filter(|line| !line.starts_with("-----")).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| line.len() > 20 && !said.contains(line)));
}
