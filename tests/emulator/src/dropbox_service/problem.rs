//! The forms in which Dropbox's API refuses (`providers.md` 2.6).

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::json::json as answer;
use crate::mint::Mint;

/// The tag of a 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiTag {
    /// `invalid_access_token`
    InvalidAccessToken,
    /// `expired_access_token`, the only one that a refresh mends.
    ExpiredAccessToken,
    /// `invalid_select_user`
    InvalidSelectUser,
    /// `invalid_select_admin`
    InvalidSelectAdmin,
    /// `user_suspended`
    UserSuspended,
    /// `route_access_denied`
    RouteAccessDenied,
    /// `missing_scope`, with the scope that is missing.
    MissingScope(&'static str),
}

impl ApiTag {
    fn name(self) -> &'static str {
        match self {
            Self::InvalidAccessToken => "invalid_access_token",
            Self::ExpiredAccessToken => "expired_access_token",
            Self::InvalidSelectUser => "invalid_select_user",
            Self::InvalidSelectAdmin => "invalid_select_admin",
            Self::UserSuspended => "user_suspended",
            Self::RouteAccessDenied => "route_access_denied",
            Self::MissingScope(_) => "missing_scope",
        }
    }
}

/// The two forms of a 429.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// JSON with the reason `too_many_requests` and `retry_after`.
    Json,
    /// Text; only the header says how long.
    Text,
}

/// Why a call isn't answered with what it asked for.
pub(super) enum Problem {
    Text(String),
    Unauthorized(ApiTag),
    Endpoint { summary: &'static str, error: Value },
    PathRoot(Value),
    TooMany { form: Busy, seconds: u64 },
}

impl Problem {
    pub(super) fn answer(self, mint: &Mint) -> Response {
        match self {
            Self::Text(text) => (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response(),
            Self::Unauthorized(tag) => {
                let error = match tag {
                    ApiTag::MissingScope(scope) => json!({ ".tag": tag.name(), "required_scope": scope }),
                    _ => json!({ ".tag": tag.name() }),
                };
                tagged(mint, StatusCode::UNAUTHORIZED, tag.name(), &error)
            }
            Self::Endpoint { summary, error } => tagged(mint, StatusCode::CONFLICT, summary, &error),
            Self::PathRoot(error) => tagged(mint, StatusCode::UNPROCESSABLE_ENTITY, "invalid_root", &error),
            Self::TooMany { form, seconds } => {
                let mut refused = match form {
                    Busy::Json => too_many(mint, Some(seconds)),
                    Busy::Text => (StatusCode::TOO_MANY_REQUESTS, "Too many requests.\n").into_response(),
                };
                refused.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
                refused
            }
        }
    }
}

/// Trouble of Dropbox's own making: 429 in JSON, everything else as text.
pub(super) fn failure(mint: &Mint, status: StatusCode) -> Response {
    let mut answer = match status {
        StatusCode::TOO_MANY_REQUESTS => too_many(mint, None),
        _ => (status, "Something went wrong. Try again later.\n").into_response(),
    };
    if let Ok(id) = HeaderValue::from_str(&mint.request_id()) {
        answer.headers_mut().insert("x-dropbox-request-id", id);
    }
    answer
}

fn too_many(mint: &Mint, seconds: Option<u64>) -> Response {
    let mut error = json!({ "reason": { ".tag": "too_many_requests" } });
    if let (Some(seconds), Some(members)) = (seconds, error.as_object_mut()) {
        members.insert("retry_after".to_owned(), seconds.into());
    }
    tagged(mint, StatusCode::TOO_MANY_REQUESTS, "too_many_requests", &error)
}

/// The summary ends in a number of dots that changes, so that no client compares it.
fn tagged(mint: &Mint, status: StatusCode, summary: &str, error: &Value) -> Response {
    let dots = ".".repeat(1 + mint.request_id().bytes().map(usize::from).sum::<usize>() % 3);
    answer(status, &json!({ "error_summary": format!("{summary}/{dots}"), "error": error }))
}
