//! What can go wrong, told by who must act.

use std::fmt;
use std::time::Duration;

use crate::manifest::Problems;

/// Why a provider couldn't be loaded, or a call didn't do what it should.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The manifest has mistakes, each with its line.
    #[error(transparent)]
    Manifest(#[from] Problems),

    /// The file is no provider for this host.
    #[error("{what}")]
    Incompatible {
        /// What is wrong with the file.
        what: String,
        /// What its author can do.
        hint: String,
    },

    /// What the caller passed doesn't fit the provider: a missing setting, an unknown grant.
    #[error("{what}")]
    Unfit {
        /// What doesn't fit.
        what: String,
        /// How it would.
        hint: String,
    },

    /// The client's certificate can't be shown, or isn't accepted.
    #[error("{what}")]
    Certificate {
        /// What is wrong with it, or with its private key.
        what: String,
        /// What to do.
        hint: String,
    },

    /// The service said no.
    #[error(transparent)]
    Service(#[from] ServiceError),

    /// A rule of the manifest or the host stopped the provider.
    #[error(transparent)]
    Denied(#[from] Denial),

    /// The service can't be reached, or broke off.
    #[error("{0}")]
    Unreachable(String),

    /// The provider broke a promise of the contract.
    #[error("the provider {provider} {what}")]
    Provider {
        /// Its id.
        provider: String,
        /// What it did.
        what: String,
    },

    /// The provider used more than it may.
    #[error("the provider {provider} was stopped: {limit}")]
    Limit {
        /// Its id.
        provider: String,
        /// Which limit, with its value.
        limit: String,
    },

    /// Others' calls left no room for this one. Nothing was sent.
    #[error("{0}")]
    Busy(String),

    /// What came back from the browser isn't the answer to this flow.
    #[error("{0}")]
    Callback(String),

    /// The host itself: the engine, the cache folder, the system's random source.
    #[error("{0}")]
    Host(String),
}

/// Who can do something about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The person signs in again.
    SignIn,
    /// Nobody; later it may work.
    Retry,
    /// Whoever made the registration corrects it.
    FixClient,
    /// A rule forbids it.
    Denied,
    /// None of these.
    Other,
}

impl Error {
    /// Who must act.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Service(error) => error.kind.remedy(),
            Self::Certificate { .. } => Remedy::FixClient,
            Self::Denied(_) => Remedy::Denied,
            Self::Unreachable(_) | Self::Busy(_) => Remedy::Retry,
            _ => Remedy::Other,
        }
    }

    /// What would allow it, where a rule forbids it.
    pub fn allow(&self) -> Option<&Allow> {
        match self {
            Self::Denied(denial) => denial.allow.as_ref(),
            _ => None,
        }
    }

    /// What to do next, for a person.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Incompatible { hint, .. } | Self::Unfit { hint, .. } | Self::Certificate { hint, .. } => Some(hint.clone()),
            Self::Service(error) => match error.retry_after {
                Some(wait) if error.kind.remedy() == Remedy::Retry => {
                    Some(format!("Try again in {} seconds; nothing was lost", wait.as_secs()))
                }
                _ => error.kind.hint().map(str::to_owned),
            },
            Self::Denied(denial) => Some(denial.hint.clone()),
            Self::Unreachable(_) => Some("Check the network, then try again; nothing was lost".to_owned()),
            Self::Busy(_) => Some("Try again later; nothing was sent".to_owned()),
            Self::Provider { .. } | Self::Limit { .. } => Some("This is a mistake in the provider: report it to its author".to_owned()),
            _ => None,
        }
    }
}

/// What kind of no the service said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "documented in wit/provider.wit")]
pub enum ErrorKind {
    InvalidGrant,
    InvalidToken,
    InvalidClient,
    AccessDenied,
    AdminApprovalRequired,
    RedirectMismatch,
    RateLimited,
    TemporarilyUnavailable,
    InsufficientScope,
    Unsupported,
    Other,
}

