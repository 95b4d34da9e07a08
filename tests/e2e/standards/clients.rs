//! How a client shows who it is, and tokens that need no person.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_emulator::Entry;
use jeton_emulator::generic_service::GenericClient;
use serde_json::Value;

use super::{FACTS, MANIFEST, REDIRECT_URI, Scene, changed, field, names};
use crate::services::keys::key;
use crate::stage::{CLIENT_ID, CLIENT_SECRET};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const POST: &str = "client-auth = [\"client_secret_post\"]";

/// Header and claims of a request's client assertion.
fn assertion(entry: &Entry) -> [Value; 2] {
    let mut parts = field(entry, "client_assertion").split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    [(); 2].map(|()| serde_json::from_slice(&parts.next().unwrap()).unwrap())
}

/// The server takes assertions for its issuer alone, and each once (RFC 7523, and 10070 for the audience).
#[track_caller]
fn check(scene: &Scene, algorithm: &str) {
    let requests = scene.requests("/token");
    assert_eq!(requests.len(), 2);
    let mut ids = vec![];
    for request in &requests {
        assert_eq!((field(request, "client_assertion_type"), field(request, "client_secret")), (TYPE, ""), "{:?}", names(request));
        let [header, claims] = assertion(request);
        assert_eq!(header["alg"], algorithm);
        assert_eq!(
            (&claims["iss"], &claims["sub"], &claims["aud"]),
            (&CLIENT_ID.into(), &CLIENT_ID.into(), &"https://acme.example".into())
        );
        assert!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap() <= 300, "{claims}");
        ids.push(claims["jti"].as_str().unwrap().to_owned());
    }
    assert!(ids[0] != ids[1] && ids[0].len() >= 16, "{ids:?}");
}

fn signing(server: &str) -> String {
    changed(FACTS, &[(POST, &format!("client-auth = [\"{server}\"]\nassertion-audience = \"issuer\""))])
}

#[tokio::test]
async fn a_client_signs_with_its_private_key_for_the_issuer_alone() {
    let scene = Scene::of(vec![signing("private_key_jwt")]).await;
    scene.service().register_client(GenericClient::public(CLIENT_ID).redirect_uri(REDIRECT_URI).public_key(&key().public));
    let secret = "[secrets.private-key]\nname = \"Key\"\n\n[signs]\nprivate-key = [\"RS256\"]\n\n\
        [protocol.client]\nauthentication = \"private-key-jwt\"";
    scene.add(&changed(MANIFEST, &[("[secrets.client-secret]\nname = \"Client Secret\"", secret)]));
    let file = scene.stage.download("key.pem", &key().pkcs8);
    let file = format!("private-key={}", file.display());
    scene.stage.jeton(&["clients", "add", "acme", "--id", CLIENT_ID, "--secret", &file]).succeeded();
    scene.connect(&[]).await.succeeded();
    scene.one("refresh").succeeded();
    check(&scene, "RS256");
}

#[tokio::test]
async fn a_client_signs_with_its_secret_and_does_not_send_it() {
    let scene = Scene::of(vec![signing("client_secret_jwt")]).await;
    let more = "[signs]\nclient-secret = [\"HS256\"]\n\n[protocol.client]\nauthentication = \"client-secret-jwt\"\n\n[guide]";
    scene.add(&changed(MANIFEST, &[("[guide]", more)]));
    scene.add_client("acme", CLIENT_SECRET);
    scene.connect(&[]).await.succeeded();
    scene.one("refresh").succeeded();
    check(&scene, "HS256");
}

#[tokio::test]
async fn id_and_secret_with_odd_characters_get_through_basic_whole() {
    const ID: &str = "an id:with+odd%20&signs=é";
    const SECRET: &str = "a secret:with+odd%41&signs=ü";
    let scene = Scene::of(vec![changed(FACTS, &[(POST, "client-auth = [\"client_secret_basic\"]")])]).await;
    scene.service().register_client(GenericClient::new(ID, SECRET).redirect_uri(REDIRECT_URI));
    scene.add(&changed(MANIFEST, &[("[guide]", "[protocol.client]\nauthentication = \"basic\"\n\n[guide]")]));
    scene.stage.jeton_with_input(&["clients", "add", "acme", "--id", ID, "--secret-file", "-"], SECRET).succeeded();
    scene.connect(&[]).await.succeeded();
    let request = scene.requests("/token").pop().unwrap();
    assert!(request.authorization.as_deref().unwrap().starts_with("Basic "));
    assert!(!names(&request).contains(&"client_secret") && !names(&request).contains(&"client_id"), "{:?}", names(&request));
}

