//! The way through the browser: what is asked, what comes back, and whether it belongs together.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_emulator::Decision;
use jeton_emulator::generic_service::{GenericClient, Misbehaviour};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{FACTS, MANIFEST, Scene, changed, field};
use crate::stage::{CLIENT_ID, CLIENT_SECRET, get};

const RESOURCE: (&str, &str) = ("[guide]", "[protocol]\nresources = [\"https://api.acme.example/\"]\n\n[guide]");

fn asked(url: &str, name: &str) -> Option<String> {
    Url::parse(url).unwrap().query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn what_is_not_the_answer_to_a_sign_in_is_turned_away_and_the_right_one_still_counts() {
    let scene = Scene::new().await;
    let connecting = scene.begin(&[]);
    for how in [Misbehaviour::StateDropped, Misbehaviour::StateAltered, Misbehaviour::AnswerDoubled] {
        scene.service().misbehave(how.clone());
        let back = scene.consent(&connecting).await;
        assert!(get(back.as_str()).starts_with("HTTP/1.1 400"), "{how:?}");
        scene.service().behave();
    }
    assert!(get(scene.consent(&connecting).await.as_str()).starts_with("HTTP/1.1 200"));
    connecting.finish().succeeded();
    assert_eq!(scene.requests("/token").len(), 1, "only one code was worth an exchange");
}

#[tokio::test]
async fn an_answer_of_another_issuer_or_of_none_is_not_redeemed() {
    let scene = Scene::new().await;
    let wrong =
        ["https://evil.example", "https://acme.example/", "https://ACME.example", ""].map(|issuer| Misbehaviour::IssWrong(issuer.into()));
    for how in wrong.into_iter().chain([Misbehaviour::IssMissing]) {
        let ran = scene.connect_while(how.clone(), &[]).await;
        assert!(ran.code == 1 && ran.stderr.contains("issuer"), "{how:?}: {ran:?}");
    }
    assert_eq!(scene.requests("/token").len(), 0);
    scene.assert_no_connection();
    scene.connect(&[]).await.succeeded();
}

#[tokio::test]
async fn an_issuer_that_is_named_is_compared_where_none_has_to_be() {
    let scene = Scene::with(&[], &[("iss = \"required\"", "iss = \"optional\"")]).await;
    let ran = scene.connect_while(Misbehaviour::IssWrong("https://evil.example".into()), &[]).await;
    assert!(ran.code == 1 && ran.stderr.contains("another issuer"), "{ran:?}");
    scene.connect_while(Misbehaviour::IssMissing, &[]).await.succeeded();
}

/// The same of an attacker.
fn evil(text: &str) -> String {
    text.replace("acme.example", "evil.example").replace("\"Acme\"", "\"Evil\"").replace("\"acme\"", "\"evil\"")
}

/// Acme, and the attacker's server and provider, each with a client.
async fn beside_evil(facts: &str, manifest: &str) -> Scene {
    let scene = Scene::of(vec![facts.to_owned(), evil(FACTS)]).await;
    for (id, manifest) in [("acme", MANIFEST), ("evil", manifest)] {
        scene.add(manifest);
        scene.add_client(id, CLIENT_SECRET);
    }
    scene
}

/// From now on the attacker's page sends everybody on to Acme's, where it asks for a redirect URI of this path.
fn sends_on(scene: &Scene, path: Option<&str>) {
    let (authorize, client_id, path) = ("https://acme.example/authorize".into(), CLIENT_ID.into(), path.map(str::to_owned));
    let evil = scene.stage.emulator.generic("Evil").unwrap();
    evil.behave();
    evil.misbehave(Misbehaviour::SendsOnTo { authorize, client_id, path });
}

/// RFC 9700, 4.4: a server that somebody connects to sends the browser on to an honest one, and waits for the honest one's code.
#[tokio::test]
async fn a_mix_up_brings_the_attacker_no_code() {
    // The attacker writes the manifest too, and needn't name an issuer.
    let silent = evil(MANIFEST).replace("issuer = \"https://evil.example\"\n", "").replace("iss = \"required\"\n", "");
    for (manifest, code, says) in [(evil(MANIFEST), 1, "another issuer"), (silent, 6, "comes from Acme, not from Evil")] {
        let scene = beside_evil(FACTS, &manifest).await;
        // The honest one sends its codes to whatever address is asked for.
        let anywhere = GenericClient::new(CLIENT_ID, CLIENT_SECRET).redirect_uri("http://127.0.0.1/jeton/evil/callback");
        scene.service().register_client(anywhere);
        sends_on(&scene, None);
        let connecting = scene.stage.begin_connect_to("evil", &[]);
        let back = scene.consent(&connecting).await;
        assert_eq!(asked(back.as_str(), "iss").as_deref(), Some("https://acme.example"), "it is the honest server's code");
        get(back.as_str());
        let ran = connecting.finish();
        assert!(ran.code == code && ran.stderr.contains(says), "{ran:?}");
        assert_eq!(scene.requests("/token").len(), 0, "and nobody was sent it");
    }
}

/// The same where the honest server says nothing of itself: its codes come back to a path at which its own provider waits alone.
#[tokio::test]
async fn a_server_that_names_no_issuer_sends_its_codes_to_a_path_that_is_its_providers_alone() {
    let silent = |text: String| text.replace("iss = true\n", "").replace("iss = \"required\"\n", "");
    let manifest = silent(evil(MANIFEST)).replace("issuer = \"https://evil.example\"\n", "");
    let scene = beside_evil(&silent(FACTS.to_owned()), &manifest).await;
    // The attacker's path isn't registered at the honest server.
    sends_on(&scene, None);
    let connecting = scene.stage.begin_connect_to("evil", &[]);
    let page = scene.stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap_err().to_string();
    assert!(page.contains("none of those that are registered"), "{page}");
    // At the honest one's path nobody waits for the attacker, in the browser or at the terminal.
    sends_on(&scene, Some("/jeton/acme/callback"));
    let back = scene.consent(&connecting).await;
    assert!(back.path() == "/jeton/acme/callback" && asked(back.as_str(), "code").is_some() && asked(back.as_str(), "iss").is_none());
    assert_eq!(asked(back.as_str(), "state"), asked(&connecting.url, "state"), "and it has the attacker's state");
    for spelled in
        ["/jeton/acme/callback", "/jeton/evil/../acme/callback", "/jeton/evil/callback/", "/Jeton/Evil/callback", "/%6aeton/evil/callback"]
    {
        let answer = get(&back.as_str().replace("/jeton/acme/callback", spelled));
        assert!(answer.starts_with("HTTP/1.1 404"), "{spelled}: {answer}");
    }
    let pasted =
        scene.stage.paste("evil", &[]).await.failed(2, &["comes back to http://127.0.0.1:47800/jeton/evil/callback", "Nothing was sent"]);
    assert!(!pasted.stderr.contains(&asked(back.as_str(), "code").unwrap()));
    assert_eq!(scene.requests("/token").len(), 0, "and nobody was sent it");
    // The sign-in goes on.
    scene.stage.emulator.generic("Evil").unwrap().behave();
    get(scene.consent(&connecting).await.as_str());
    connecting.finish().succeeded();
    assert_eq!(scene.requests("/token").len(), 1);
}

#[tokio::test]
async fn each_sign_in_has_a_state_and_a_verifier_of_its_own_and_s256_binds_them() {
    let scene = Scene::new().await;
    let mut seen = vec![];
    for _ in 0..3 {
        let connecting = scene.begin(&["--replace"]);
        let (state, challenge) = (asked(&connecting.url, "state").unwrap(), asked(&connecting.url, "code_challenge").unwrap());
        assert_eq!(asked(&connecting.url, "code_challenge_method").as_deref(), Some("S256"));
        get(scene.consent(&connecting).await.as_str());
        connecting.finish().succeeded();
        let request = scene.requests("/token").pop().unwrap();
        let verifier = field(&request, "code_verifier").to_owned();
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        assert!((43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved), "{verifier}");
        assert_eq!(challenge, URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier)));
        assert!(state.len() >= 43, "256 bits: {state}");
        seen.extend([state, verifier]);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 6);
}

