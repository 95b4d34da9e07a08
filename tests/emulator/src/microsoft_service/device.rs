//! The device flow in Microsoft's dialect (`providers.md` 4.6). The poll is in `token.rs`.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::tenant::{Authority, Cloud};
use super::{SERVICE, Site, scopes};
use crate::device::{Asks, INTERVAL, Visit};
use crate::form::{Form, words};
use crate::json::json as answer;
use crate::sign_in::Consent;

const LIFETIME: Duration = Duration::from_secs(900);
const PERSONAL_PAGE: &str = "https://www.microsoft.com/link";

/// What a device asks for.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) client_id: String,
    pub(super) cloud: Cloud,
    pub(super) scopes: Vec<String>,
}

impl Asks for Wish {
    fn consent(&self) -> Consent<'_> {
        let scopes = self.scopes.iter().map(|scope| (scope.as_str(), scopes::name(scope))).collect();
        Consent { service: SERVICE, app: &self.client_id, scopes }
    }
}

/// POST `/{tenant}/oauth2/v2.0/devicecode`
pub(super) async fn begin(
    State(site): State<Site>,
    Path(segment): Path<String>,
    headers: HeaderMap,
    Extension(form): Extension<Arc<Form>>,
) -> Response {
    match site.begin(&segment, &form) {
        Ok(begun) => answer(StatusCode::OK, &begun),
        Err(refusal) => site.refuse(&refusal, &headers),
    }
}

/// GET and POST of the page for codes.
pub(super) async fn visit(
    State(site): State<Site>,
    uri: Uri,
    headers: HeaderMap,
    form: Option<Extension<Arc<Form>>>,
    method: Method,
) -> Response {
    let form = form.filter(|_| method == Method::POST);
    let form = form.as_ref().map(|form| &*form.0);
    let service = &site.service;
    Visit { service: SERVICE, people: &service.0.people, now: service.now(), uri: &uri, headers: &headers, form }.answer(&service.0.devices)
}

impl Site {
    fn begin(&self, segment: &str, form: &Form) -> Result<Value, Refusal> {
        let (authority, app) = {
            let state = self.service.0.state.get();
            let authority = Authority::parse(segment, self.cloud, &state.tenants)?;
            let id = form.get("client_id").ok_or(Refusal::aadsts(900_144))?;
            (authority, state.apps.get(id).cloned().ok_or(Refusal::aadsts(700_016))?)
        };
        authority.admits_app(&app)?;
        let scopes = words(Some(form.get("scope").ok_or(Refusal::aadsts(900_144))?));
        self.known_resources(&scopes)?;
        let wish = Wish { client_id: app.client_id, cloud: self.cloud, scopes };
        let until = self.service.now().saturating_add(LIFETIME);
        let (device_code, user_code) = self.service.0.devices.get().begin(until, wish);
        let page = if authority == Authority::Consumers { PERSONAL_PAGE } else { self.cloud.device_page() };
        Ok(json!({
            "user_code": user_code,
            "device_code": device_code,
            "verification_uri": page,
            "expires_in": LIFETIME.as_secs(),
            "interval": INTERVAL.as_secs(),
            "message": format!("To sign in, open {page} and enter the code {user_code}."),
        }))
    }
}
