//! Apps and users, as Box's consoles hold them.

use serde::Deserialize;

use super::redirect;
use super::refusal::Refusal;

/// A client registration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// The client id.
    pub client_id: String,
    /// The client secret, which every request to the token endpoint carries in its body.
    pub client_secret: String,
    /// The registered redirect URIs.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// The scopes that the app is configured for; a request without `scope` asks for all of them.
    #[serde(default = "read_and_write")]
    pub scopes: Vec<String>,
    /// What stands between the app and its tokens.
    #[serde(default)]
    pub state: AppState,
}

/// What stands between an app and its tokens. Anything but `Active` is answered at the token endpoint, after the client's credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppState {
    /// Nothing.
    #[default]
    Active,
    /// The enterprise's admin hasn't authorized the app.
    NotAuthorizedByAdmin,
    /// Its scopes changed and the admin hasn't authorized it again.
    NeedsReauthorization,
    /// The app's type doesn't allow the grant.
    GrantNotAllowed,
    /// The app's access level doesn't fit the enterprise.
    EnterpriseMismatch,
    /// A JWT app without a public key.
    NoPublicKey,
}

impl AppState {
    pub(super) fn refusal(self) -> Option<Refusal> {
        match self {
            Self::Active => None,
            Self::NotAuthorizedByAdmin | Self::NeedsReauthorization => Some(Refusal::NotAuthorizedByAdmin),
            Self::GrantNotAllowed => Some(Refusal::GrantNotAllowed),
            Self::EnterpriseMismatch => Some(Refusal::EnterpriseConfiguration),
            Self::NoPublicKey => Some(Refusal::NoPublicKey),
        }
    }
}

/// Why the developer console wouldn't take an app.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Client id or secret is missing.
    #[error("an app needs a client id and a client secret")]
    Incomplete,
    /// The same redirect URI twice.
    #[error("the redirect URI `{0}` is registered twice")]
    Duplicate(String),
    /// Not an absolute https URI without a fragment; http is for loopback only.
    #[error("the redirect URI `{0}` must begin with https:// (http:// for localhost and loopback addresses only) and have no fragment")]
    Scheme(String),
}

impl App {
    /// An app that may read and write, with no redirect URI yet.
    pub fn new(client_id: &str, client_secret: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            redirect_uris: Vec::new(),
            scopes: read_and_write(),
            state: AppState::Active,
        }
    }

    /// Registers one more redirect URI.
    #[must_use]
    pub fn redirect_uri(mut self, uri: &str) -> Self {
        self.redirect_uris.push(uri.to_owned());
        self
    }

    /// Replaces the scopes.
    #[must_use]
    pub fn scopes(self, scopes: &[&str]) -> Self {
        Self { scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(), ..self }
    }

    /// Replaces the state.
    #[must_use]
    pub fn state(self, state: AppState) -> Self {
        Self { state, ..self }
    }

    pub(super) fn check(&self) -> Result<(), RegistrationError> {
        if self.client_id.is_empty() || self.client_secret.is_empty() {
            return Err(RegistrationError::Incomplete);
        }
        for (at, uri) in self.redirect_uris.iter().enumerate() {
            if !redirect::is_registrable(uri) {
                return Err(RegistrationError::Scheme(uri.clone()));
            }
            if self.redirect_uris.iter().take(at).any(|earlier| earlier == uri) {
                return Err(RegistrationError::Duplicate(uri.clone()));
            }
        }
        Ok(())
    }
}

fn read_and_write() -> Vec<String> {
    vec!["root_readwrite".to_owned()]
}

/// Someone who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Box's id, in digits.
    pub id: String,
    /// The full name.
    pub name: String,
    /// The e-mail address.
    pub login: String,
    /// The password for the sign-in page.
    pub password: String,
}

impl User {
    pub(super) fn ada() -> Self {
        let [id, name, login, password] = ["1000000001", "Ada Emulated", "ada@example.com", "emulator"].map(str::to_owned);
        Self { id, name, login, password }
    }
}
