//! Providers that are a manifest alone: one that a person adds, and those that come with Jeton, each against a service that is made from its
//! vendor's facts.

mod bundled;
mod code;
mod errors;
mod media;
mod storage;
mod work;

use std::fs;

use bundled::stage;
use jeton_emulator::Decision;
use jeton_emulator::generic_service::{Facts, Misbehaviour};

use crate::providers::text;
use crate::stage::{CLIENT_ID, CLIENT_SECRET, Stage, browse};

/// What is particular about Acme, as its documentation would say it.
const FACTS: &str = r#"
name = "Acme"
client-auth = ["client_secret_basic"]
scope-separator = ","
names = { client_id = "app_id" }

[endpoints]
authorize = "https://acme.example/authorize"
token = "https://eu.acme.example/token"
revoke = "https://eu.acme.example/revoke"

[authorize]
required = { duration = "permanent" }
pkce = "required"
redirect = "loopback-port"
callback = { region = "eu" }

[request]
body = ["json"]

[answer]
expires-in = "milliseconds"
fields = { access_token = "data.token", refresh_token = "data.renew" }

[errors]
status = 200
codes = { invalid_grant = "token_gone" }

[[calls]]
url = "https://api.acme.example/me"
scheme = "Acme-token"
answer = { user = { id = "{id}", mail = "{login}" } }
"#;

/// The same for Jeton.
const MANIFEST: &str = r#"
id = "acme"
name = "Acme"
version = "1.0.0"
contract = "0.1"
component = "oauth2"
summary = "Anvils"
grants = ["authorization-code"]

[secrets.client-secret]
name = "Client Secret"
required = true

[extras.region]
name = "Region"
parameter = "region"
pattern = "[a-z]{2}"

[endpoints.authorize]
url = "https://acme.example/authorize"
browser = true

[endpoints.token]
url = "https://{region}.acme.example/token"
accepts = ["client-secret", "code", "code-verifier", "refresh-token"]
captures = { access-token = "/data/token", refresh-token = "/data/renew" }

[endpoints.revoke]
url = "https://{region}.acme.example/revoke"
accepts = ["client-secret", "refresh-token", "access-token"]

[endpoints.api]
url = "https://api.acme.example/"
accepts = ["access-token"]

[callback]
reveals = ["region"]

[protocol.client]
authentication = "basic"

[protocol.request]
body = "json"

[protocol.authorize]
parameters = { duration = "permanent" }
rename = { client_id = "app_id" }

[protocol.scopes]
separator = ","

[protocol.answer]
access-token = "/data/token"
refresh-token = "/data/renew"
expires-unit = "milliseconds"

[protocol.errors]
token_gone = "invalid-grant"

[protocol.revoke]
token = "both"

[protocol.identify]
endpoint = "api"
path = "me"
id = "/user/id"
login = "/user/mail"

[protocol.api]
scheme = "Acme-token"

[guide]
text = "1. Enter {redirect_uri}."
"#;

/// Connects to Acme as a person would.
async fn connect(stage: &Stage, more: &[&str]) {
    stage.jeton_with_input(&["clients", "add", "acme", "--id", CLIENT_ID, "--secret-file", "-"], CLIENT_SECRET).succeeded();
    let connecting = stage.begin_connect_to("acme", &[&["--name", "work-box"], more].concat());
    let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    browse(&back);
    connecting.finish().succeeded();
}

#[tokio::test]
async fn a_person_adds_a_manifest_alone_and_it_works_like_any_provider() {
    let (stage, name) = stage(Facts::parse(FACTS).unwrap()).await;
    let path = stage.home.path().join("provider.toml");
    fs::write(&path, MANIFEST).unwrap();
    let shown = stage.jeton(&["providers", "add", text(&path)]).failed(2, &["no terminal to ask", "without code of its own"]);
    assert!(shown.stderr.contains("have the service change the address of revoke, token, by its Region: must match"), "{shown:?}");
    let digest = shown.stderr.rsplit_once("--digest ").unwrap().1.trim().to_owned();
    stage.jeton(&["providers", "add", text(&path), "--yes", "--digest", &digest]).succeeded();
    connect(&stage, &["--scope", "read"]).await;
    let before = stage.token();
    let service = stage.emulator.generic(&name).unwrap();
    assert!(service.is_live(&before));
    stage.jeton(&["refresh", "work-box"]).succeeded();
    let after = stage.token();
    assert!(after != before && service.is_live(&after));
    assert!(stage.jeton(&["test", "work-box"]).succeeded().stdout.contains("ada@example.com"));
    stage.jeton(&["revoke", "work-box"]).succeeded();
    assert!(!service.is_live(&after));
}

#[tokio::test]
async fn a_folder_with_a_manifest_alone_is_checked_and_what_is_wrong_is_told() {
    let (stage, _) = stage(Facts::parse(FACTS).unwrap()).await;
    let folder = stage.home.path().join("acme");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("provider.toml"), MANIFEST).unwrap();
    let checked = stage.jeton(&["providers", "check", text(&folder)]).succeeded().stdout;
    assert!(checked.contains("it compiles, fits the contract, and starts"), "{checked}");
    fs::write(folder.join("provider.toml"), MANIFEST.replace("\"milliseconds\"", "\"minutes\"")).unwrap();
    stage.jeton(&["providers", "check", text(&folder)]).failed(1, &["no protocol.answer.expires-unit `minutes`", "milliseconds"]);
}

