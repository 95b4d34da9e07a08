//! What every bundled manifest is put through: a person connects, asks whose connection it is, has it refreshed and revoked. The service is
//! made from its vendor's facts, and refuses what they forbid. The journal then shows whether the requests were as the vendor wants them.

use std::fs;
use std::io::{BufReader, Read};

use jeton_emulator::generic_service::{Facts, GenericClient, GenericService};
use jeton_emulator::{Decision, Emulator, Entry, Options};
use jeton_runtime::Manifest;
use serde_json::Value;
use url::form_urlencoded;

use crate::stage::{CLIENT_ID, CLIENT_SECRET, Stage, browse};

/// A place (`POST api.example/token`), and what a request there has: `name`, `name=value`, or `!name` for what it hasn't. Names are those of
/// parameters, wherever they are, and of headers. What stands in the URL's query is also called `?name`.
pub type Wanted = (&'static str, &'static [&'static str]);

/// A bundled manifest, and what is known of its service.
pub struct Bundled {
    pub id: &'static str,
    /// More arguments of `jeton clients add`.
    pub client: &'static [&'static str],
    /// More arguments of `jeton connect`.
    pub connect: &'static [&'static str],
    /// A part of what `jeton test` says of the person; none, if the service doesn't tell whose token it is.
    pub person: Option<&'static str>,
    pub refreshes: bool,
    pub revokes: bool,
    /// Requests that the vendor documents. Each is made at least once.
    pub wanted: &'static [Wanted],
}

impl Bundled {
    /// A service that tells whose token it is, refreshes and revokes.
    pub const fn new(id: &'static str, wanted: &'static [Wanted]) -> Self {
        Self { id, client: &[], connect: &[], person: Some("ada@example.com"), refreshes: true, revokes: true, wanted }
    }

    /// From registering the client to revoking the connection.
    pub async fn works(&self) -> Stage {
        let (stage, name) = stage(self.facts()).await;
        self.registered(&stage);
        self.connected(&stage).await;
        let service = stage.emulator.generic(&name).unwrap();
        self.lives(&stage, service);
        self.ends(&stage, service);
        self.asked_as_wanted(&stage);
        stage
    }

    /// The same where the person signs in on another device.
    pub async fn works_by_device(&self) -> Stage {
        let (stage, name) = stage(self.facts()).await;
        self.registered(&stage);
        let command = ["connect", self.id, "--name", "work-box", "--device", "--json"];
        let mut child = stage.command(&command).spawn().unwrap();
        let mut printed = BufReader::new(child.stdout.take().unwrap());
        let prompt = serde_json::Deserializer::from_reader(&mut printed).into_iter::<Value>().next();
        let prompt = prompt.unwrap_or_else(|| panic!("{} has no codes", self.id)).unwrap();
        let page = format!("{}?user_code={}", prompt["verification_uri"].as_str().unwrap(), prompt["user_code"].as_str().unwrap());
        stage.emulator.consent(&page, Decision::Grant).await.unwrap();
        printed.read_to_string(&mut String::new()).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert!(ended.status.success(), "{}: {}", self.id, String::from_utf8_lossy(&ended.stderr));
        let service = stage.emulator.generic(&name).unwrap();
        self.lives(&stage, service);
        self.asked_as_wanted(&stage);
        stage
    }

    fn facts(&self) -> Facts {
        Facts::shipped(self.id).unwrap_or_else(|| panic!("no facts of {}", self.id)).unwrap()
    }

    /// Keeps the client.
    pub fn registered(&self, stage: &Stage) {
        let add = [&["clients", "add", self.id, "--id", CLIENT_ID, "--secret-file", "-"], self.client].concat();
        stage.jeton_with_input(&add, CLIENT_SECRET).succeeded();
    }

    /// Connects. Where the port is fixed nobody listens there, as several tests would at once: the address is pasted.
    pub async fn connected(&self, stage: &Stage) {
        let arguments = [&["--name", "work-box"], self.connect].concat();
        let manifest = Manifest::parse(jeton_bundle::manifest(self.id).unwrap()).unwrap();
        if manifest.callback.port.is_some() || arguments.contains(&"--paste") {
            let arguments: Vec<_> = arguments.into_iter().filter(|argument| *argument != "--paste").collect();
            stage.paste(self.id, &arguments).await.succeeded();
            return;
        }
        let connecting = stage.begin_connect_to(self.id, &arguments);
        let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap_or_else(|error| panic!("{}: {error}", self.id));
        browse(&back);
        connecting.finish().succeeded();
    }

