//! The error catalogue of Box's token endpoint, text by text (`providers.md` 1.8). All of it is answered with status 400.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use crate::json::json;

/// A refusal of the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The refresh token is too old, or already used.
    RefreshTokenExpired,
    /// The refresh token is garbled or another client's.
    InvalidRefreshToken,
    /// The authorization code is older than 30 seconds.
    CodeExpired,
    /// The authorization code is unknown, used, or another client's.
    UnknownCode,
    /// Client credentials grant: anything at all is wrong.
    GrantCredentials,
    /// JWT grant: a claim is wrong.
    Claim(Claim),
    /// JWT grant: `exp` is in the past by Box's clock.
    ExpPassed,
    /// JWT grant: the `jti` has been seen.
    JtiSeen,
    /// JWT grant: the signature doesn't fit the key.
    Signature,
    /// The client id or secret is wrong or not in the body.
    InvalidClient,
    /// The enterprise's admin hasn't authorized the app, or not since its scopes changed.
    NotAuthorizedByAdmin,
    /// The app may not use this grant.
    GrantNotAllowed,
    /// The app's access level doesn't fit the enterprise.
    EnterpriseConfiguration,
    /// `grant_type`, or a parameter that it needs, is missing or unknown.
    InvalidRequest,
    /// A JWT app without a public key.
    NoPublicKey,
    /// Token exchange: a scope that the subject token doesn't have. Box's own wording isn't known.
    InvalidScope,
    /// A parameter was sent twice (RFC 6749 section 3.2). Box's own wording isn't known.
    Repeated,
}

/// The claims that Box names when they are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// `iss`
    Iss,
    /// `sub`
    Sub,
    /// `exp`
    Exp,
    /// `jti`
    Jti,
    /// `aud`. Box's own wording isn't known.
    Aud,
}

impl Refusal {
    /// The catalogue, for tests that go through all of it.
    pub const ALL: [Self; 21] = [
        Self::RefreshTokenExpired,
        Self::InvalidRefreshToken,
        Self::CodeExpired,
        Self::UnknownCode,
        Self::GrantCredentials,
        Self::Claim(Claim::Iss),
        Self::Claim(Claim::Sub),
        Self::Claim(Claim::Exp),
        Self::Claim(Claim::Jti),
        Self::Claim(Claim::Aud),
        Self::ExpPassed,
        Self::JtiSeen,
        Self::Signature,
        Self::InvalidClient,
        Self::NotAuthorizedByAdmin,
        Self::GrantNotAllowed,
        Self::EnterpriseConfiguration,
        Self::InvalidRequest,
        Self::NoPublicKey,
        Self::InvalidScope,
        Self::Repeated,
    ];

    /// The `error`. For [`Refusal::NoPublicKey`] Box's code isn't known, and `unauthorized_client` is assumed.
    pub fn error(self) -> &'static str {
        match self {
            Self::RefreshTokenExpired
            | Self::InvalidRefreshToken
            | Self::CodeExpired
            | Self::UnknownCode
            | Self::GrantCredentials
            | Self::Claim(_)
            | Self::ExpPassed
            | Self::JtiSeen
            | Self::Signature => "invalid_grant",
            Self::InvalidClient => "invalid_client",
            Self::NotAuthorizedByAdmin | Self::GrantNotAllowed | Self::NoPublicKey => "unauthorized_client",
            Self::InvalidScope => "invalid_scope",
            Self::EnterpriseConfiguration | Self::InvalidRequest | Self::Repeated => "invalid_request",
        }
    }

    /// The `error_description`.
    pub fn description(self) -> &'static str {
        match self {
            Self::RefreshTokenExpired => "Refresh token has expired",
            Self::InvalidRefreshToken => "Invalid refresh token",
            Self::CodeExpired => "The authorization code has expired",
            Self::UnknownCode => "Auth code doesn't exist or is invalid for the client",
            Self::GrantCredentials => "Grant credentials are invalid",
            Self::Claim(Claim::Iss) => "Please check the 'iss' claim.",
            Self::Claim(Claim::Sub) => "Please check the 'sub' claim.",
            Self::Claim(Claim::Exp) => "Please check the 'exp' claim.",
            Self::Claim(Claim::Jti) => "Please check the 'jti' claim.",
            Self::Claim(Claim::Aud) => "Please check the 'aud' claim.",
            Self::ExpPassed => "Current date/time MUST be before the expiration date/time listed in the 'exp' claim",
            Self::JtiSeen => "A unique 'jti' value is required",
            Self::Signature => "OpenSSL unable to verify data: the signature doesn't fit the key",
            Self::InvalidClient => "The client credentials are invalid",
            Self::NotAuthorizedByAdmin => "This app is not authorized by the enterprise admin",
            Self::GrantNotAllowed => "The grant type is unauthorized for this client_id",
            Self::EnterpriseConfiguration => "Cannot obtain token based on the enterprise configuration for your app",
            Self::InvalidRequest => "Invalid grant_type parameter or parameter missing",
            Self::NoPublicKey => "This app is not configured properly. No public key(s) added",
            Self::InvalidScope => "The scope is more than the subject token has",
            Self::Repeated => "A parameter was sent more than once",
        }
    }

    pub(super) fn answer(self) -> Response {
        #[derive(Serialize)]
        struct Wire {
            error: &'static str,
            error_description: &'static str,
        }
        json(StatusCode::BAD_REQUEST, &Wire { error: self.error(), error_description: self.description() })
    }
}
