//! Issuers that describe themselves: what becomes of their metadata, and what isn't believed of it.

use std::time::Duration;

use jeton_emulator::generic_service::{Facts, GenericService, Misbehaviour};
use jeton_emulator::{Decision, Emulator, Options};
use serde_json::{Value, json};

use crate::stage::{CLIENT_ID, CLIENT_SECRET, Ran, Stage, get};

pub const ISSUER: &str = "https://id.acme.example";

/// An OpenID provider that has everything.
pub const FACTS: &str = r#"
name = "Issuer"
issuer = "https://id.acme.example"
client-auth = ["client_secret_basic", "client_secret_post"]

[endpoints]
authorize = "https://id.acme.example/authorize"
token = "https://id.acme.example/token"
revoke = "https://id.acme.example/revoke"
introspect = "https://id.acme.example/introspect"
register = "https://id.acme.example/register"
device = "https://id.acme.example/device"
verification = "https://id.acme.example/activate"
jwks = "https://id.acme.example/keys"
openid-configuration = "https://id.acme.example/.well-known/openid-configuration"

[authorize]
pkce = "required"
redirect = "loopback-port"
iss = true

[request]
grants = ["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"]

[metadata]
scopes_supported = ["openid", "email", "offline_access", "files"]
service_documentation = "https://acme.example/docs"

[[calls]]
url = "https://id.acme.example/me"
answer = { sub = "{id}", email = "{login}", name = "{name}" }
"#;

/// An empty home, and a service of these facts.
pub async fn stage(facts: &str) -> (Stage, GenericService) {
    let facts = Facts::parse(facts).unwrap();
    let name = facts.name.clone();
    let options = Options { generic: vec![facts], max_lifetime: Duration::from_secs(120), ..Options::default() };
    let emulator = Emulator::start(options).await.unwrap();
    let service = emulator.generic(&name).unwrap().clone();
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("ca.pem"), emulator.ca_pem()).unwrap();
    (Stage { emulator, home }, service)
}

impl Stage {
    /// What a script is shown that doesn't know the digest, and the digest.
    pub fn shown(&self, arguments: &[&str]) -> (Ran, String) {
        let ran = self.jeton(&[&["providers", "add"], arguments].concat()).failed(2, &["no terminal to ask", "--yes --digest "]);
        let digest = ran.stderr.rsplit_once("--digest ").unwrap().1.trim().to_owned();
        (ran, digest)
    }

    /// Adds what an issuer says of itself.
    pub fn discover(&self, arguments: &[&str]) -> Ran {
        let (_, digest) = self.shown(arguments);
        self.jeton(&[&["providers", "add"], arguments, &["--yes", "--digest", &digest]].concat()).succeeded()
    }

    /// Connects as a person would who grants access.
    pub async fn connect_to(&self, id: &str, more: &[&str]) -> Ran {
        let connecting = self.begin_connect_to(id, &[&["--name", "work-box"], more].concat());
        let back = self.emulator.consent(&connecting.url, Decision::Grant).await.unwrap_or_else(|error| panic!("{id}: {error}"));
        get(back.as_str());
        connecting.finish()
    }
}

/// What stands at a key of a manifest as commands show it.
fn endpoints(stage: &Stage, id: &str) -> Value {
    let shown = stage.jeton(&["providers", "show", id, "--json"]).succeeded().stdout;
    serde_json::from_str::<Value>(&shown).unwrap()["endpoints"].clone()
}

fn client() -> jeton_emulator::generic_service::GenericClient {
    jeton_emulator::generic_service::GenericClient::new(CLIENT_ID, CLIENT_SECRET).redirect_uri(REDIRECT_URI)
}

const ID: &str = "id-acme-example";
pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1/jeton/id-acme-example/callback";