#[tokio::test]
async fn a_server_that_knows_no_pkce_is_not_asked_again_without_it() {
    let scene = Scene::with(&[("pkce = \"required\"", "pkce = \"refused\"")], &[]).await;
    let ran = scene.connect(&[]).await;
    assert!(ran.code == 1 && ran.stderr.contains("PKCE isn't known here"), "{ran:?}");
    assert!(scene.requests("/authorize").iter().all(|entry| entry.query.as_deref().unwrap().contains("code_challenge=")));
    assert_eq!(scene.requests("/token").len(), 0);
}

/// The system's own list of ports, in hexadecimal and with the address's bytes turned round.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_port_is_open_to_this_machine_alone() {
    const LISTENS: &str = "0A";
    const LOOPBACK: [&str; 2] = ["0100007F", "00000000000000000000000001000000"];
    let scene = Scene::new().await;
    let connecting = scene.begin(&[]);
    let port = Url::parse(&asked(&connecting.url, "redirect_uri").unwrap()).unwrap().port().unwrap();
    let mut open = vec![];
    for list in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in std::fs::read_to_string(list).unwrap_or_default().lines().skip(1) {
            let words: Vec<_> = line.split_whitespace().collect();
            let (address, at) = words[1].split_once(':').unwrap();
            if words[3] == LISTENS && at == format!("{port:04X}") {
                open.push(address.to_owned());
            }
        }
    }
    connecting.stop();
    assert!(!open.is_empty() && open.iter().all(|address| LOOPBACK.contains(&address.as_str())), "{open:?}");
}