impl ErrorKind {
    /// Who must act.
    pub fn remedy(self) -> Remedy {
        match self {
            Self::InvalidGrant | Self::InvalidToken | Self::InsufficientScope | Self::AccessDenied => Remedy::SignIn,
            Self::InvalidClient | Self::RedirectMismatch | Self::AdminApprovalRequired => Remedy::FixClient,
            Self::RateLimited | Self::TemporarilyUnavailable => Remedy::Retry,
            Self::Unsupported | Self::Other => Remedy::Other,
        }
    }

    fn summary(self) -> &'static str {
        match self {
            Self::InvalidGrant => "the service no longer accepts this sign-in",
            Self::InvalidToken => "the service doesn't accept the access token",
            Self::InvalidClient => "the service doesn't accept the client registration",
            Self::AccessDenied => "access was declined",
            Self::AdminApprovalRequired => "an administrator of the service must approve the app first",
            Self::RedirectMismatch => "the service doesn't know this redirect URI",
            Self::RateLimited => "the service asks to wait",
            Self::TemporarilyUnavailable => "the service is not available at the moment",
            Self::InsufficientScope => "the connection lacks a scope",
            Self::Unsupported => "the provider can't do that",
            Self::Other => "the service refused",
        }
    }

    fn hint(self) -> Option<&'static str> {
        match self {
            Self::InvalidGrant | Self::InvalidToken => Some("Sign in again"),
            Self::InvalidClient => Some("Compare client id, secret and grant types with the service's developer console"),
            Self::AccessDenied => Some("Sign in again and grant access, if that was not on purpose"),
            Self::AdminApprovalRequired => Some("Give the administrator the client id and ask for the app's approval"),
            Self::RedirectMismatch => Some("Enter the redirect URI in the service's developer console, character for character"),
            Self::RateLimited | Self::TemporarilyUnavailable => Some("Try again later; nothing was lost"),
            Self::InsufficientScope => Some("Add the scope in the service's developer console, then sign in again"),
            Self::Unsupported => Some("See what its provider does: jeton providers show PROVIDER"),
            Self::Other => Some(
                "Look up what the service says in its documentation, and compare the client with jeton providers show PROVIDER --guide",
            ),
        }
    }
}

/// The service's no, in its own words. The texts hold no secrets and no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceError {
    /// What it means.
    pub kind: ErrorKind,
    /// The service's `error`.
    pub code: Option<String>,
    /// The service's `error_description`.
    pub description: Option<String>,
    /// How long to wait, where the service says so.
    pub retry_after: Option<Duration>,
}

impl std::error::Error for ServiceError {}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.summary())?;
        match (&self.description, &self.code) {
            (Some(description), Some(code)) => write!(f, ": {description} ({code})"),
            (Some(text), None) | (None, Some(text)) => write!(f, ": {text}"),
            (None, None) => Ok(()),
        }
    }
}

/// What was tried, which rule forbade it, and what would allow it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {rule}")]
pub struct Denial {
    /// What the provider tried.
    pub what: String,
    /// The rule that forbids it.
    pub rule: String,
    /// What to do, in a line.
    pub hint: String,
    /// What would allow it, to be copied as it is. `None`: nothing would.
    pub allow: Option<Allow>,
}

/// What allows something that was denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allow {
    /// Lines for `provider.toml`: a table, and what is to stand in it, in place of what it says there now.
    Manifest(String),
    /// An option for the command that was denied.
    Option(String),
}

impl Denial {
    /// What nothing allows.
    pub fn new(what: impl Into<String>, rule: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), rule: rule.into(), hint: hint.into(), allow: None }
    }

    /// What this line in this table of the manifest allows.
    pub fn unless(what: impl Into<String>, rule: impl Into<String>, table: &str, line: &str) -> Self {
        let hint = format!("{line} in [{table}] would allow it");
        Self { allow: Some(Allow::Manifest(format!("[{table}]\n{line}\n"))), ..Self::new(what, rule, hint) }
    }
}