#[tokio::test]
async fn an_issuer_becomes_a_provider_that_a_person_agrees_to_and_uses() {
    let (stage, service) = stage(FACTS).await;
    service.register_client(client());
    let (shown, digest) = stage.shown(&[ISSUER]);
    for words in [
        "id.acme.example 1 (id-acme-example)",
        "described by    https://id.acme.example, without code of its own",
        "https://id.acme.example/authorize\n             opens in your browser; is sent no secret",
        "https://id.acme.example/token\n             is sent: refresh token, code, code verifier, device code, Client Secret\n",
        "https://id.acme.example/revoke\n             is sent: access token, refresh token, Client Secret\n",
        "https://id.acme.example/introspect",
        "https://id.acme.example/register",
        "https://id.acme.example/device",
        "https://id.acme.example/me\n             is sent: access token",
        "it refers to    https://acme.example/docs",
        "Where a device's code is entered isn't said: pages of https://id.acme.example/",
    ] {
        assert!(shown.stderr.contains(words), "{words:?} is not in:\n{}", shown.stderr);
    }
    assert!(!shown.stderr.contains("another host") && stage.kept().is_empty());
    stage.jeton(&["providers", "add", ISSUER, "--yes", "--digest", &digest]).succeeded();
    assert!(stage.jeton(&["providers", "show", ID]).succeeded().stdout.contains("added from https://id.acme.example, SHA-256"));

    stage.jeton_with_input(&["clients", "add", ID, "--id", CLIENT_ID, "--secret-file", "-"], CLIENT_SECRET).succeeded();
    stage.connect_to(ID, &[]).await.succeeded();
    let before = stage.token();
    assert!(service.is_live(&before));
    assert!(stage.jeton(&["test", "work-box"]).succeeded().stdout.contains("ada@example.com"));
    stage.jeton(&["refresh", "work-box"]).succeeded();
    assert!(stage.token() != before && service.is_live(&stage.token()));
    let entries = stage.emulator.journal().entries();
    let asked = entries.iter().find(|entry| entry.path == "/authorize").unwrap().query.clone().unwrap();
    for part in ["scope=openid+email+offline_access", "code_challenge_method=S256", "&nonce="] {
        assert!(asked.contains(part), "{asked}");
    }
    let redeemed = entries.iter().find(|entry| entry.grant_type.as_deref() == Some("authorization_code")).unwrap();
    assert!(redeemed.authorization.as_ref().unwrap().starts_with("Basic "), "{redeemed:?}");
    stage.jeton(&["revoke", "work-box"]).succeeded();
    assert_eq!(stage.jeton(&["token", "work-box"]).code, 3);
}

#[tokio::test]
async fn the_answer_of_the_browser_must_name_the_issuer_where_the_metadata_says_that_it_does() {
    let (stage, service) = stage(FACTS).await;
    service.register_client(client());
    stage.discover(&[ISSUER]);
    stage.jeton_with_input(&["clients", "add", ID, "--id", CLIENT_ID, "--secret-file", "-"], CLIENT_SECRET).succeeded();
    for how in [Misbehaviour::IssMissing, Misbehaviour::IssWrong("https://id.acme.example/".to_owned())] {
        service.misbehave(how.clone());
        let ran = stage.connect_to(ID, &[]).await;
        assert!(ran.code != 0 && ran.stderr.contains("issuer"), "{how:?}: {ran:?}");
        service.behave();
    }
    assert_eq!(stage.emulator.journal().count(|entry| entry.path == "/token"), 0, "no code was sent");
}

#[tokio::test]
async fn oauths_document_stands_before_the_issuers_path() {
    let facts = FACTS
        .replace("issuer = \"https://id.acme.example\"", "issuer = \"https://id.acme.example/one/two\"")
        .replace("openid-configuration = \"https://id.acme.example/.well-known/openid-configuration\"", "")
        .replace("jwks =", "metadata = \"https://id.acme.example/.well-known/oauth-authorization-server/one/two\"\njwks =");
    let (stage, _) = stage(&facts).await;
    stage.discover(&["https://id.acme.example/one/two", "--id", "acme"]);
    assert_eq!(endpoints(&stage, "acme")["token"]["url"], "https://id.acme.example/token");
    let asked: Vec<_> = stage.emulator.journal().entries().into_iter().map(|entry| (entry.path, entry.status)).collect();
    let expected = [("/one/two/.well-known/openid-configuration", 404), ("/.well-known/oauth-authorization-server/one/two", 200)];
    assert_eq!(asked[..2], expected.map(|(path, status)| (path.to_owned(), status)));
    let ran = stage.jeton(&["providers", "add", "https://id.acme.example/one"]);
    ran.failed(1, &["doesn't describe itself", "/one/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/one"]);
}

