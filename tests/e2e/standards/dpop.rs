//! Tokens that are bound to a key (RFC 9449), of a provider that is a manifest alone.

mod refused;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_emulator::generic_service::{GenericClient, Misbehaviour};
use jeton_emulator::{Decision, Entry};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{FACTS, MANIFEST, REDIRECT_URI, Scene, changed, field};
use crate::stage::{CLIENT_ID, CLIENT_SECRET, Ran, get};

const PLAIN: &str = "client-auth = [\"client_secret_post\"]\ndpop = \"required\"";
const WITH_NONCES: &str = "client-auth = [\"client_secret_post\"]\ndpop = \"required\"\ndpop-nonce = true";

/// The server, with these lines for how clients authenticate and for DPoP.
fn server(lines: &str) -> String {
    changed(FACTS, &[("client-auth = [\"client_secret_post\"]", lines)])
}

/// The provider, with a key, and these lines besides in `[protocol.dpop]`.
fn manifest(more: &str) -> String {
    let key = "[secrets.dpop-key]\nname = \"Key\"\ngenerated = true\n\n[signs]\ndpop-key = [\"ES256\"]\n\n[endpoints.authorize]";
    let api = |name: &str| format!("{name}\"\naccepts = [\"access-token\"]");
    let proven = |name: &str| format!("{name}\"\naccepts = [\"access-token\", \"dpop-proof\"]");
    let [me, all] = ["acme.example/me", "api.acme.example/"];
    let table = format!("[protocol.dpop]\nkey = \"dpop-key\"\n{more}\n\n[guide]");
    changed(
        MANIFEST,
        &[
            ("[endpoints.authorize]", key),
            (
                "\"refresh-token\", \"access-token\"]\ncaptures = { access-token",
                "\"refresh-token\", \"access-token\", \"dpop-proof\"]\ncaptures = { access-token",
            ),
            (&api(me), &proven(me)),
            (&api(all), &proven(all)),
            ("[guide]", &table),
        ],
    )
}

impl Scene {
    /// A server and a provider of bound tokens, and a client.
    async fn binding(lines: &str) -> Self {
        Self::bound(&server(lines), &manifest("")).await
    }

    async fn bound(facts: &str, manifest: &str) -> Self {
        let scene = Self::of(vec![facts.to_owned()]).await;
        scene.add(manifest);
        scene.add_client("acme", CLIENT_SECRET);
        scene
    }

    /// The same with a connection `one`, and nothing in the journal.
    async fn holding(lines: &str) -> Self {
        let scene = Self::binding(lines).await;
        scene.connect(&[]).await.succeeded();
        scene.stage.emulator.journal().clear();
        scene
    }

    fn get_me(&self) -> Ran {
        self.stage.jeton(&["request", "one", "GET", "me"])
    }

    /// How requests to this path were answered since the journal was cleared.
    fn statuses(&self, path: &str) -> Vec<u16> {
        self.requests(path).iter().map(|entry| entry.status).collect()
    }

    fn as_json(&self, more: &[&str]) -> Value {
        serde_json::from_str(&self.stage.jeton(&[&["token", "one", "--json"], more].concat()).succeeded().stdout).unwrap()
    }
}

/// What a request's proof holds: header and claims.
fn proof(entry: &Entry) -> [Value; 2] {
    let (_, proof) = entry.headers.iter().find(|(name, _)| name == "dpop").unwrap_or_else(|| panic!("no proof: {entry:?}"));
    let mut parts = proof.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    [(); 2].map(|()| serde_json::from_slice(&parts.next().unwrap()).unwrap())
}

fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

