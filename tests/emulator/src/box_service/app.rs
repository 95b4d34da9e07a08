//! Apps and users, as Box's consoles hold them.

use serde::Deserialize;

use super::refusal::Refusal;
use crate::people::User;
use crate::redirect;

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
    /// Whether the app may use JWTs ("OAuth 2.0 with JSON Web Tokens (Server Authentication)").
    #[serde(default)]
    pub jwt: bool,
    /// The public keys of a JWT app.
    #[serde(default)]
    pub public_keys: Vec<PublicKey>,
    /// Whether the app may use the client credentials grant.
    #[serde(default)]
    pub client_credentials: bool,
    /// The enterprise whose admin authorized the app.
    #[serde(default)]
    pub enterprise_id: Option<String>,
    /// "Generate user access tokens": whether the app may act as a user of the enterprise.
    #[serde(default)]
    pub user_access_tokens: bool,
    /// "Make API calls as users": whether the header `As-User` is allowed.
    #[serde(default)]
    pub as_user: bool,
}

/// A public key that is registered for an app.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicKey {
    /// `publicKeyID` in the app's `config.json`, and the JWT's `kid`.
    pub id: String,
    /// SubjectPublicKeyInfo in PEM (`BEGIN PUBLIC KEY`).
    pub pem: String,
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
            jwt: false,
            public_keys: Vec::new(),
            client_credentials: false,
            enterprise_id: None,
            user_access_tokens: false,
            as_user: false,
        }
    }

    /// Makes it an app of this enterprise that authenticates with JWTs. Its keys come with [`App::public_key`].
    #[must_use]
    pub fn jwt(self, enterprise_id: &str) -> Self {
        Self { jwt: true, enterprise_id: Some(enterprise_id.to_owned()), ..self }
    }

    /// Registers one more public key, in PEM.
    #[must_use]
    pub fn public_key(mut self, id: &str, pem: &str) -> Self {
        self.public_keys.push(PublicKey { id: id.to_owned(), pem: pem.to_owned() });
        self
    }

    /// Makes it an app of this enterprise that may use the client credentials grant.
    #[must_use]
    pub fn client_credentials(self, enterprise_id: &str) -> Self {
        Self { client_credentials: true, enterprise_id: Some(enterprise_id.to_owned()), ..self }
    }

    /// Allows "Generate user access tokens".
    #[must_use]
    pub fn user_access_tokens(self) -> Self {
        Self { user_access_tokens: true, ..self }
    }

    /// Allows "Make API calls as users".
    #[must_use]
    pub fn as_user(self) -> Self {
        Self { as_user: true, ..self }
    }

    /// The user that the app itself is: it exists once the admin has authorized the app.
    pub(super) fn service_account(&self) -> User {
        let number = self.client_id.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        User {
            id: format!("4{number:010}"),
            name: self.client_id.clone(),
            login: format!("AutomationUser_{number}_emulated@boxdevedition.com"),
            password: String::new(),
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