#[tokio::test]
async fn an_issuer_that_changes_its_mind_is_an_update_that_is_shown_and_asked_about() {
    let (stage, service) = stage(FACTS).await;
    stage.discover(&[ISSUER]);
    let again = stage.jeton(&["providers", "add", ISSUER]).succeeded();
    assert!(again.stderr.contains("is this very file"), "{again:?}");
    service.misbehave(Misbehaviour::MetadataMember("token_endpoint".to_owned(), json!("https://tokens.acme.example/token")));
    let (shown, digest) = stage.shown(&[ISSUER]);
    for words in [
        "It may do more than before",
        "+ has the Client Secret sent to",
        "+ reaches https://tokens.acme.example/token",
        "- reaches https://id.acme.example/token",
        "`token` is at another host than the issuer: tokens.acme.example",
    ] {
        assert!(shown.stderr.to_lowercase().contains(&words.to_lowercase()), "{words:?} is not in:\n{}", shown.stderr);
    }
    assert_eq!(endpoints(&stage, ID)["token"]["url"], "https://id.acme.example/token");
    stage.jeton(&["providers", "add", ISSUER, "--yes", "--digest", &digest]).succeeded();
    assert_eq!(endpoints(&stage, ID)["token"]["url"], "https://tokens.acme.example/token");
}

#[tokio::test]
async fn what_a_document_lies_about_is_not_believed() {
    let (stage, service) = stage(FACTS).await;
    let member = |name: &str, value: Value| Misbehaviour::MetadataMember(name.to_owned(), value);
    let rows = [
        (Misbehaviour::MetadataIssuer("https://evil.example".to_owned()), 6, &["another issuer, `https://evil.example`", "isn't used"][..]),
        (Misbehaviour::MetadataIssuer("https://id.acme.example/".to_owned()), 6, &["jeton providers add https://id.acme.example/"]),
        (Misbehaviour::MetadataIssuer("https://ID.acme.example".to_owned()), 6, &["another issuer"]),
        (Misbehaviour::MetadataIssuer("\u{1b}[2Jhttps://id.acme.example".to_owned()), 6, &["another issuer"]),
        (member("issuer", json!(["https://id.acme.example"])), 6, &["another issuer"]),
        (member("issuer", json!("https://{tenantid}")), 6, &["another issuer"]),
        (Misbehaviour::MetadataRedirect("https://evil.example/.well-known/openid-configuration".to_owned()), 6, &["sends elsewhere"]),
        (Misbehaviour::MetadataRedirect("http://id.acme.example/.well-known/openid-configuration".to_owned()), 6, &["sends elsewhere"]),
        (Misbehaviour::MetadataRedirect("https://id.acme.example/.well-known/openid-configuration".to_owned()), 1, &["to the next"]),
        (member("token_endpoint", json!("http://id.acme.example/token")), 6, &["token_endpoint isn't https", "Nothing was added"]),
        (member("userinfo_endpoint", json!("http://id.acme.example/me")), 6, &["userinfo_endpoint isn't https"]),
        (member("revocation_endpoint", json!("javascript:alert(1)")), 6, &["revocation_endpoint isn't https"]),
        (member("token_endpoint", json!("https://id.acme.example@evil.example/")), 6, &["holds a user name"]),
        (member("token_endpoint", json!("https://id.acme.example/token?to=evil")), 6, &["has a query"]),
        (member("token_endpoint", json!(format!("https://id.acme.example/{}", "a".repeat(400)))), 6, &["too long"]),
        (member("token_endpoint", json!({ "url": "https://id.acme.example/token" })), 6, &["token_endpoint is no address"]),
        (member("token_endpoint", Value::Null), 1, &["no way to get a token"]),
        (member("grant_types_supported", json!(["implicit"])), 1, &["no way to get a token"]),
        (
            member("token_endpoint_auth_methods_supported", json!(["attest_jwt_client_auth", "x\u{1b}[2J"])),
            1,
            &["attest_jwt_client_auth", "client_secret_basic"],
        ),
        (member("padding", json!("x".repeat(300 << 10))), 1, &["too large"]),
    ];
    for (how, code, says) in rows {
        service.misbehave(how.clone());
        let ran = stage.jeton(&["providers", "add", ISSUER]).failed(code, says);
        assert!(!ran.stderr.contains('\u{1b}'), "{how:?}: {ran:?}");
        assert!(stage.kept().is_empty());
        service.behave();
    }
}

