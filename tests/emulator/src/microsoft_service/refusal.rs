//! Microsoft's errors: numbers that begin with AADSTS, and the envelope they come in (`providers.md` 4.5).
//!
//! Microsoft documents the numbers and their names. The `error` and the status of each are what clients have seen, and the texts are ours.

use std::time::SystemTime;

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::catalogue::CATALOGUE;
use crate::json::{json as answer, with};
use crate::mint::Mint;

/// A refusal of the token endpoint, or the end of an authorization request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    code: u32,
    error: &'static str,
    status: u16,
    text: &'static str,
    suberror: Option<String>,
    claims: Option<String>,
    numberless: bool,
}

impl Refusal {
    /// The refusal of this number. One that isn't in the catalogue is an `invalid_request`.
    pub fn aadsts(code: u32) -> Self {
        let known = CATALOGUE.iter().find(|(known, ..)| *known == code);
        let (error, status, text) =
            known.map_or(("invalid_request", 400, "The request failed."), |(_, error, status, text)| (error, *status, text));
        Self { code, error, status, text, suberror: None, claims: None, numberless: false }
    }

    /// All the numbers of the catalogue.
    pub fn known() -> impl Iterator<Item = u32> {
        CATALOGUE.iter().map(|(code, ..)| *code)
    }

    /// The number.
    pub fn code(&self) -> u32 {
        self.code
    }

    /// The `error`.
    pub fn error(&self) -> &'static str {
        self.error
    }

    /// The HTTP status at the token endpoint.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// With another `error`, for numbers that come with several.
    #[must_use]
    pub fn with_error(self, error: &'static str) -> Self {
        Self { error, ..self }
    }

    /// With a `suberror`: `basic_action`, `consent_required`, …
    #[must_use]
    pub fn suberror(self, suberror: &str) -> Self {
        Self { suberror: Some(suberror.to_owned()), ..self }
    }

    /// With the number in `error_codes` alone, and not in the text.
    #[must_use]
    pub fn listed_only(self) -> Self {
        Self { numberless: true, ..self }
    }

    /// With claims that the next authorization request must carry: JSON as text.
    #[must_use]
    pub fn claims(self, claims: &str) -> Self {
        Self { claims: Some(claims.to_owned()), ..self }
    }
}

/// The ids and the date of one refusal.
pub(super) struct Stamp {
    trace_id: String,
    correlation_id: String,
    timestamp: String,
}

impl Stamp {
    /// The correlation id is the client's own, if it sent one.
    pub(super) fn of(mint: &Mint, now: SystemTime, headers: &HeaderMap) -> Self {
        let sent = headers.get("client-request-id").and_then(|id| id.to_str().ok());
        let correlation_id = sent.map_or_else(|| guid(mint, "correlation", &mint.request_id()), str::to_owned);
        let (date, time) = (OffsetDateTime::from(now).date(), OffsetDateTime::from(now).time());
        let timestamp = format!("{date} {:02}:{:02}:{:02}Z", time.hour(), time.minute(), time.second());
        Self { trace_id: guid(mint, "trace", &mint.request_id()), correlation_id, timestamp }
    }

    /// The text with everything in it, as in `error_description`.
    pub(super) fn describe(&self, refusal: &Refusal) -> String {
        let number = if refusal.numberless { String::new() } else { format!("AADSTS{}: ", refusal.code) };
        format!(
            "{number}{}\r\nTrace ID: {}\r\nCorrelation ID: {}\r\nTimestamp: {}",
            refusal.text, self.trace_id, self.correlation_id, self.timestamp
        )
    }

    /// The answer of the token endpoint of `login_host`.
    pub(super) fn answer(&self, refusal: &Refusal, login_host: &str) -> Response {
        let body = json!({
            "error": refusal.error,
            "error_description": self.describe(refusal),
            "error_codes": [refusal.code],
            "timestamp": self.timestamp,
            "trace_id": self.trace_id,
            "correlation_id": self.correlation_id,
            "error_uri": format!("https://{login_host}/error?code={}", refusal.code),
        });
        let more = [("suberror", refusal.suberror.clone()), ("claims", refusal.claims.clone())];
        let body = with(body, more.map(|(name, value)| (name, value.map(Value::from))));
        answer(StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST), &body)
    }
}

/// A GUID that follows from the seed.
pub(super) fn guid(mint: &Mint, purpose: &str, text: &str) -> String {
    let digits = format!("{}{}", mint.seal(purpose, text), mint.seal(text, purpose));
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}
