//! The device authorization endpoint (RFC 8628); codes and polls are those of `device.rs` above.

use axum::response::Response;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::answer::{Trouble, trouble};
use super::facts::{Endpoint, duration};
use super::{GenericService, Incoming};
use crate::device::{Asks, INTERVAL, Visit};
use crate::json::json as answer;
use crate::sign_in::Consent;

/// See [`Facts::device`](super::Facts::device). What isn't given is as in RFC 8628.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DeviceFacts {
    /// The `grant_type` of a poll.
    pub grant: Option<String>,
    /// The parameter of a poll that holds the device code.
    pub code: Option<String>,
    /// What the first answer calls `verification_uri`.
    pub page: Option<String>,
    /// The `response_type` by which a request to the token endpoint is one for codes.
    pub response_type: Option<String>,
}

/// What a device asks for.
#[derive(Clone, Debug)]
pub(super) struct DeviceWish {
    pub(super) service: &'static str,
    pub(super) client: String,
    pub(super) scopes: Vec<String>,
}

impl Asks for DeviceWish {
    fn consent(&self) -> Consent<'_> {
        let scopes = self.scopes.iter().map(|scope| (scope.as_str(), "Use")).collect();
        Consent { service: self.service, app: &self.client, scopes }
    }
}

impl GenericService {
    /// Whether a request to the token endpoint is one for a device's codes.
    pub(super) fn asks_for_device_code(&self, call: &Incoming) -> bool {
        let asks = self.0.facts.device.response_type.as_deref();
        asks.is_some() && call.form.get("response_type") == asks
    }

    pub(super) fn begin_device(&self, call: &Incoming) -> Response {
        let form = call.form.renamed(&self.0.facts.names);
        let begun = || -> Result<(String, String), Trouble> {
            let client = self.0.authenticate(&mut self.0.state.get(), call, &form)?;
            let scopes = self.split(form.get("scope").unwrap_or_default());
            if scopes.iter().any(|scope| !client.scopes.is_empty() && !client.scopes.contains(scope)) {
                return Err(trouble("invalid_scope", "The client may not ask for this scope."));
            }
            let until = self.now().saturating_add(duration(self.0.facts.lifetimes.device));
            let wish = DeviceWish { service: self.0.name, client: client.client_id, scopes };
            Ok(self.0.devices.get().begin(until, wish))
        };
        match begun() {
            Ok((device_code, user_code)) => {
                let page = self.0.facts.endpoints.get(&Endpoint::Verification).cloned().unwrap_or_default();
                let body = json!({
                    "device_code": device_code,
                    "user_code": user_code,
                    (self.0.facts.device.page.as_deref().unwrap_or("verification_uri")): page,
                    "verification_uri_complete": format!("{page}?user_code={user_code}"),
                    "expires_in": self.0.facts.lifetimes.device,
                    "interval": INTERVAL.as_secs(),
                });
                answer(StatusCode::OK, &body)
            }
            Err(trouble) => self.refused(&call.headers, &trouble),
        }
    }

    pub(super) fn verification(&self, call: &Incoming) -> Response {
        let form = (call.method == Method::POST).then_some(&*call.form);
        let (service, people, now) = (self.0.name, &self.0.people, self.now());
        Visit { service, people, now, uri: &call.uri, headers: &call.headers, form }.answer(&self.0.devices)
    }
}