#[tokio::test]
async fn what_a_document_says_in_good_faith_stays_text() {
    let (stage, service) = stage(FACTS).await;
    let texts = json!(["openid", "a\"]\nid = \"evil\"", "b\u{1b}[2J", "{redirect_uri}", "x".repeat(300)]);
    service.misbehave(Misbehaviour::MetadataMember("scopes_supported".to_owned(), texts));
    service.misbehave(Misbehaviour::MetadataMember("service_documentation".to_owned(), json!("http://acme.example/\u{1b}")));
    service.misbehave(Misbehaviour::MetadataMember("revocation_endpoint".to_owned(), json!("https://id.acme.example/{setting}/\"x\"")));
    stage.discover(&[ISSUER]);
    let shown: Value = serde_json::from_str(&stage.jeton(&["providers", "show", ID, "--json"]).succeeded().stdout).unwrap();
    let scopes: Vec<_> = shown["scopes"].as_array().unwrap().iter().map(|scope| scope["id"].as_str().unwrap()).collect();
    assert_eq!(scopes, ["openid", "{redirect_uri}"]);
    assert_eq!((&shown["id"], &shown["documentation"]), (&json!(ID), &Value::Null));
    assert_eq!(shown["endpoints"]["revoke"]["url"], "https://id.acme.example/%7Bsetting%7D/%22x%22");
}

#[tokio::test]
async fn the_hosts_rules_for_addresses_hold_for_an_issuer_too() {
    let (stage, _) = stage(FACTS).await;
    for issuer in ["https://127.0.0.1", "https://[::1]", "https://169.254.169.254", "https://localhost"] {
        let ran = stage.jeton(&["providers", "add", issuer, "--id", "x"]);
        assert!(ran.code == 6 && ran.stderr.contains("no public address"), "{issuer}: {ran:?}");
    }
    for text in ["http://id.acme.example", "https://id.acme.example?x=1", "https://u@id.acme.example", "ftp://id.acme.example"] {
        stage.jeton(&["providers", "add", text]).failed(2, &["is not an issuer"]);
    }
    let ran = stage.jeton(&["providers", "add", "https://id.acme.example/.well-known/openid-configuration"]);
    ran.failed(2, &["Name the issuer itself: https://id.acme.example"]);
    stage.jeton(&["providers", "add", "provider.toml", "--id", "x"]).failed(2, &["are for an issuer"]);
    assert_eq!(stage.emulator.journal().count(|_| true), 0);
}

#[tokio::test]
async fn microsofts_template_is_the_issuer_of_many_tenants() {
    let (stage, _) = stage(FACTS).await;
    let (shown, _) = stage.shown(&["https://login.microsoftonline.com/common/v2.0", "--id", "entra"]);
    for words in [
        "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        "`userinfo` is at another host than the issuer: graph.microsoft.com",
        "It doesn't say whether it knows PKCE",
    ] {
        assert!(shown.stderr.contains(words), "{words:?} is not in:\n{}", shown.stderr);
    }
    let ran = stage.jeton(&["providers", "add", "https://login.microsoftonline.com/common", "--id", "entra"]);
    assert_ne!(ran.code, 0);
}

#[tokio::test]
async fn a_manifest_can_be_saved_read_and_added_as_a_file() {
    let (stage, _) = stage(FACTS).await;
    let path = stage.home.path().join("provider.toml");
    let saved = ["providers", "add", ISSUER, "--save", path.to_str().unwrap()];
    stage.jeton(&saved).succeeded();
    assert!(stage.kept().is_empty());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("issuer = \"https://id.acme.example\"") && text.contains("iss = \"required\""), "{text}");
    stage.jeton(&["providers", "check", path.to_str().unwrap()]).succeeded();
    stage.jeton(&saved).failed(1, &["can't write"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    stage.discover(&[path.to_str().unwrap()]);
    assert_eq!(endpoints(&stage, ID)["token"]["url"], "https://id.acme.example/token");
}
