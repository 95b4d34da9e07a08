//! The error catalogue of Google's token endpoint (`providers.md` 3.5 and 3.6).

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use crate::json::{json as answer, with};

/// A refusal of the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The refresh token is too old, revoked, pushed out by newer ones, or another client's.
    DeadToken,
    /// The code is used or too old, or the verifier doesn't fit.
    BadCode,
    /// The code is none of Google's.
    MalformedCode,
    /// The organization's session policy wants the user to sign in again.
    InvalidRapt,
    /// The same, where no proof of it was sent at all.
    RaptRequired,
    /// There is no such client.
    UnknownClient,
    /// The secret is wrong.
    WrongSecret,
    /// The client was deleted.
    DeletedClient,
    /// A client that has a secret didn't send it.
    SecretMissing,
    /// The redirect URI isn't the one of the authorization request.
    RedirectUriMismatch,
    /// The user's admin doesn't allow the app.
    AdminPolicyEnforced,
    /// The app is for another organization's users.
    OrgInternal,
    /// No admin lets the service account act for users with these scopes.
    NotDelegated,
    /// There is no such grant type.
    UnsupportedGrantType,
    /// There is no such scope, or it isn't for this client.
    InvalidScope,
    /// The assertion's signature fits no key of the account.
    JwtSignature,
    /// `iat` and `exp` are more than an hour apart, or not around now.
    JwtTimes,
    /// `aud` isn't the token endpoint.
    JwtAudience,
    /// `sub` is no user.
    NotAUser,
    /// `iss` is no service account.
    AccountNotFound,
    /// A token of another identity provider isn't accepted.
    SubjectToken,
    /// A parameter is missing.
    MissingParameter,
    /// A parameter was sent twice. Google's own wording isn't known.
    Repeated,
    /// The client isn't for devices.
    InvalidClientType,
    /// The user hasn't decided yet.
    AuthorizationPending,
    /// The device asks too often.
    SlowDown,
    /// The user said no.
    AccessDenied,
    /// The device code is too old.
    ExpiredToken,
    /// The DPoP proof has no nonce, or an old one; the header `DPoP-Nonce` has the next.
    UseDpopNonce,
    /// The DPoP proof is missing or wrong, or of another key.
    InvalidDpopProof,
    /// Trouble on Google's side, to be tried again.
    InternalFailure,
}

impl Refusal {
    /// The catalogue, for tests that go through all of it.
    pub const ALL: [Self; 31] = [
        Self::DeadToken,
        Self::BadCode,
        Self::MalformedCode,
        Self::InvalidRapt,
        Self::RaptRequired,
        Self::UnknownClient,
        Self::WrongSecret,
        Self::DeletedClient,
        Self::SecretMissing,
        Self::RedirectUriMismatch,
        Self::AdminPolicyEnforced,
        Self::OrgInternal,
        Self::NotDelegated,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
        Self::JwtSignature,
        Self::JwtTimes,
        Self::JwtAudience,
        Self::NotAUser,
        Self::AccountNotFound,
        Self::SubjectToken,
        Self::MissingParameter,
        Self::Repeated,
        Self::InvalidClientType,
        Self::AuthorizationPending,
        Self::SlowDown,
        Self::AccessDenied,
        Self::ExpiredToken,
        Self::UseDpopNonce,
        Self::InvalidDpopProof,
        Self::InternalFailure,
    ];

    /// HTTP status, `error` and `error_description`.
    pub fn wire(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::DeadToken => (400, "invalid_grant", "Token has been expired or revoked."),
            Self::BadCode => (400, "invalid_grant", "Bad Request"),
            Self::MalformedCode => (400, "invalid_grant", "Malformed auth code."),
            Self::InvalidRapt | Self::RaptRequired => (400, "invalid_grant", "reauth related error (invalid_rapt)"),
            Self::UnknownClient => (401, "invalid_client", "The OAuth client was not found."),
            Self::WrongSecret => (401, "invalid_client", "Unauthorized"),
            Self::DeletedClient => (401, "deleted_client", "The OAuth client was deleted."),
            Self::SecretMissing => (400, "invalid_request", "client_secret is missing."),
            Self::RedirectUriMismatch => (400, "redirect_uri_mismatch", "Bad Request"),
            Self::AdminPolicyEnforced => (400, "admin_policy_enforced", "Your organization's policy doesn't let this app in."),
            Self::OrgInternal => (403, "org_internal", "This client is restricted to users within its organization."),
            Self::NotDelegated => (
                401,
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
            ),
            Self::UnsupportedGrantType => (400, "unsupported_grant_type", "Invalid grant_type"),
            Self::InvalidScope => (400, "invalid_scope", "Some requested scopes were invalid."),
            Self::JwtSignature => (400, "invalid_grant", "Invalid JWT Signature."),
            Self::JwtTimes => (
                400,
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.",
            ),
            Self::JwtAudience => (400, "invalid_grant", "Invalid JWT: Failed audience check."),
            Self::NotAUser => (400, "invalid_grant", "Not a valid email or user ID."),
            Self::AccountNotFound => (400, "invalid_grant", "Invalid grant: account not found"),
            Self::SubjectToken => (400, "invalid_grant", "The subject token isn't one that the provider accepts."),
            Self::MissingParameter => (400, "invalid_request", "Missing required parameter."),
            Self::Repeated => (400, "invalid_request", "A parameter was sent more than once."),
            Self::InvalidClientType => (401, "invalid_client", "Invalid client type."),
            Self::AuthorizationPending => (428, "authorization_pending", "Precondition Required"),
            Self::SlowDown => (403, "slow_down", "Forbidden"),
            Self::AccessDenied => (403, "access_denied", "Forbidden"),
            Self::ExpiredToken => (400, "expired_token", "Bad Request"),
            Self::UseDpopNonce => (400, "use_dpop_nonce", "The proof must carry the nonce of the DPoP-Nonce header."),
            Self::InvalidDpopProof => (400, "invalid_dpop_proof", "The DPoP proof is missing, wrong or of another key."),
            Self::InternalFailure => (500, "internal_failure", "Internal error"),
        }
    }

    /// The `error_subtype`.
    pub fn subtype(self) -> Option<&'static str> {
        match self {
            Self::InvalidRapt => Some("invalid_rapt"),
            Self::RaptRequired => Some("rapt_required"),
            _ => None,
        }
    }

    pub(super) fn answer(self) -> Response {
        let (status, error, description) = self.wire();
        let body = json!({ "error": error, "error_description": description });
        let body = with(body, [("error_subtype", self.subtype().map(Value::from))]);
        answer(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), &body)
    }
}