#[tokio::test]
async fn tokens_are_bound_from_the_sign_in_to_the_end_and_every_request_is_proven() {
    for lines in [PLAIN, WITH_NONCES] {
        let nonces = lines == WITH_NONCES;
        let once = |path: &[u16]| if nonces { path.to_vec() } else { path.iter().copied().filter(|status| *status == 200).collect() };
        let scene = Scene::binding(lines).await;
        let connecting = scene.begin(&[]);
        let named = Url::parse(&connecting.url).unwrap().query_pairs().find(|(name, _)| name == "dpop_jkt").unwrap().1.into_owned();
        get(scene.consent(&connecting).await.as_str());
        assert!(connecting.finish().succeeded().stderr.contains("ada@example.com"));
        // The first time nobody knows the nonce.
        assert_eq!((scene.statuses("/token"), scene.statuses("/me")), (once(&[400, 200]), once(&[401, 200])), "{lines}");
        let first = scene.token();
        scene.one("refresh").succeeded();
        let second = scene.token();
        assert!(first != second && scene.service().is_live(&second));
        let me: Value = serde_json::from_str(&scene.get_me().succeeded().stdout).unwrap();
        assert_eq!(me["email"], "ada@example.com");
        assert!(scene.one("test").succeeded().stdout.contains("ada@example.com"));
        // From then on it is kept, and a server's is no other server's.
        assert_eq!(scene.statuses("/token"), once(&[400, 200, 200]), "{lines}");
        assert_eq!(scene.statuses("/me"), once(&[401, 200, 200, 200]), "{lines}");

        let mut ids = vec![];
        for (path, method, url) in [("/token", "POST", "https://acme.example/token"), ("/me", "GET", "https://api.acme.example/me")] {
            for entry in scene.requests(path) {
                let [header, claims] = proof(&entry);
                let jwk = &header["jwk"];
                let members = format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, jwk["x"], jwk["y"]);
                assert_eq!((header["typ"].as_str(), digest(&members)), (Some("dpop+jwt"), named.clone()));
                assert_eq!((&claims["htm"], &claims["htu"]), (&json!(method), &json!(url)));
                assert_eq!(claims["nonce"].is_string(), nonces && entry.status == 200);
                let shown = entry.authorization.as_deref().map(|header| header.strip_prefix("DPoP ").unwrap());
                assert_eq!(claims["ath"].as_str(), shown.map(digest).as_deref(), "{entry:?}");
                ids.push(claims["jti"].to_string());
            }
        }
        let sent = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert!(ids.len() == sent && sent >= 5, "{ids:?}");

        scene.one("revoke").succeeded();
        assert!(!scene.service().is_live(&second));
    }
}

#[tokio::test]
async fn a_nonce_that_changes_with_each_answer_costs_nothing() {
    let scene = Scene::binding(WITH_NONCES).await;
    scene.service().misbehave(Misbehaviour::NonceOnce);
    scene.connect(&[]).await.succeeded();
    for _ in 0..3 {
        scene.one("refresh").succeeded();
    }
    assert_eq!(scene.statuses("/token"), [400, 200, 200, 200, 200]);
    for _ in 0..3 {
        scene.get_me().succeeded();
    }
    scene.one("test").succeeded();
    assert_eq!(scene.statuses("/me"), [401, 200, 200, 200, 200, 200]);
}

#[tokio::test]
async fn a_nonce_that_grew_old_costs_one_request() {
    let scene = Scene::holding(WITH_NONCES).await;
    scene.service().change_nonce();
    scene.one("refresh").succeeded();
    scene.get_me().succeeded();
    assert_eq!((scene.statuses("/token"), scene.statuses("/me")), (vec![400, 200], vec![401, 200]));
    scene.service().change_nonce();
    scene.one("test").succeeded();
    assert_eq!(scene.statuses("/me"), [401, 200, 401, 200]);
}

#[tokio::test]
async fn what_is_printed_says_how_the_token_is_shown() {
    let scene = Scene::holding(PLAIN).await;
    // Without `-v` a small program answers, with it the whole command; the last one has to refresh first.
    for more in [&[][..], &["-v"], &["--min-valid", "2h"]] {
        let printed = scene.as_json(more);
        assert_eq!(printed["token_type"], "DPoP", "{more:?}");
        assert!(scene.service().is_live(printed["access_token"].as_str().unwrap()));
    }
    assert_eq!(scene.statuses("/token"), [200]);
    for more in [&[][..], &["-v"]] {
        let header = [&["token", "one", "--format", "header"], more].concat();
        scene.stage.jeton(&header).failed(2, &["DPoP", "proof", "jeton request one"]);
    }
}

