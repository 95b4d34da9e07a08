//! Clients, as Google's cloud console holds them.

use std::time::Duration;

use serde::Deserialize;

use super::redirect;

/// An OAuth client of a project.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// The client id; a real one ends in `.apps.googleusercontent.com`.
    pub client_id: String,
    /// The client secret. Desktop clients have one too, though it is no secret.
    pub client_secret: String,
    /// What kind of program it is.
    #[serde(default)]
    pub kind: ClientKind,
    /// The registered redirect URIs, which a web client needs.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// The project. Users consent to a project, and revoke the consent of all its clients at once.
    #[serde(default = "a_project")]
    pub project: String,
    /// How far the project's consent screen is published.
    #[serde(default)]
    pub publishing: Publishing,
    /// The addresses of those who may sign in while it is in testing. Empty: everybody.
    #[serde(default)]
    pub test_users: Vec<String>,
    /// What stands between the client and its tokens.
    #[serde(default)]
    pub state: ClientState,
    /// Users grant access for so many seconds only, and the token answer says so.
    #[serde(default)]
    pub access_seconds: Option<u64>,
}

/// What kind of program a client is. The rules of redirect URIs and secrets follow from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientKind {
    /// A server: a secret, and exactly the registered redirect URIs.
    #[default]
    Web,
    /// A desktop app: any port and path of loopback, unregistered.
    Desktop,
    /// A TV or printer: the device flow only.
    LimitedInput,
    /// Android, iOS or a Chrome app: no secret, and no loopback.
    Mobile,
}

/// How far a project's consent screen is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Publishing {
    /// External and in production.
    #[default]
    Production,
    /// External and in testing: refresh tokens for more than the user's identity live for seven days.
    Testing,
    /// For users of the organization only, which is `example.com`.
    Internal,
}

/// What stands between a client and its tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientState {
    /// Nothing.
    #[default]
    Active,
    /// It was deleted, by hand or after six months without use.
    Deleted,
    /// The user's admin doesn't allow the app, or the scope.
    RestrictedByAdmin,
}

/// Why the console wouldn't take a client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Client id or secret is missing.
    #[error("a client needs a client id and, except on mobile systems, a client secret")]
    Incomplete,
    /// The redirect URI breaks a rule of Google's.
    #[error(
        "the redirect URI `{0}` must be https (http for loopback only), name a host that is no other IP address, and have no user, \
         fragment, wildcard or `..`"
    )]
    RedirectUri(String),
}

impl Client {
    /// A web client in production, with no redirect URI yet.
    pub fn new(client_id: &str, client_secret: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            kind: ClientKind::Web,
            redirect_uris: Vec::new(),
            project: a_project(),
            publishing: Publishing::Production,
            test_users: Vec::new(),
            state: ClientState::Active,
            access_seconds: None,
        }
    }

    /// Replaces the kind.
    #[must_use]
    pub fn kind(self, kind: ClientKind) -> Self {
        Self { kind, ..self }
    }

    /// Registers one more redirect URI.
    #[must_use]
    pub fn redirect_uri(mut self, uri: &str) -> Self {
        self.redirect_uris.push(uri.to_owned());
        self
    }

    /// Moves the client to another project.
    #[must_use]
    pub fn project(self, project: &str) -> Self {
        Self { project: project.to_owned(), ..self }
    }

    /// Replaces the publishing status.
    #[must_use]
    pub fn publishing(self, publishing: Publishing) -> Self {
        Self { publishing, ..self }
    }

    /// Lets one more user sign in while it is in testing.
    #[must_use]
    pub fn test_user(mut self, login: &str) -> Self {
        self.test_users.push(login.to_owned());
        self
    }

    pub(super) fn is_tested_by(&self, login: &str) -> bool {
        self.test_users.is_empty() || self.test_users.iter().any(|user| user == login)
    }

    /// Lets users grant access for so long only.
    #[must_use]
    pub fn access_for(self, time: Duration) -> Self {
        Self { access_seconds: Some(time.as_secs()), ..self }
    }

    pub(super) fn check(&self) -> Result<(), RegistrationError> {
        if self.client_id.is_empty() || (self.needs_secret() && self.client_secret.is_empty()) {
            return Err(RegistrationError::Incomplete);
        }
        let bad = self.redirect_uris.iter().find(|uri| self.kind == ClientKind::Web && !redirect::is_registrable(uri));
        bad.map_or(Ok(()), |uri| Err(RegistrationError::RedirectUri(uri.clone())))
    }

    pub(super) fn needs_secret(&self) -> bool {
        self.kind != ClientKind::Mobile
    }
}

fn a_project() -> String {
    "emulated-project".to_owned()
}
