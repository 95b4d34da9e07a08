//! App registrations, as Microsoft's admin center holds them.

use serde::Deserialize;

use super::redirect;
use super::tenant::DEFAULT_TENANT;

/// An app registration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// The application (client) id.
    pub client_id: String,
    /// The tenant that it is registered in.
    #[serde(default = "default_tenant")]
    pub tenant: String,
    /// Whose accounts may sign in.
    #[serde(default)]
    pub audience: Audience,
    /// Client secrets.
    #[serde(default)]
    pub secrets: Vec<Secret>,
    /// Certificates in PEM, for assertions.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Whose tokens, of other identity providers, stand for a secret.
    #[serde(default)]
    pub federated_credentials: Vec<FederatedCredential>,
    /// Redirect URIs with their platforms.
    #[serde(default)]
    pub redirect_uris: Vec<RedirectUri>,
    /// Whether the device flow and other flows without a secret are allowed.
    #[serde(default)]
    pub allow_public_client_flows: bool,
    /// Tenants whose admins consented to all that it is configured for.
    #[serde(default)]
    pub admin_consent: Vec<String>,
    /// Switched off by its owner or an admin.
    #[serde(default)]
    pub disabled: bool,
}

/// A client secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// What the client sends.
    pub value: String,
    /// Whether its end has passed.
    #[serde(default)]
    pub expired: bool,
}

/// Whose tokens stand for a secret: those of this issuer, with this subject and audience.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FederatedCredential {
    /// Their `iss`.
    pub issuer: String,
    /// Their `sub`.
    pub subject: String,
    /// Their `aud`. Microsoft suggests `api://AzureADTokenExchange`.
    pub audience: String,
    /// The public half of the issuer's key, in PEM.
    pub public_key_pem: String,
}

/// Whose accounts may sign in to an app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// Those of its own tenant.
    SingleTenant,
    /// Those of any organization.
    Organizations,
    /// Those of any organization, and personal accounts.
    #[default]
    All,
    /// Personal accounts only.
    Personal,
}

/// What kind of program a redirect URI leads back to. The rules for secrets and refresh tokens follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// A server, which must show a secret or a certificate.
    Web,
    /// A page in a browser: PKCE, an `Origin`, and refresh tokens of a day.
    Spa,
    /// A program on somebody's device, which must not show a secret.
    Native,
}

/// A registered redirect URI.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedirectUri {
    /// The URI.
    pub uri: String,
    /// Its platform.
    pub platform: Platform,
    /// Whether it was written into the manifest by hand. The forms of the admin center don't take `http://127.0.0.1`.
    #[serde(default)]
    pub in_manifest: bool,
}

/// Why the admin center wouldn't take an app.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// No client id.
    #[error("an app needs a client id")]
    Incomplete,
    /// The redirect URI breaks a rule of Microsoft's.
    #[error(
        "the redirect URI `{0}` must be https (http for localhost; for 127.0.0.1 only through the manifest, and never for [::1]), at most \
         256 characters, without a fragment, a wildcard or any of ! $ ' ( ) , ; and without a query if personal accounts may sign in"
    )]
    RedirectUri(String),
}

impl App {
    /// An app of the default tenant for all accounts, with no redirect URI yet.
    pub fn new(client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            tenant: default_tenant(),
            audience: Audience::All,
            secrets: Vec::new(),
            certificates: Vec::new(),
            federated_credentials: Vec::new(),
            redirect_uris: Vec::new(),
            allow_public_client_flows: false,
            admin_consent: Vec::new(),
            disabled: false,
        }
    }

    /// Adds a client secret.
    #[must_use]
    pub fn secret(mut self, value: &str) -> Self {
        self.secrets.push(Secret { value: value.to_owned(), expired: false });
        self
    }

    /// Adds a certificate in PEM.
    #[must_use]
    pub fn certificate(mut self, pem: &str) -> Self {
        self.certificates.push(pem.to_owned());
        self
    }

    /// Lets tokens of another identity provider stand for a secret.
    #[must_use]
    pub fn federated(mut self, credential: FederatedCredential) -> Self {
        self.federated_credentials.push(credential);
        self
    }

    /// Registers one more redirect URI.
    #[must_use]
    pub fn redirect_uri(mut self, platform: Platform, uri: &str) -> Self {
        self.redirect_uris.push(RedirectUri { uri: uri.to_owned(), platform, in_manifest: false });
        self
    }

    /// Registers one more redirect URI through the manifest, where `http://127.0.0.1` is possible.
    #[must_use]
    pub fn manifest_redirect_uri(mut self, platform: Platform, uri: &str) -> Self {
        self.redirect_uris.push(RedirectUri { uri: uri.to_owned(), platform, in_manifest: true });
        self
    }

    /// Replaces the audience.
    #[must_use]
    pub fn audience(self, audience: Audience) -> Self {
        Self { audience, ..self }
    }

    /// Moves the app to another tenant.
    #[must_use]
    pub fn tenant(self, tenant: &str) -> Self {
        Self { tenant: tenant.to_owned(), ..self }
    }

    /// Allows the device flow.
    #[must_use]
    pub fn public_client_flows(self) -> Self {
        Self { allow_public_client_flows: true, ..self }
    }

    /// An admin of this tenant consents to the app's own permissions.
    #[must_use]
    pub fn admin_consent(mut self, tenant: &str) -> Self {
        self.admin_consent.push(tenant.to_owned());
        self
    }

    /// Whether an admin of this tenant consented to it.
    pub(super) fn is_allowed_in(&self, tenant: &str) -> bool {
        self.admin_consent.iter().any(|allowed| allowed == tenant)
    }

    /// Whether it has nothing to prove itself by.
    pub(super) fn is_public(&self) -> bool {
        self.secrets.is_empty() && self.certificates.is_empty() && self.federated_credentials.is_empty()
    }

    pub(super) fn check(&self) -> Result<(), RegistrationError> {
        if self.client_id.is_empty() {
            return Err(RegistrationError::Incomplete);
        }
        let personal = matches!(self.audience, Audience::All | Audience::Personal);
        let bad = self.redirect_uris.iter().find(|uri| !redirect::is_registrable(uri, personal));
        bad.map_or(Ok(()), |uri| Err(RegistrationError::RedirectUri(uri.uri.clone())))
    }
}

fn default_tenant() -> String {
    DEFAULT_TENANT.to_owned()
}