#[tokio::test]
async fn every_way_to_ask_for_tokens_is_proven() {
    let par = "[endpoints.par]\nurl = \"https://acme.example/par\"\naccepts = [\"client-secret\", \"dpop-proof\"]\n\
        captures = {}\nreveals = [\"/request_uri\"]\n\n[endpoints.userinfo]";
    let facts = changed(&server(WITH_NONCES), &[("dpop-nonce = true", "dpop-nonce = true\npar = \"required\"")]);
    let scene = Scene::bound(&facts, &changed(&manifest(""), &[("[endpoints.userinfo]", par)])).await;
    scene.connect(&["--scope", "a,b"]).await.succeeded();
    // One server has one nonce, at each of its endpoints.
    assert_eq!((scene.statuses("/par"), scene.statuses("/token")), (vec![400, 201], vec![200]));
    let pushed = scene.requests("/par").pop().unwrap();
    assert_eq!(proof(&pushed)[1]["htu"], "https://acme.example/par");
    scene.stage.jeton(&["connect", "acme", "--name", "own", "--client-credentials", "--scope", "a"]).succeeded();
    scene.stage.jeton(&["connect", "acme", "--name", "two", "--exchange", "one", "--scope", "a"]).succeeded();
    let begun = scene.code(|begun| begun["interval"] = 1.into()).await;
    scene.enter(&begun, Decision::Grant).await;
    scene.device(&["--replace"]).succeeded();
    let grants: Vec<_> = scene.requests("/token").into_iter().filter(|entry| entry.status == 200).collect();
    let kinds: Vec<_> = grants.iter().map(|entry| entry.grant_type.clone().unwrap().rsplit(':').next().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["authorization_code", "client_credentials", "token-exchange", "device_code"]);
    for entry in &grants {
        assert_eq!(proof(entry)[1]["htu"], "https://acme.example/token", "{}", field(entry, "grant_type"));
    }
    for name in ["one", "own", "two"] {
        scene.stage.jeton(&["request", name, "GET", "me"]).succeeded();
    }
}

#[tokio::test]
async fn a_bound_token_that_revokes_itself_is_proven_there_too() {
    let facts = format!("{}\n[revocation]\nstyle = \"bearer-post\"\n", server(WITH_NONCES));
    let manifest = changed(
        &manifest(""),
        &[
            (
                "accepts = [\"client-secret\", \"assertion\", \"refresh-token\", \"access-token\"]",
                "accepts = [\"access-token\", \"dpop-proof\"]",
            ),
            ("[protocol.dpop]", "[protocol.revoke]\nstyle = \"bearer-post\"\n\n[protocol.dpop]"),
        ],
    );
    let scene = Scene::bound(&facts, &manifest).await;
    scene.connect(&[]).await.succeeded();
    let token = scene.token();
    scene.one("revoke").succeeded();
    assert_eq!(proof(&scene.requests("/revoke").pop().unwrap())[1]["ath"], digest(&token).as_str());
    assert!(!scene.service().is_live(&token));
}

#[tokio::test]
async fn a_public_clients_tokens_are_bound_as_well() {
    let scene = Scene::of(vec![server("client-auth = [\"none\"]\ndpop = \"required\"")]).await;
    scene.service().register_client(GenericClient::public(CLIENT_ID).redirect_uri(REDIRECT_URI));
    scene.add(&manifest(""));
    scene.stage.jeton(&["clients", "add", "acme", "--id", CLIENT_ID]).succeeded();
    scene.connect(&[]).await.succeeded();
    scene.one("refresh").succeeded();
    scene.get_me().succeeded();
    assert_eq!((scene.statuses("/token"), scene.as_json(&[])["token_type"].as_str()), (vec![200, 200], Some("DPoP")));
}
