//! What goes into a provider and what comes out of it, without a word about wasm.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use crate::Secret;

/// A client in OAuth's sense: what was registered in the service's developer console.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// The client id.
    pub id: String,
    /// Values of the manifest's `[settings]`.
    pub settings: BTreeMap<String, String>,
    /// Values of the manifest's `[secrets]`: "client-secret", "private-key".
    pub secrets: BTreeMap<String, Secret>,
}

/// How tokens are obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are OAuth's own")]
pub enum GrantKind {
    AuthorizationCode,
    DeviceCode,
    ClientCredentials,
    JwtBearer,
    TokenExchange,
}

impl GrantKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::AuthorizationCode, Self::DeviceCode, Self::ClientCredentials, Self::JwtBearer, Self::TokenExchange];

    /// As manifests and commands write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization-code",
            Self::DeviceCode => "device-code",
            Self::ClientCredentials => "client-credentials",
            Self::JwtBearer => "jwt-bearer",
            Self::TokenExchange => "token-exchange",
        }
    }
}

impl fmt::Display for GrantKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for GrantKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(())
    }
}

/// A grant that is asked for.
#[derive(Clone, Debug)]
pub struct Grant {
    /// How.
    pub kind: GrantKind,
    /// Identifiers of the service's own; empty is what the service gives by default.
    pub scopes: Vec<String>,
    /// The account to act for, where the grant can choose one.
    pub subject: Option<String>,
    /// The token to exchange, for [`GrantKind::TokenExchange`].
    pub subject_token: Option<Secret>,
    /// Whatever else the provider understands.
    pub options: Vec<(String, String)>,
}

impl Grant {
    /// A grant of this kind with these scopes and nothing else.
    pub fn new(kind: GrantKind, scopes: Vec<String>) -> Self {
        Self { kind, scopes, subject: None, subject_token: None, options: vec![] }
    }
}

/// What a provider got from its service.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token.
    pub access: Secret,
    /// From a refresh, `None` means that the refresh token before goes on.
    pub refresh: Option<Secret>,
    /// OpenID Connect's ID token.
    pub id_token: Option<Secret>,
    /// `None`: it doesn't expire, or nobody knows.
    pub expires_in: Option<Duration>,
    /// How long the refresh token lives, where the service says so.
    pub refresh_expires_in: Option<Duration>,
    /// What time the service had when it gave them, by the `Date` of its answer.
    pub answered_at: Option<SystemTime>,
    /// What was granted; `None` is what was asked for.
    pub scope: Option<String>,
    /// What later calls need besides, such as an instance's address.
    pub extras: Vec<(String, String)>,
}

/// What is kept of a connection, for the calls that need it.
#[derive(Clone, Debug, Default)]
pub struct CurrentTokens {
    /// The access token.
    pub access: Option<Secret>,
    /// The refresh token.
    pub refresh: Option<Secret>,
    /// What was granted.
    pub scope: Option<String>,
    /// [`Tokens::extras`] of the grant.
    pub extras: Vec<(String, String)>,
}

/// How an access token is shown (RFC 6749, 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// It is good for whoever has it (RFC 6750).
    Bearer,
    /// Each request needs a proof by the key that it is bound to, too (RFC 9449).
    Dpop,
}

impl TokenType {
    /// As an `Authorization` header and `token_type` write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }

    /// What a provider says of it: in [`Tokens::extras`], under `token-type`.
    pub fn of(extras: &[(String, String)]) -> Self {
        let said = extras.iter().find(|(name, _)| name == "token-type");
        if said.is_some_and(|(_, value)| value == Self::Dpop.name()) { Self::Dpop } else { Self::Bearer }
    }
}

/// Whose tokens they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What the service never changes.
    pub id: String,
    /// An address, a login.
    pub login: Option<String>,
    /// What the person is called.
    pub name: Option<String>,
    /// Whatever else the provider says.
    pub extras: Vec<(String, String)>,
}

/// What an API answer means for the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It worked.
    Ok,
    /// Refresh, then try once more.
    Expired,
    /// Sign in again.
    Revoked,
    /// The connection needs more scopes.
    InsufficientScope,
    /// Wait, this long where the service says so.
    RateLimited(Option<Duration>),
    /// Nothing that concerns the token.
    Other,
}
