//! Knobs for what Box's documents leave open, or what a test wants otherwise.

use std::time::Duration;

/// What becomes of a refresh token when it is used. Box documents a single use; reports from the field are softer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It is dead at once.
    Strict,
    /// It stays usable until its successor is used once. Of one grant, never more than two are live: using the old one again knocks the
    /// successor out.
    Grace,
}

/// Lifetimes, by the virtual clock.
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

/// The `error` of a 401 for an expired access token. The documents show `invalid_token`; clients in the field look for `expired_token`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiredError {
    /// `invalid_token`
    InvalidToken,
    /// `expired_token`
    ExpiredToken,
}

impl ExpiredError {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::InvalidToken => "invalid_token",
            Self::ExpiredToken => "expired_token",
        }
    }
}
