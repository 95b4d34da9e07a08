//! What the RFCs ask of a client, through the real command: a provider that is a manifest alone, at a server that keeps to the RFCs except
//! where a test switches that off. `docs/standards.md` has the list.

mod answers;
mod certificates;
mod clients;
mod devices;
mod dpop;
mod sign_in;

use jeton_emulator::generic_service::{Facts, GenericClient, GenericService, Misbehaviour};
use jeton_emulator::{Decision, Emulator, Entry, Options};
use url::Url;

use crate::providers::{replace, text};
use crate::stage::{CLIENT_ID, CLIENT_SECRET, Connecting, Ran, Stage, get};

/// The server.
const FACTS: &str = r#"
name = "Acme"
issuer = "https://acme.example"
client-auth = ["client_secret_post"]

[endpoints]
authorize = "https://acme.example/authorize"
token = "https://acme.example/token"
revoke = "https://acme.example/revoke"
device = "https://acme.example/device"
verification = "https://acme.example/activate"
par = "https://acme.example/par"

[authorize]
pkce = "required"
redirect = "loopback-port"
iss = true

[request]
grants = [
    "authorization_code", "refresh_token", "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange",
]

[refresh]
rotation = "strict"

[[calls]]
url = "https://api.acme.example/me"
answer = { sub = "{id}", email = "{login}", name = "{name}" }
"#;

/// The provider.
const MANIFEST: &str = r#"
id = "acme"
name = "Acme"
version = "1.0.0"
contract = "0.1"
component = "oauth2"
summary = "Anvils"
issuer = "https://acme.example"
grants = ["authorization-code", "device-code", "client-credentials", "token-exchange"]

[secrets.client-secret]
name = "Client Secret"

[endpoints.authorize]
url = "https://acme.example/authorize"
browser = true

[endpoints.activate]
url = "https://acme.example/activate"
browser = true

[endpoints.device]
url = "https://acme.example/device"
accepts = ["client-secret", "assertion"]
captures = { device-code = "/device_code" }
reveals = ["/user_code", "/verification_uri", "/verification_uri_complete", "/interval"]

[endpoints.token]
url = "https://acme.example/token"
accepts = ["client-secret", "assertion", "code", "code-verifier", "device-code", "refresh-token", "access-token"]
captures = { access-token = "/access_token", refresh-token = "/refresh_token" }

[endpoints.revoke]
url = "https://acme.example/revoke"
accepts = ["client-secret", "assertion", "refresh-token", "access-token"]
captures = {}

[endpoints.userinfo]
url = "https://api.acme.example/me"
accepts = ["access-token"]

[endpoints.api]
url = "https://api.acme.example/"
accepts = ["access-token"]

[callback]
port = "any"
iss = "required"

[guide]
text = "1. Enter {redirect_uri}."
"#;

/// Acme's own, as its manifest says none.
const REDIRECT_URI: &str = "http://127.0.0.1/jeton/acme/callback";

/// Lines, and what stands in their place.
type Changes<'a> = &'a [(&'a str, &'a str)];

pub(crate) fn changed(text: &str, changes: Changes<'_>) -> String {
    changes.iter().fold(text.to_owned(), |text, (line, instead)| replace(&text, line, instead))
}

/// A server, and the provider added with a client.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(&[], &[]).await
    }

    /// With other facts, and another manifest.
    pub(crate) async fn with(facts: Changes<'_>, manifest: Changes<'_>) -> Self {
        let scene = Self::of(vec![changed(FACTS, facts)]).await;
        scene.add(&changed(MANIFEST, manifest));
        scene.add_client("acme", CLIENT_SECRET);
        scene
    }

    /// With a connection `one`.
    pub(crate) async fn connected() -> Self {
        let scene = Self::new().await;
        scene.connect(&[]).await.succeeded();
        scene
    }

    /// Servers with these facts, which all know the client by their own provider's redirect URI, and nothing at Jeton.
    pub(crate) async fn of(facts: Vec<String>) -> Self {
        let generic: Vec<_> = facts.iter().map(|facts| Facts::parse(facts).unwrap()).collect();
        let names: Vec<_> = generic.iter().map(|facts| facts.name.clone()).collect();
        let options = Options { generic, max_lifetime: std::time::Duration::from_secs(120), ..Options::default() };
        let emulator = Emulator::start(options).await.unwrap();
        for name in names {
            let uri = format!("http://127.0.0.1/jeton/{}/callback", name.to_lowercase());
            let client = GenericClient::new(CLIENT_ID, CLIENT_SECRET).redirect_uri(&uri);
            emulator.generic(&name).unwrap().register_client(client);
        }
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("ca.pem"), emulator.ca_pem()).unwrap();
        Self { stage: Stage { emulator, home } }
    }

    /// Adds a provider as somebody does who has read what it may do.
    pub(crate) fn add(&self, manifest: &str) {
        let path = self.stage.download("provider.toml", manifest);
        let asked = self.stage.jeton(&["providers", "add", text(&path)]).failed(2, &["--digest "]);
        let digest = asked.stderr.rsplit_once("--digest ").unwrap().1.trim();
        self.stage.jeton(&["providers", "add", text(&path), "--yes", "--digest", digest]).succeeded();
    }

    pub(crate) fn add_client(&self, provider: &str, secret: &str) {
        let add = ["clients", "add", provider, "--id", CLIENT_ID, "--secret-file", "-"];
        self.stage.jeton_with_input(&add, secret).succeeded();
    }

    pub(crate) fn service(&self) -> &GenericService {
        self.stage.emulator.generic("Acme").unwrap()
    }

    pub(crate) fn begin(&self, more: &[&str]) -> Connecting {
        self.stage.begin_connect_to("acme", &[&["--name", "one"], more].concat())
    }

    /// A person says yes: where the browser is sent then.
    pub(crate) async fn consent(&self, connecting: &Connecting) -> Url {
        self.stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap()
    }

    /// Connects as `one`.
    pub(crate) async fn connect(&self, more: &[&str]) -> Ran {
        let connecting = self.begin(more);
        get(self.consent(&connecting).await.as_str());
        connecting.finish()
    }

    /// The same while the server misbehaves so.
    pub(crate) async fn connect_while(&self, how: Misbehaviour, more: &[&str]) -> Ran {
        self.service().misbehave(how);
        let ran = self.connect(more).await;
        self.service().behave();
        ran
    }

    pub(crate) fn one(&self, command: &str) -> Ran {
        self.stage.jeton(&[command, "one"])
    }

    pub(crate) fn token(&self) -> String {
        self.one("token").succeeded().stdout.trim().to_owned()
    }

    /// The requests to this path, oldest first.
    pub(crate) fn requests(&self, path: &str) -> Vec<Entry> {
        let mut entries = self.stage.emulator.journal().entries();
        entries.retain(|entry| entry.path == path);
        entries
    }

    /// Nothing was kept.
    #[track_caller]
    pub(crate) fn assert_no_connection(&self) {
        assert_eq!(self.stage.jeton(&["list", "--json"]).succeeded().stdout.trim(), "[]");
    }
}

pub(crate) fn names(entry: &Entry) -> Vec<&str> {
    entry.form.iter().map(|(name, _)| name.as_str()).collect()
}

pub(crate) fn field<'e>(entry: &'e Entry, name: &str) -> &'e str {
    entry.form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}
