//! The control API: the library's knobs for a program in another process, under the host name `control.emulator.test` of the same listener.
//!
//! | request | does |
//! |---|---|
//! | `POST /clock/advance?seconds=N` | [`Clock::advance`] |
//! | `POST /faults` | [`Faults::inject`]: `{"fault": {"server-error": 503}, "matcher": {"path": "/oauth2/token"}, "times": 1}`; matcher and times may be left out |
//! | `GET /journal` | [`Journal::entries`](crate::Journal::entries) as an array, and the counters: `{"entries": […], "endpoints": {…}}` |
//! | `POST /apps` | [`BoxService::register_app`]: `{"client_id": "a", "client_secret": "b", "redirect_uris": ["http://127.0.0.1/cb"]}`; also `scopes`, `state` |
//! | `POST /google/clients` | [`GoogleService::register_client`]: `{"client_id": "a", "client_secret": "b", "kind": "desktop"}` |
//! | `POST /microsoft/apps` | [`MicrosoftService::register_app`]: `{"client_id": "a", "redirect_uris": [{"uri": "http://localhost", "platform": "native"}]}` |
//! | `POST /box/expire-access-tokens` | [`BoxService::expire_access_tokens`], answers `{"expired": N}` |
//!
//! What is done without an answer to give is answered with 204, what isn't understood with 400 and a text. Faults don't strike here, and
//! nothing here is written into the journal.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::{StatusCode, Uri};
use serde::Deserialize;
use serde_json::json;

use crate::Clock;
use crate::box_service::{App, BoxService};
use crate::fault::{Fault, Faults, Matcher};
use crate::form::Form;
use crate::google_service::{self, GoogleService};
use crate::journal::Journal;
use crate::json::json as answer;
use crate::microsoft_service::{self, MicrosoftService};

/// The host name of the control API.
pub const CONTROL_HOST: &str = "control.emulator.test";

#[derive(Clone)]
pub(crate) struct Controls {
    pub(crate) clock: Arc<Clock>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) box_service: BoxService,
    pub(crate) google_service: GoogleService,
    pub(crate) microsoft_service: MicrosoftService,
}

impl Controls {
    pub(crate) fn routes(self) -> Router {
        Router::new()
            .route("/clock/advance", post(advance))
            .route("/faults", post(inject))
            .route("/journal", get(journal))
            .route("/apps", post(register))
            .route("/google/clients", post(register_google))
            .route("/microsoft/apps", post(register_microsoft))
            .route("/box/expire-access-tokens", post(expire))
            .with_state(self)
    }
}

async fn advance(State(controls): State<Controls>, uri: Uri) -> Response {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
    match query.get("seconds").and_then(|seconds| seconds.parse().ok()) {
        Some(seconds) => {
            controls.clock.advance(Duration::from_secs(seconds));
            StatusCode::NO_CONTENT.into_response()
        }
        None => refused("say how far: /clock/advance?seconds=N"),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    fault: Fault,
    #[serde(default)]
    matcher: Matcher,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

async fn inject(State(controls): State<Controls>, body: Bytes) -> Response {
    match serde_json::from_slice::<Order>(&body) {
        Ok(order) => {
            controls.faults.inject(order.fault, order.matcher, order.times);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => refused(&error.to_string()),
    }
}

async fn journal(State(controls): State<Controls>) -> Response {
    answer(StatusCode::OK, &json!({ "entries": controls.journal.entries(), "endpoints": controls.journal.endpoints() }))
}

async fn register(State(controls): State<Controls>, body: Bytes) -> Response {
    let app = match serde_json::from_slice::<App>(&body) {
        Ok(app) => app,
        Err(error) => return refused(&error.to_string()),
    };
    match controls.box_service.register_app(app) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(&error.to_string()),
    }
}

async fn register_google(State(controls): State<Controls>, body: Bytes) -> Response {
    match serde_json::from_slice::<google_service::Client>(&body) {
        Ok(client) => registered(controls.google_service.register_client(client)),
        Err(error) => refused(&error.to_string()),
    }
}

async fn register_microsoft(State(controls): State<Controls>, body: Bytes) -> Response {
    match serde_json::from_slice::<microsoft_service::App>(&body) {
        Ok(app) => registered(controls.microsoft_service.register_app(app)),
        Err(error) => refused(&error.to_string()),
    }
}

fn registered<E: std::fmt::Display>(outcome: Result<(), E>) -> Response {
    match outcome {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(&error.to_string()),
    }
}

async fn expire(State(controls): State<Controls>) -> Response {
    answer(StatusCode::OK, &json!({ "expired": controls.box_service.expire_access_tokens() }))
}

fn refused(text: &str) -> Response {
    (StatusCode::BAD_REQUEST, format!("{text}\n")).into_response()
}