#[tokio::test]
async fn a_request_is_pushed_where_the_server_wants_that_and_the_address_says_nothing_of_it() {
    let par = "[endpoints.par]\nurl = \"https://acme.example/par\"\naccepts = [\"client-secret\"]\n\
        captures = {}\nreveals = [\"/request_uri\"]\n\n";
    let manifest = [("[endpoints.userinfo]", &*format!("{par}[endpoints.userinfo]"))];
    let scene = Scene::with(&[("client-auth =", "par = \"required\"\nclient-auth =")], &manifest).await;
    for _ in 0..2 {
        let connecting = scene.begin(&["--scope", "read", "--replace"]);
        for hidden in ["scope", "redirect_uri", "code_challenge", "response_type"] {
            assert_eq!(asked(&connecting.url, hidden), None);
        }
        get(scene.consent(&connecting).await.as_str());
        connecting.finish().succeeded();
    }
    let pushed = scene.requests("/par");
    assert!(pushed.len() == 2 && pushed.iter().all(|one| field(one, "scope") == "read" && field(one, "client_secret") == CLIENT_SECRET));
    // Without the endpoint in the manifest nothing is pushed, and the server wants nothing else.
    let scene = Scene::with(&[("client-auth =", "par = \"required\"\nclient-auth =")], &[]).await;
    let connecting = scene.begin(&[]);
    let page = scene.stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap_err();
    assert!(page.to_string().contains("must be pushed first"), "{page}");
    connecting.stop();
}

#[tokio::test]
async fn a_token_is_asked_for_the_resource_of_the_manifest_and_another_one_is_refused() {
    let here = ("client-auth =", "resources = [\"https://api.acme.example/\"]\nclient-auth =");
    let scene = Scene::with(&[here], &[RESOURCE]).await;
    let connecting = scene.begin(&[]);
    assert_eq!(asked(&connecting.url, "resource").as_deref(), Some("https://api.acme.example/"));
    get(scene.consent(&connecting).await.as_str());
    connecting.finish().succeeded();
    scene.one("refresh").succeeded();
    assert!(scene.requests("/token").iter().all(|request| field(request, "resource") == "https://api.acme.example/"));

    let elsewhere = ("client-auth =", "resources = [\"https://other.example/\"]\nclient-auth =");
    let ran = Scene::with(&[elsewhere], &[RESOURCE]).await.connect(&[]).await;
    assert!(ran.code == 1 && ran.stderr.contains("invalid_target"), "{ran:?}");
}

#[tokio::test]
async fn details_of_an_authorization_are_passed_on_as_they_are() {
    let options = ("[guide]", "[protocol.authorize]\noptions = [\"authorization_details\"]\n\n[guide]");
    let scene = Scene::with(&[], &[options]).await;
    let details = r#"[{"type":"payment","amount":"1.00"}]"#;
    let connecting = scene.begin(&["--option", &format!("authorization_details={details}")]);
    assert_eq!(asked(&connecting.url, "authorization_details").as_deref(), Some(details));
    connecting.stop();
    assert!(!changed(MANIFEST, &[]).contains("authorization_details"), "only a manifest that says so lets it through");
}
