//! The documents from which clients learn Google's addresses and keys.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use super::GoogleService;
use super::token::ISSUER;
use crate::json::json as answer;

/// GET `/.well-known/openid-configuration`
pub(super) async fn configuration() -> Response {
    let document = json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
        "device_authorization_endpoint": "https://oauth2.googleapis.com/device/code",
        "token_endpoint": "https://oauth2.googleapis.com/token",
        "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
        "revocation_endpoint": "https://oauth2.googleapis.com/revoke",
        "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "iss", "name", "sub"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ],
    });
    answer(StatusCode::OK, &document)
}

/// GET `/oauth2/v3/certs`
pub(super) async fn keys(State(service): State<GoogleService>) -> Response {
    answer(StatusCode::OK, &service.0.signer.key_set())
}
