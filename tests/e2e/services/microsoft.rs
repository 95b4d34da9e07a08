//! Microsoft: the unchanged component against the emulated login hosts and Graph.

mod administrators;
mod certificates;
mod claims;
mod clouds;
mod device;
mod errors;
mod exchange;
mod graph;
mod machines;
mod redirects;
mod sign_in;
mod tenants;
mod tokens;
mod trouble;

use jeton_emulator::microsoft_service::{App, DEFAULT_TENANT, Platform};
use jeton_emulator::{Decision, Entry, MicrosoftService};

use crate::stage::{Connecting, Ran, Stage, get};

pub(crate) const ID: &str = "00001111-aaaa-4bbb-8ccc-2222dddd3333";
pub(crate) const SECRET: &str = "emulated-app-secret";
pub(crate) const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;

/// A stage with one app of Microsoft's.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
}

/// A program on a person's device.
pub(crate) fn native() -> App {
    App::new(ID).redirect_uri(Platform::Native, "http://localhost").public_client_flows()
}

/// A server.
pub(crate) fn web() -> App {
    App::new(ID).secret(SECRET).redirect_uri(Platform::Web, "http://localhost").admin_consent(DEFAULT_TENANT)
}

impl Scene {
    pub(crate) async fn of(app: App) -> Self {
        let stage = Stage::empty().await;
        stage.emulator.microsoft_service().register_app(app).unwrap();
        Self { stage }
    }

    /// The program on a device, with its client.
    pub(crate) async fn native() -> Self {
        let scene = Self::of(native()).await;
        scene.add_client(&[]).succeeded();
        scene
    }

    /// The same with a connection `one`.
    pub(crate) async fn connected() -> Self {
        let scene = Self::native().await;
        scene.connect(&[]).await.succeeded();
        scene
    }

    /// The server, with a client that has the secret and these settings.
    pub(crate) async fn web(settings: &[&str]) -> Self {
        let scene = Self::of(web()).await;
        scene.add_secret_client(SECRET, settings).succeeded();
        scene
    }

    /// A server that acts for itself in the default tenant.
    pub(crate) async fn machine() -> Self {
        Self::web(&["--set", &format!("tenant={DEFAULT_TENANT}")]).await
    }

    pub(crate) fn microsoft(&self) -> &MicrosoftService {
        self.stage.emulator.microsoft_service()
    }

    pub(crate) fn add_client(&self, more: &[&str]) -> Ran {
        self.stage.jeton(&[&["clients", "add", "microsoft", "--id", ID], more].concat())
    }

    pub(crate) fn add_secret_client(&self, secret: &str, more: &[&str]) -> Ran {
        let arguments = [&["clients", "add", "microsoft", "--id", ID, "--secret-file", "-"], more].concat();
        self.stage.jeton_with_input(&arguments, secret)
    }

    pub(crate) fn begin(&self, more: &[&str]) -> Connecting {
        self.stage.begin_connect_to("microsoft", &[&["--name", "one"], more].concat())
    }

    /// Connects as `one`, as a person does who accepts.
    pub(crate) async fn connect(&self, more: &[&str]) -> Ran {
        let connecting = self.begin(more);
        self.decide(connecting, Decision::Grant).await
    }

    pub(crate) async fn decide(&self, connecting: Connecting, decision: Decision) -> Ran {
        let back = self.stage.emulator.consent(&connecting.url, decision).await.unwrap();
        get(back.as_str());
        connecting.finish()
    }

    /// Connects as `one` without a person.
    pub(crate) fn act(&self, more: &[&str]) -> Ran {
        self.stage.jeton(&[&["connect", "microsoft", "--name", "one", "--client-credentials"], more].concat())
    }

    pub(crate) fn token(&self) -> String {
        self.stage.jeton(&["token", "one"]).succeeded().stdout.trim().to_owned()
    }

    /// The requests to paths that end so, oldest first.
    pub(crate) fn requests(&self, path: &str) -> Vec<Entry> {
        let mut entries = self.stage.emulator.journal().entries();
        entries.retain(|entry| entry.path.ends_with(path));
        entries
    }

    /// The latest token request.
    pub(crate) fn token_request(&self) -> Entry {
        self.requests("/oauth2/v2.0/token").pop().unwrap()
    }
}

/// The names of a form, in order.
pub(crate) fn names(entry: &Entry) -> Vec<&str> {
    entry.form.iter().map(|(name, _)| name.as_str()).collect()
}

pub(crate) fn field<'e>(entry: &'e Entry, name: &str) -> Option<&'e str> {
    entry.form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

pub(crate) fn query(url: &str, name: &str) -> Option<String> {
    url::Url::parse(url).unwrap().query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}
