//! The device flow in Google's dialect (`providers.md` 3.6): `verification_url`, few scopes, a quota. The poll is in `token.rs`.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::json;

use super::client::{Client, ClientKind};
use super::refusal::Refusal;
use super::{GoogleService, SERVICE, scopes};
use crate::device::{Asks, INTERVAL, Visit};
use crate::form::{Form, words};
use crate::json::json as answer;
use crate::sign_in::Consent;

const LIFETIME: Duration = Duration::from_secs(1800);

/// What a device asks for.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) client: Client,
    pub(super) scopes: Vec<String>,
}

impl Asks for Wish {
    fn consent(&self) -> Consent<'_> {
        let scopes = self.scopes.iter().map(|scope| (scope.as_str(), scopes::name(scope))).collect();
        Consent { service: SERVICE, app: &self.client.client_id, scopes }
    }
}

impl Client {
    pub(super) fn is_for_devices(&self) -> bool {
        self.kind == ClientKind::LimitedInput
    }
}

/// POST `/device/code`: no secret yet.
pub(super) async fn begin(State(service): State<GoogleService>, Extension(form): Extension<Arc<Form>>) -> Response {
    if !service.0.state.get().take_device_code() {
        return answer(StatusCode::FORBIDDEN, &json!({ "error_code": "rate_limit_exceeded" }));
    }
    match service.wish(&form) {
        Err(refusal) => refusal.answer(),
        Ok(wish) => {
            let (device_code, user_code) = service.0.devices.get().begin(service.now().saturating_add(LIFETIME), wish);
            answer(
                StatusCode::OK,
                &json!({
                    "device_code": device_code,
                    "user_code": user_code,
                    "verification_url": "https://www.google.com/device",
                    "expires_in": LIFETIME.as_secs(),
                    "interval": INTERVAL.as_secs(),
                }),
            )
        }
    }
}

/// GET and POST of the page for codes.
pub(super) async fn visit(
    State(service): State<GoogleService>,
    uri: Uri,
    headers: HeaderMap,
    form: Option<Extension<Arc<Form>>>,
    method: http::Method,
) -> Response {
    let form = form.filter(|_| method == http::Method::POST);
    let form = form.as_ref().map(|form| &*form.0);
    Visit { service: SERVICE, people: &service.0.people, now: service.now(), uri: &uri, headers: &headers, form }.answer(&service.0.devices)
}

impl GoogleService {
    fn wish(&self, form: &Form) -> Result<Wish, Refusal> {
        let id = form.get("client_id").ok_or(Refusal::MissingParameter)?;
        let client = self.client(id).ok_or(Refusal::UnknownClient)?;
        if !client.is_for_devices() {
            return Err(Refusal::InvalidClientType);
        }
        let scopes = words(form.get("scope"));
        if scopes.is_empty() || !scopes.iter().all(|scope| scopes::is_for_devices(scope)) {
            return Err(Refusal::InvalidScope);
        }
        Ok(Wish { client, scopes })
    }
}
