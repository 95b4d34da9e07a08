//! OpenID Connect: the nonce, and what an ID token must say; pushed requests; and whose token it is, by introspection.

use jeton_emulator::Decision;
use jeton_emulator::generic_service::{BadIdToken, GenericClient, GenericService, Misbehaviour};

use crate::discovery::{FACTS, ISSUER, REDIRECT_URI, stage};
use crate::stage::{CLIENT_ID, CLIENT_SECRET, Stage, get};

const ID: &str = "id-acme-example";

/// A home with the issuer and a client of it.
async fn with_client(facts: &str) -> (Stage, GenericService) {
    let (stage, service) = stage(facts).await;
    let client = GenericClient::new(CLIENT_ID, CLIENT_SECRET);
    service.register_client(client.redirect_uri(REDIRECT_URI));
    stage.discover(&[ISSUER]);
    stage.jeton_with_input(&["clients", "add", ID, "--id", CLIENT_ID, "--secret-file", "-"], CLIENT_SECRET).succeeded();
    (stage, service)
}

fn pushing() -> String {
    FACTS.replacen("name = \"Issuer\"", "name = \"Issuer\"\npar = \"required\"", 1).replacen(
        "register = ",
        "par = \"https://id.acme.example/par\"\nregister = ",
        1,
    )
}

fn query(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(url).unwrap();
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_nonce_goes_with_openid_and_never_twice() {
    let (stage, _) = with_client(FACTS).await;
    let connecting = [stage.begin_connect_to(ID, &[]), stage.begin_connect_to(ID, &[])];
    let nonces = connecting.map(|connecting| {
        let nonce = query(&connecting.url, "nonce").unwrap();
        connecting.stop();
        nonce
    });
    assert!(nonces[0] != nonces[1] && nonces[0].len() == 43, "{nonces:?}");
    let connecting = stage.begin_connect_to(ID, &["--scope", "files"]);
    assert_eq!(query(&connecting.url, "nonce"), None);
    connecting.stop();
}

#[tokio::test]
async fn tokens_come_with_an_id_token_of_this_sign_in_or_not_at_all() {
    for facts in [FACTS.to_owned(), pushing()] {
        let (stage, service) = with_client(&facts).await;
        for (bad, what) in [
            (BadIdToken::Nonce, "belongs to another sign-in"),
            (BadIdToken::NonceMissing, "belongs to another sign-in"),
            (BadIdToken::Audience, "is for another client"),
            (BadIdToken::Issuer, "is from another issuer"),
            (BadIdToken::Expired, "has expired"),
        ] {
            service.misbehave(Misbehaviour::IdToken(bad));
            let ran = stage.connect_to(ID, &[]).await;
            assert!(ran.code != 0 && ran.stderr.contains(&format!("the ID token {what}")), "{bad:?}: {ran:?}");
            assert_eq!(stage.jeton(&["list", "--json"]).succeeded().stdout.trim(), "[]");
            service.behave();
        }
        stage.connect_to(ID, &[]).await.succeeded();
        // A refreshed ID token has no nonce, and needs none.
        stage.jeton(&["refresh", "work-box"]).succeeded();
    }
}

#[tokio::test]
async fn a_service_that_answers_no_nonce_is_asked_without_one() {
    let (stage, service) = stage(FACTS).await;
    service.register_client(GenericClient::new(CLIENT_ID, CLIENT_SECRET).redirect_uri(REDIRECT_URI));
    let path = stage.home.path().join("provider.toml");
    stage.jeton(&["providers", "add", ISSUER, "--save", path.to_str().unwrap()]).succeeded();
    let manifest = std::fs::read_to_string(&path).unwrap() + "\n[protocol.authorize]\nnonce = \"off\"\n";
    std::fs::write(&path, manifest).unwrap();
    stage.discover(&[path.to_str().unwrap()]);
    stage.jeton_with_input(&["clients", "add", ID, "--id", CLIENT_ID, "--secret-file", "-"], CLIENT_SECRET).succeeded();
    service.misbehave(Misbehaviour::IdToken(BadIdToken::NonceMissing));
    stage.connect_to(ID, &[]).await.succeeded();
    let asked = stage.emulator.journal().entries().into_iter().find(|entry| entry.path == "/authorize").unwrap();
    assert!(!asked.query.unwrap().contains("nonce"));
}

#[tokio::test]
async fn a_request_that_is_pushed_holds_what_is_reserved_and_the_address_refers_to_it() {
    let (stage, service) = with_client(&pushing()).await;
    let connecting = stage.begin_connect_to(ID, &["--name", "work-box"]);
    let pushed = stage.emulator.journal().entries().into_iter().find(|entry| entry.path == "/par").unwrap();
    let field = |name: &str| pushed.form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    assert_eq!(field("state"), query(&connecting.url, "state"));
    assert!(field("redirect_uri").unwrap().starts_with("http://127.0.0.1:") && field("nonce").is_some(), "{pushed:?}");
    assert!(query(&connecting.url, "request_uri").is_some());
    for name in ["redirect_uri", "scope", "code_challenge", "nonce"] {
        assert_eq!(query(&connecting.url, name), None, "{name}");
    }
    let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    get(back.as_str());
    connecting.finish().succeeded();
    assert!(service.is_live(&stage.token()));
}

#[tokio::test]
async fn introspection_says_whose_token_it_is_where_nothing_else_does() {
    let facts = FACTS.split("[[calls]]").next().unwrap();
    let (stage, service) = with_client(facts).await;
    stage.connect_to(ID, &[]).await.succeeded();
    let tested = stage.jeton(&["test", "work-box", "--json"]).succeeded().stdout;
    assert!(tested.contains("ada@example.com") && tested.contains("1000000001"), "{tested}");
    let asked = stage.emulator.journal().entries().into_iter().rfind(|entry| entry.path == "/introspect").unwrap();
    assert!(asked.authorization.unwrap().starts_with("Basic "));
    assert!(asked.form.contains(&("token_type_hint".to_owned(), "access_token".to_owned())));
    // A token that isn't active is refreshed once, as an expired one is.
    let before = stage.token();
    assert_eq!(service.expire_access_tokens(), 1);
    stage.jeton(&["test", "work-box"]).succeeded();
    assert_ne!(stage.token(), before);
    // The client's own tokens are nobody else's.
    stage.jeton(&["connect", ID, "--client-credentials", "--name", "own"]).succeeded();
    assert!(stage.jeton(&["test", "own"]).succeeded().stdout.contains(CLIENT_ID));
}
