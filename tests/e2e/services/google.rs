//! Google: the unchanged component against the emulated hosts of Google.

mod apis;
mod bound;
mod device;
mod errors;
mod external;
mod pages;
mod service_accounts;
mod sign_in;
mod tokens;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_emulator::google_service::{Client, ClientKind};
use jeton_emulator::{Decision, Entry, GoogleService};
use serde_json::Value;

use crate::stage::{Connecting, Ran, Stage, get};

pub(crate) const ID: &str = "emulated.apps.googleusercontent.com";
pub(crate) const SECRET: &str = "emulated-google-secret";
pub(crate) const DRIVE: &str = "https://www.googleapis.com/auth/drive";
pub(crate) const FILE: &str = "https://www.googleapis.com/auth/drive.file";
pub(crate) const TOKEN: &str = "/token";

/// A stage with one client of Google's.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
}

pub(crate) fn desktop() -> Client {
    Client::new(ID, SECRET).kind(ClientKind::Desktop)
}

impl Scene {
    pub(crate) async fn of(client: Client) -> Self {
        let stage = Stage::empty().await;
        stage.emulator.google_service().register_client(client).unwrap();
        Self { stage }
    }

    /// A client, and its registration with these arguments.
    pub(crate) async fn with(client: Client, more: &[&str]) -> Self {
        let scene = Self::of(client).await;
        scene.add_client(SECRET, more).succeeded();
        scene
    }

    pub(crate) async fn desktop() -> Self {
        Self::with(desktop(), &[]).await
    }

    /// The same with a connection `one`.
    pub(crate) async fn connected(more: &[&str]) -> Self {
        let scene = Self::desktop().await;
        scene.connect(more).await.succeeded();
        scene
    }

    pub(crate) fn google(&self) -> &GoogleService {
        self.stage.emulator.google_service()
    }

    pub(crate) fn add_client(&self, secret: &str, more: &[&str]) -> Ran {
        let arguments = [&["clients", "add", "google", "--id", ID, "--secret-file", "-"], more].concat();
        self.stage.jeton_with_input(&arguments, secret)
    }

    pub(crate) fn begin(&self, more: &[&str]) -> Connecting {
        self.stage.begin_connect_to("google", &[&["--name", "one"], more].concat())
    }

    /// Connects as `one`, as a person does who grants all.
    pub(crate) async fn connect(&self, more: &[&str]) -> Ran {
        self.decide(self.begin(more), Decision::Grant).await
    }

    pub(crate) async fn decide(&self, connecting: Connecting, decision: Decision) -> Ran {
        let back = self.stage.emulator.consent(&connecting.url, decision).await.unwrap();
        get(back.as_str());
        connecting.finish()
    }

    /// A command about `one`.
    pub(crate) fn one(&self, command: &str, more: &[&str]) -> Ran {
        self.stage.jeton(&[&[command, "one"], more].concat())
    }

    pub(crate) fn token(&self) -> String {
        self.one("token", &[]).succeeded().stdout.trim().to_owned()
    }

    /// A file in the home.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.stage.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The requests to this path, oldest first.
    pub(crate) fn requests(&self, path: &str) -> Vec<Entry> {
        let mut entries = self.stage.emulator.journal().entries();
        entries.retain(|entry| entry.path == path);
        entries
    }
}

pub(crate) fn names(entry: &Entry) -> Vec<&str> {
    entry.form.iter().map(|(name, _)| name.as_str()).collect()
}

pub(crate) fn field<'e>(entry: &'e Entry, name: &str) -> &'e str {
    entry.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

/// Header and claims of a JWT.
pub(crate) fn opened(jwt: &str) -> [Value; 2] {
    let mut parts = jwt.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    [(); 2].map(|()| serde_json::from_slice(&parts.next().unwrap()).unwrap())
}

/// A parameter of the address that a browser was sent to.
pub(crate) fn asked(connecting: &Connecting, name: &str) -> Option<String> {
    let url = url::Url::parse(&connecting.url).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
