//! How long what is issued lives, and what becomes of a refresh token that is used.

use std::time::Duration;

/// What becomes of a refresh token when it is used. Box documents a single use; reports from the field are softer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rotation {
    /// It is dead at once.
    Strict,
    /// It is dead at once, and whoever shows it again ends the grant: RFC 9700 section 4.14.2 takes that as theft.
    Guarded,
    /// It stays usable until its successor is used once. Of one grant, never more than two are live: using the old one again knocks the
    /// successor out.
    Grace,
    /// It stays as it is, and gives access tokens without an end.
    Never,
}

/// Lifetimes, by the virtual clock. [`Duration::MAX`] never ends. The defaults are Box's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Authorization codes: 30 seconds.
    pub code: Duration,
    /// Access tokens: 60 minutes. Answered as `expires_in`.
    pub access: Duration,
    /// Refresh tokens: 60 days, or one use.
    pub refresh: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { code: Duration::from_secs(30), access: Duration::from_secs(3600), refresh: Duration::from_secs(60 * 24 * 3600) }
    }
}