    /// The token is good, and so is the next one.
    fn lives(&self, stage: &Stage, service: &GenericService) {
        let before = stage.token();
        assert!(service.is_live(&before), "{}", self.id);
        if let Some(person) = self.person {
            let tested = stage.jeton(&["test", "work-box"]).succeeded();
            assert!(tested.stdout.contains(person), "{}: {tested:?}", self.id);
        }
        if self.refreshes {
            stage.jeton(&["refresh", "work-box"]).succeeded();
            let after = stage.token();
            assert!(after != before && service.is_live(&after), "{}", self.id);
            // A refresh token that was replaced works too.
            stage.jeton(&["refresh", "work-box"]).succeeded();
            assert!(stage.token() != after && service.is_live(&stage.token()), "{}", self.id);
        }
    }

    fn ends(&self, stage: &Stage, service: &GenericService) {
        let token = stage.token();
        let revoked = stage.jeton(&["revoke", "work-box"]);
        if self.revokes {
            revoked.succeeded();
            assert!(!service.is_live(&token), "{}", self.id);
        } else {
            assert!(revoked.code == 1 && revoked.stderr.contains("lets no app revoke"), "{}: {revoked:?}", self.id);
            assert!(service.is_live(&token), "{}", self.id);
        }
    }

    /// Every request was taken, none has a secret in its address, and those that the vendor documents are among them.
    fn asked_as_wanted(&self, stage: &Stage) {
        let entries = stage.emulator.journal().entries();
        for entry in &entries {
            // A poll that comes before the person is refused.
            let polls = entry.grant_type.as_deref().is_some_and(|kind| kind.ends_with("device_code"));
            assert!(entry.status < 400 || polls, "{}: {entry:?}", self.id);
            let query = entry.query.as_deref().unwrap_or_default();
            assert!(!query.contains(CLIENT_SECRET) && !query.contains("-token-"), "{}: {entry:?}", self.id);
        }
        for (place, what) in self.wanted {
            let there: Vec<_> = entries.iter().filter(|entry| *place == format!("{} {}{}", entry.method, entry.host, entry.path)).collect();
            let found = there.iter().any(|entry| what.iter().all(|part| has(&sent(entry), part)));
            assert!(found, "{}: no {place} with {what:?} among {there:#?}", self.id);
        }
    }
}

/// As the guides say them; one that a provider has which was added; the last one for services that want an https address.
const REDIRECT_URIS: [&str; 6] = [
    "http://127.0.0.1/callback",
    "http://127.0.0.1/jeton/acme/callback",
    "http://127.0.0.1:47800/callback",
    "http://localhost:47800/callback",
    "http://localhost:47800/",
    "https://app.example/callback",
];

/// An empty home, and a service with one client.
pub async fn stage(facts: Facts) -> (Stage, String) {
    let name = facts.name.clone();
    let options = Options { generic: vec![facts], max_lifetime: std::time::Duration::from_secs(120), ..Options::default() };
    let emulator = Emulator::start(options).await.unwrap();
    let client = REDIRECT_URIS.into_iter().fold(GenericClient::new(CLIENT_ID, CLIENT_SECRET), GenericClient::redirect_uri);
    emulator.generic(&name).unwrap().register_client(client);
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("ca.pem"), emulator.ca_pem()).unwrap();
    (Stage { emulator, home }, name)
}

/// All that a request has, by name.
fn sent(entry: &Entry) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = entry.form.iter().chain(&entry.headers).cloned().collect();
    for (name, value) in form_urlencoded::parse(entry.query.as_deref().unwrap_or_default().as_bytes()) {
        all.push((format!("?{name}"), value.to_string()));
        all.push((name.into_owned(), value.into_owned()));
    }
    for (name, value) in entry.json.iter().filter_map(|json| json.as_object()).flatten() {
        all.push((name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    all.extend(entry.authorization.iter().map(|value| ("authorization".to_owned(), value.clone())));
    all
}

fn has(sent: &[(String, String)], part: &str) -> bool {
    match (part.strip_prefix('!'), part.split_once('=')) {
        (Some(absent), _) => sent.iter().all(|(name, _)| name != absent),
        (None, Some((name, value))) => sent.iter().any(|(known, found)| known == name && found == value),
        (None, None) => sent.iter().any(|(name, _)| name == part),
    }
}