#[tokio::test]
async fn a_file_that_only_says_that_its_code_is_jetons_is_refused() {
    let (stage, _) = stage(Facts::parse(FACTS).unwrap()).await;
    let path = stage.home.path().join("acme.wasm");
    let file = jeton_bundle::declarative(MANIFEST);
    fs::write(&path, &file).unwrap();
    stage.jeton(&["providers", "add", text(&path)]).failed(2, &["no terminal to ask"]);
    let code = jeton_bundle::oauth2();
    let mut other = code.to_vec();
    other.extend_from_slice(&[0, 2, 1, b'x']);
    other.extend_from_slice(&file[code.len()..]);
    fs::write(&path, other).unwrap();
    stage.jeton(&["providers", "add", text(&path)]).failed(6, &["says that its component is Jeton's oauth2", "provider.toml alone"]);
}

/// Adds Acme with more tables, and with a client.
async fn acme(more: &str) -> (Stage, String) {
    let (stage, name) = stage(Facts::parse(FACTS).unwrap()).await;
    let path = stage.home.path().join("provider.toml");
    fs::write(&path, format!("{MANIFEST}\n{more}")).unwrap();
    let shown = stage.jeton(&["providers", "add", text(&path)]).failed(2, &["no terminal to ask"]);
    let digest = shown.stderr.rsplit_once("--digest ").unwrap().1.trim().to_owned();
    stage.jeton(&["providers", "add", text(&path), "--yes", "--digest", &digest]).succeeded();
    (stage, name)
}

#[tokio::test]
async fn advice_is_shown_to_who_checks_a_manifest_and_to_who_meets_the_error() {
    let (stage, name) = acme("[protocol.advice]\ntoken_gone = \"Tell Acme that its anvils are lost\"").await;
    let path = stage.home.path().join("provider.toml");
    let checked = stage.jeton(&["providers", "check", text(&path)]).succeeded().stdout;
    assert!(checked.contains("advice        token_gone → Tell Acme that its anvils are lost"), "{checked}");
    connect(&stage, &[]).await;
    stage.emulator.generic(&name).unwrap().end_all_tokens();
    stage.jeton(&["refresh", "work-box"]).failed(3, &["revoked or too old. Tell Acme that its anvils are lost (token_gone)"]);
    // It stays with the connection.
    stage.jeton(&["token", "work-box", "--min-valid", "10h"]).failed(3, &["its anvils are lost"]);
}

#[tokio::test]
async fn a_service_that_refreshes_only_shortly_before_the_end_isnt_asked_earlier() {
    let asked = |stage: &Stage| stage.emulator.journal().count(|entry| entry.path == "/token");
    let (stage, name) = acme("[lifetimes]\nrefresh-window = 30").await;
    connect(&stage, &[]).await;
    let before = stage.token();
    let left = stage.jeton(&["token", "work-box", "--min-valid", "10h"]).succeeded();
    assert_eq!((left.stdout.trim(), asked(&stage)), (before.as_str(), 1), "for the code alone");
    stage.jeton(&["refresh", "--due"]).succeeded();
    assert_eq!(asked(&stage), 1);
    // One without that word asks for what was wanted.
    let (other, _) = acme("").await;
    connect(&other, &[]).await;
    other.jeton(&["token", "work-box", "--min-valid", "10h"]).succeeded();
    assert_eq!(asked(&other), 2);
    assert!(stage.emulator.generic(&name).unwrap().is_live(&before));
}

#[tokio::test]
async fn a_sign_in_that_grants_less_than_was_asked_for_is_refused_where_all_is_needed() {
    let (stage, name) = acme("").await;
    let needs_all = stage.home.path().join("provider.toml");
    fs::write(&needs_all, MANIFEST.replace("separator = \",\"", "separator = \",\"\ngranted = \"all\"")).unwrap();
    let service = stage.emulator.generic(&name).unwrap();
    service.misbehave(Misbehaviour::ScopeNarrowed("read".to_owned()));
    connect(&stage, &["--scope", "read", "--scope", "write"]).await;
    stage.jeton(&["remove", "work-box", "--force"]).succeeded();
    // To have one check more is nothing to agree to.
    stage.jeton(&["providers", "add", text(&needs_all)]).succeeded();
    let connecting = stage.begin_connect_to("acme", &["--name", "work-box", "--scope", "read", "--scope", "write"]);
    browse(&stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap());
    connecting.finish().failed(3, &["lacks a scope", "Not granted: write"]);
    assert_eq!(stage.jeton(&["list", "--json"]).succeeded().stdout.trim(), "[]");
    service.behave();
    let connecting = stage.begin_connect_to("acme", &["--name", "work-box", "--scope", "read", "--scope", "write"]);
    browse(&stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap());
    connecting.finish().succeeded();
}
