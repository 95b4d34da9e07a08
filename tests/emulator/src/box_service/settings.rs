//! Knobs for what Box's documents leave open.

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
