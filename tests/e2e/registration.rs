//! Clients that the service registers itself (RFC 7591).

use jeton_emulator::generic_service::Misbehaviour;
use serde_json::{Value, json};

use crate::discovery::{FACTS, ISSUER, REDIRECT_URI, stage};
use crate::stage::Stage;

const ID: &str = "id-acme-example";

fn shown(stage: &Stage, name: &str) -> Value {
    serde_json::from_str(&stage.jeton(&["clients", "show", name, "--json"]).succeeded().stdout).unwrap()
}

/// What was asked for, the last time.
fn asked(stage: &Stage) -> Value {
    let entries = stage.emulator.journal().entries();
    entries.iter().rfind(|entry| entry.path == "/register").unwrap().json.clone().unwrap()
}

fn says(name: &str, value: Value) -> Misbehaviour {
    Misbehaviour::RegisteredMember(name.to_owned(), value)
}

#[tokio::test]
async fn a_service_registers_a_client_that_then_connects() {
    let (stage, service) = stage(FACTS).await;
    stage.discover(&[ISSUER]);
    let added = stage.jeton(&["clients", "add", ID, "--register"]).succeeded();
    assert!(!added.stderr.contains('!') && added.stderr.contains("Kept the client"), "{added:?}");
    let sent = asked(&stage);
    assert_eq!(sent["redirect_uris"], json!([REDIRECT_URI, "http://127.0.0.1:47800/jeton/id-acme-example/callback"]));
    assert_eq!(sent["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!((&sent["client_name"], &sent["application_type"]), (&json!("Jeton"), &json!("native")));
    let grants = sent["grant_types"].as_array().unwrap();
    assert!(grants.contains(&json!("authorization_code")) && grants.contains(&json!("refresh_token")), "{grants:?}");

    let client = shown(&stage, ID);
    assert_eq!(client["secrets"], json!(["client-secret", "registration-access-token"]));
    let id = client["client_id"].as_str().unwrap();
    assert_eq!(client["settings"]["registration-client-uri"], format!("https://id.acme.example/register/{id}"));
    stage.connect_to(ID, &[]).await.succeeded();
    assert!(service.is_live(&stage.token()));
    // Neither secret is in the store as it is.
    let store = std::fs::read(stage.store()).unwrap();
    for secret in ["emulated-secret", "emulated-registration"] {
        assert!(!store.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn what_the_service_registered_counts_and_not_what_was_asked_for() {
    let (stage, _) = stage(FACTS).await;
    stage.discover(&[ISSUER]);
    let service = stage.emulator.generic("Issuer").unwrap();
    service.misbehave(says("token_endpoint_auth_method", json!("client_secret_post")));
    service.misbehave(says("grant_types", json!(["authorization_code"])));
    service.misbehave(says("redirect_uris", json!([REDIRECT_URI])));
    service.misbehave(says("client_secret_expires_at", json!(1_900_000_000)));
    let added = stage.jeton(&["clients", "add", ID, "--register"]).succeeded();
    for words in [
        "lacks the grant refresh_token",
        "lacks the redirect URI http://127.0.0.1:47800/jeton/id-acme-example/callback",
        "The client secret ends at 2030-03-17T17:46:40Z",
    ] {
        assert!(added.stderr.contains(words), "{words:?} is not in:\n{}", added.stderr);
    }
    assert_eq!(shown(&stage, ID)["settings"]["client-authentication"], "post");
    stage.connect_to(ID, &[]).await.succeeded();
    stage.jeton(&["refresh", "work-box"]).succeeded();
    for entry in stage.emulator.journal().entries().iter().filter(|entry| entry.path == "/token") {
        let in_form = entry.form.iter().any(|(name, _)| name == "client_secret");
        assert!(in_form && entry.authorization.is_none(), "{entry:?}");
    }
}

#[tokio::test]
async fn a_registration_that_could_not_be_used_is_not_kept() {
    let (stage, service) = stage(FACTS).await;
    stage.discover(&[ISSUER]);
    let rows = [
        (says("token_endpoint_auth_method", json!("tls_client_auth")), 5, "authenticates by tls_client_auth"),
        (says("client_id", json!("a\u{1b}[2J")), 1, "a client id that can't be one"),
        (says("client_id", json!("")), 5, "registers no client"),
        (says("client_id", Value::Null), 5, "registers no client"),
        (says("client_secret", Value::Null), 2, "needs the Client Secret"),
        (says("padding", json!("x".repeat(100 << 10))), 1, "too large"),
    ];
    for (how, code, what) in rows {
        service.misbehave(how.clone());
        let ran = stage.jeton(&["clients", "add", ID, "--register"]).failed(code, &[what]);
        assert!(!ran.stderr.contains('\u{1b}'), "{how:?}: {ran:?}");
        service.behave();
        assert_eq!(stage.jeton(&["clients", "list", "--json"]).succeeded().stdout.trim(), "[]");
    }
}

#[tokio::test]
async fn a_service_that_registers_whom_it_knows_wants_an_initial_access_token() {
    let facts = FACTS.replacen("name = \"Issuer\"", "name = \"Issuer\"\nregistration-token = \"emulated-initial\"", 1);
    let (stage, _) = stage(&facts).await;
    stage.discover(&[ISSUER]);
    stage.jeton(&["clients", "add", ID, "--register"]).failed(5, &["registers no client", "--initial-access-token-file"]);
    let with = ["clients", "add", ID, "--register", "--initial-access-token-file", "-"];
    stage.jeton_with_input(&with, "emulated-other").failed(5, &["registers no client", "that one isn't accepted"]);
    stage.jeton_with_input(&with, "emulated-initial\n").succeeded();
    assert_eq!(shown(&stage, ID)["secrets"], json!(["client-secret", "registration-access-token"]));
}

#[tokio::test]
async fn a_service_that_registers_nobody_says_why_and_the_person_is_told_what_to_do() {
    let (stage, _) = stage(FACTS).await;
    stage.jeton(&["clients", "add", "box", "--register"]).failed(2, &["no address to register clients at", "--guide"]);
    // The service takes nothing but loopback addresses and https; and ways that it knows.
    let path = stage.home.path().join("provider.toml");
    stage.jeton(&["providers", "add", ISSUER, "--save", path.to_str().unwrap()]).succeeded();
    let manifest = std::fs::read_to_string(&path).unwrap();
    let manifest = manifest.replace("pattern = \"basic|post\"", "pattern = \"basic|post|none\"");
    std::fs::write(&path, manifest).unwrap();
    stage.discover(&[path.to_str().unwrap()]);
    let ran = stage.jeton(&["clients", "add", ID, "--register", "--set", "client-authentication=none"]);
    ran.failed(5, &["isn't known here", "invalid_client_metadata", "register by hand", "--id"]);
    // A port of one's own.
    stage.jeton(&["clients", "add", ID, "--register", "--port", "47801"]).succeeded();
    assert_eq!(asked(&stage)["redirect_uris"], json!(["http://127.0.0.1:47801/jeton/id-acme-example/callback"]));
    // A name that is taken is told before anything is registered.
    let before = stage.emulator.journal().count(|entry| entry.path == "/register");
    assert_ne!(stage.jeton(&["clients", "add", ID, "--register"]).code, 0);
    assert_eq!(stage.emulator.journal().count(|entry| entry.path == "/register"), before);
}

/// The key is made here; the service is told its public half, and both are used from then on.
#[tokio::test]
async fn a_client_that_signs_is_registered_with_the_public_half_of_a_key_that_is_made_here() {
    for (facts, algorithm) in [("", "RS256"), ("\ntoken_endpoint_auth_signing_alg_values_supported = [\"ES256\"]", "ES256")] {
        let facts = FACTS.replacen("\"client_secret_basic\", \"client_secret_post\"", "\"private_key_jwt\"", 1).replacen(
            "[metadata]",
            &format!("[metadata]{facts}"),
            1,
        );
        let (stage, service) = stage(&facts).await;
        stage.discover(&[ISSUER]);
        let added = stage.jeton(&["clients", "add", ID, "--register"]).succeeded();
        assert!(!added.stderr.contains('!'), "{added:?}");
        let sent = asked(&stage);
        assert_eq!(
            (&sent["token_endpoint_auth_method"], &sent["token_endpoint_auth_signing_alg"]),
            (&json!("private_key_jwt"), &json!(algorithm))
        );
        let keys = sent["jwks"]["keys"].as_array().unwrap();
        assert!(keys.len() == 1 && keys[0]["alg"] == algorithm && keys[0]["d"].is_null(), "{keys:?}");
        assert_eq!(shown(&stage, ID)["secrets"], json!(["private-key", "registration-access-token"]));
        stage.connect_to(ID, &[]).await.succeeded();
        stage.jeton(&["refresh", "work-box"]).succeeded();
        assert!(service.is_live(&stage.token()));
        let store = std::fs::read(stage.store()).unwrap();
        assert!(!store.windows(11).any(|bytes| bytes == b"PRIVATE KEY"), "the key is sealed");
    }
}

/// RFC 7592: the registration goes with the client, and its token goes nowhere else than where clients are registered.
#[tokio::test]
async fn a_registration_is_deleted_where_it_was_made_and_nowhere_else() {
    let (stage, service) = stage(FACTS).await;
    stage.discover(&[ISSUER]);
    let register = ["clients", "add", ID, "--register"];
    let remove = ["clients", "remove", ID, "--deregister"];
    let deletions = || stage.emulator.journal().count(|entry| entry.method == "DELETE");
    service.misbehave(says("registration_client_uri", json!("https://evil.example/register/1")));
    stage.jeton(&register).succeeded();
    service.behave();
    stage.jeton(&remove).failed(6, &["https://evil.example/register/1", "isn't where clients are registered", "Nothing was sent"]);
    stage.jeton(&["clients", "remove", ID]).succeeded();
    assert_eq!(deletions(), 0);

    stage.jeton(&register).succeeded();
    stage.connect_to(ID, &[]).await.succeeded();
    let client = shown(&stage, ID);
    stage.jeton(&remove).failed(1, &["work-box"]);
    assert_eq!(deletions(), 0, "a connection needs it");
    stage.jeton(&["remove", "work-box", "--force"]).succeeded();
    let fault = jeton_emulator::Fault::ServerError(503);
    stage.emulator.faults().inject(
        fault,
        jeton_emulator::Matcher::any().path(&format!("/register/{}", client["client_id"].as_str().unwrap())),
        1,
    );
    stage.jeton(&remove).failed(4, &["status 503", "nothing was forgotten"]);
    stage.jeton(&remove).succeeded();
    assert_eq!(stage.jeton(&["clients", "list", "--json"]).succeeded().stdout.trim(), "[]");
    assert_eq!(deletions(), 2);
    assert!(service.issue_tokens(client["client_id"].as_str().unwrap(), &[]).is_none(), "the service doesn't know it any more");
    // One that was added by hand isn't Jeton's to delete.
    stage.jeton_with_input(&["clients", "add", ID, "--id", "by-hand", "--secret-file", "-"], "a-secret").succeeded();
    stage.jeton(&remove).failed(2, &["it didn't register it", "leave out --deregister"]);
}
