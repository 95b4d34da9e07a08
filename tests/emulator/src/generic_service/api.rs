//! Calls of the service's API, as its facts list them.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::answer::{Trouble, filled, trouble};
use super::{GenericService, Incoming};
use crate::json::json as answer;

/// A call of the API.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CallFacts {
    /// Its URL.
    pub url: String,
    /// Its method.
    #[serde(default = "get")]
    pub method: String,
    /// The scheme in its `Authorization` header.
    #[serde(default = "bearer")]
    pub scheme: String,
    /// Headers that must be there, with their values; any value, if that is empty.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The JSON that it answers; `{id}`, `{name}` and `{login}` are the user's.
    #[serde(default)]
    pub answer: toml::Table,
    /// The answer to a token that isn't good, with status 200, for services that do so. Otherwise it is a 401 with a challenge.
    #[serde(default)]
    pub refusal: Option<toml::Table>,
}

fn get() -> String {
    "GET".to_owned()
}

fn bearer() -> String {
    "Bearer".to_owned()
}

impl GenericService {
    pub(super) fn call(&self, facts: &CallFacts, call: &Incoming) -> Response {
        if call.method.as_str() != facts.method {
            return StatusCode::METHOD_NOT_ALLOWED.into_response();
        }
        let given = |name: &str| call.headers.get(name).and_then(|found| found.to_str().ok());
        if facts.headers.iter().any(|(name, value)| given(name).is_none_or(|found| !value.is_empty() && found != value)) {
            let problem = trouble("invalid_request", "A header that this call needs is missing or wrong.");
            return answer(StatusCode::BAD_REQUEST, &self.0.facts.errors.value(&problem));
        }
        match self.user(facts, call) {
            Ok((id, name, login)) => {
                let replaced = filled(&facts.answer, &[("id", &id), ("name", &name), ("login", &login)]);
                self.0.with_nonce(&self.0.state.get(), call, answer(StatusCode::OK, &Value::Object(replaced)))
            }
            Err(problem) => match &facts.refusal {
                Some(table) => answer(StatusCode::OK, &Value::Object(filled(table, &[]))),
                None => self.challenged(facts, call, &problem),
            },
        }
    }

    /// Whose token the call shows. One that is bound to a key is shown as `DPoP`, with a proof.
    fn user(&self, facts: &CallFacts, call: &Incoming) -> Result<(String, String, String), Trouble> {
        let invalid = |text: &str| trouble("invalid_token", text);
        let header = call.headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok()?.split_once(' '));
        let (scheme, token) = header.ok_or_else(|| invalid("There is no token."))?;
        let mut known = self.0.state.get();
        let owner = known.grants.access(self.now(), token).map_err(|_| invalid("The token is unknown, revoked or too old."))?;
        if known.certified.get(token).is_some_and(|certificate| call.certificate.as_ref() != Some(certificate)) {
            return Err(invalid("The token is bound to another certificate than the connection's."));
        }
        match &owner.details.key {
            None if scheme.eq_ignore_ascii_case(&facts.scheme) => {}
            Some(key) => self.0.is_proven(&mut known, call, (scheme, token), key)?,
            None => return Err(invalid("The token must be shown with another scheme.")),
        }
        let user = self.0.people.by_id(&owner.user);
        Ok(user.map_or((owner.user.to_string(), String::new(), String::new()), |user| (user.id, user.name, user.login)))
    }

    fn challenged(&self, facts: &CallFacts, call: &Incoming, problem: &Trouble) -> Response {
        let scheme = if call.headers.contains_key("dpop") { "DPoP" } else { &*facts.scheme };
        let challenge = format!("{scheme} error=\"{}\", error_description=\"{}\"", problem.error, problem.description);
        let body = answer(StatusCode::UNAUTHORIZED, &self.0.facts.errors.value(problem));
        let mut refused = self.0.with_nonce(&self.0.state.get(), call, body);
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            refused.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        refused
    }
}