#[tokio::test]
async fn a_client_gets_a_token_for_itself_and_another_one_when_it_is_over() {
    let scene = Scene::new().await;
    let own = ["connect", "acme", "--name", "one", "--client-credentials", "--scope", "a"];
    scene.stage.jeton(&own).succeeded();
    let before = scene.token();
    assert!(scene.service().is_live(&before));
    scene.one("refresh").succeeded();
    assert_ne!(scene.token(), before);
    let requests = scene.requests("/token");
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(names(&request), ["grant_type", "scope", "client_id", "client_secret"]);
        assert_eq!((field(&request, "grant_type"), field(&request, "scope")), ("client_credentials", "a"));
    }
}

#[tokio::test]
async fn a_token_is_exchanged_for_an_access_token_and_for_nothing_else() {
    let scene = Scene::new().await;
    scene.connect(&["--scope", "a,b"]).await.succeeded();
    let exchange = ["connect", "acme", "--name", "two", "--exchange", "one", "--scope", "a"];
    scene.answer(r#"{"access_token":"an-id-token","token_type":"N_A","issued_token_type":"urn:ietf:params:oauth:token-type:id_token"}"#);
    let ran = scene.stage.jeton(&exchange);
    assert!(ran.code == 1 && ran.stderr.contains("token"), "{ran:?}");
    scene.answer(r#"{"access_token":"an-id-token","token_type":"Bearer","issued_token_type":"urn:ietf:params:oauth:token-type:id_token"}"#);
    let ran = scene.stage.jeton(&exchange);
    assert!(ran.code == 1 && ran.stderr.contains("urn:ietf:params:oauth:token-type:id_token"), "{ran:?}");

    scene.stage.jeton(&exchange).succeeded();
    let request = scene.requests("/token").pop().unwrap();
    assert_eq!((field(&request, "subject_token"), field(&request, "subject_token_type")), (&*scene.token(), ACCESS_TOKEN));
    let two = scene.stage.jeton(&["token", "two"]).succeeded().stdout.trim().to_owned();
    assert!(two != scene.token() && scene.service().is_live(&two));
}

#[tokio::test]
async fn a_revocation_names_both_tokens_and_what_they_are() {
    let both = ("[guide]", "[protocol.revoke]\ntoken = \"both\"\nhint = true\n\n[guide]");
    let scene = Scene::with(&[], &[both]).await;
    scene.connect(&[]).await.succeeded();
    let token = scene.token();
    // RFC 7009, 2.2.1: the token still exists.
    let fault = jeton_emulator::Fault::ServerError(503);
    scene.stage.emulator.faults().inject(fault, jeton_emulator::Matcher::any().path("/revoke"), 1);
    scene.one("revoke").failed(4, &["later"]);
    assert_eq!(scene.token(), token);
    scene.one("revoke").succeeded();
    let sent: Vec<_> = scene.requests("/revoke").iter().skip(1).map(|one| field(one, "token_type_hint").to_owned()).collect();
    assert_eq!(sent, ["refresh_token", "access_token"]);
    assert!(!scene.service().is_live(&token));
}

/// RFC 7009, 2.2: a token that the server doesn't know is no error.
#[tokio::test]
async fn what_was_revoked_elsewhere_is_over_here_too() {
    let scene = Scene::connected().await;
    let refresh = scene.requests("/token")[0].clone();
    assert_eq!(field(&refresh, "grant_type"), "authorization_code");
    let token = scene.token();
    let form = [("token", &*token), ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];
    assert_eq!(scene.stage.emulator.client().post("https://acme.example/revoke", &form).await.unwrap().status(), 200);
    scene.one("revoke").succeeded();
    assert_eq!(scene.requests("/revoke").last().unwrap().status, 200);
    assert_eq!(scene.one("token").code, 3);
}
