//! `http`: requests to the endpoints of the manifest.
//!
//! What may be sent is decided in [`policy`], what may be read in [`answer`](crate::answer). This file turns handles into
//! secrets and back.

use std::sync::atomic::Ordering;

use http::Method;
use wasmtime::Result as Trapped;
use wasmtime::component::Resource;

pub use crate::answer::Response;
use crate::bindings::jeton::provider::http as wit;
use crate::call::Call;
use crate::capability::log::MOST_LINES;
use crate::manifest::Endpoint;
use crate::policy::{self, Asked, Fields, Value};
use crate::scrub::scrub;
use crate::transport::TransportError;
use crate::{Denial, Secret, authorization};

/// Values in an answer.
const MOST_VALUES: usize = 1 << 16;

impl Call {
    /// Finds the secrets behind the handles.
    fn resolve(&self, fields: Vec<wit::Field>) -> Trapped<Fields> {
        let secret = |handle: &Resource<Secret>| -> Trapped<Secret> { Ok(self.table.get(handle)?.clone()) };
        let resolve = |field: wit::Field| -> Trapped<(String, Value)> {
            let value = match field.value {
                wit::Value::Text(text) => Value::Text(text),
                wit::Value::Secret(handle) => Value::Secret(secret(&handle)?),
                wit::Value::Credential(it) => Value::Credential { scheme: it.scheme, secret: secret(&it.secret)? },
                wit::Value::Basic(it) => Value::Basic { username: it.username, password: secret(&it.password)? },
            };
            Ok((field.name, value))
        };
        fields.into_iter().map(resolve).collect()
    }

    fn asked(&self, request: wit::Request) -> Trapped<Asked> {
        Ok(Asked {
            method: match request.method {
                wit::Method::Get => Method::GET,
                wit::Method::Head => Method::HEAD,
                wit::Method::Post => Method::POST,
                wit::Method::Put => Method::PUT,
                wit::Method::Patch => Method::PATCH,
                wit::Method::Delete => Method::DELETE,
            },
            endpoint: request.endpoint,
            path: request.path,
            query: self.resolve(request.query)?,
            headers: self.resolve(request.headers)?,
            body: match request.body {
                wit::Body::None => policy::Body::None,
                wit::Body::Form(fields) => policy::Body::Form(self.resolve(fields)?),
                wit::Body::Json(fields) => policy::Body::Json(self.resolve(fields)?),
            },
        })
    }

    /// Says in the trace what the manifest withheld from the component, which hears nothing of it.
    fn teach(&self, response: &Response, why: impl FnOnce(&Endpoint) -> Option<Denial>) {
        if !tracing::enabled!(tracing::Level::DEBUG) || self.taught.fetch_add(1, Ordering::Relaxed) >= MOST_LINES {
            return;
        }
        let manifest = &self.loaded.manifest;
        if let Some(denial) = manifest.endpoints.get(response.endpoint()).and_then(why) {
            let denial = self.scrubbed(denial);
            tracing::debug!(provider = manifest.id, "{denial}. {}", denial.hint);
        }
    }

    async fn exchange(&mut self, asked: Asked) -> Result<Response, TransportError> {
        let (loaded, name) = (self.loaded.clone(), asked.endpoint.clone());
        let pushed = self.flow.as_ref().map(|flow| authorization::pushed(flow, &asked)).transpose()?.flatten();
        let (outgoing, endpoint) = policy::judge(&loaded.manifest, &self.settings, self.identity.as_ref(), asked, self.measure())?;
        let (method, host, path) = (&outgoing.method, outgoing.url.host_str(), outgoing.url.path());
        tracing::debug!(provider = loaded.manifest.id, %method, host, path = %scrub(path, &self.live), "request");
        // Whoever computes for long may do so meanwhile.
        self.turn.end();
        let answer = self.lent.transport.send(outgoing).await;
        self.turn.begin().await;
        let answer = answer?;
        // Parsed, many small values take up far more memory than their bytes.
        let values = answer.body.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{' | b'&')).count();
        if values > MOST_VALUES {
            return Err(TransportError::TooLarge);
        }
        tracing::debug!(provider = loaded.manifest.id, status = answer.status, bytes = answer.body.len(), "answer");
        if let (Some(flow), Some(held), 200..=299) = (&mut self.flow, pushed, answer.status) {
            flow.pushed = true;
            flow.nonced |= held.nonce;
        }
        if endpoint.captures.is_some() {
            let date = answer.headers.get(http::header::DATE).and_then(|date| date.to_str().ok());
            self.answered_at = date.and_then(|date| httpdate::parse_http_date(date).ok());
        }
        Ok(Response::new(&name, endpoint, answer, &mut self.live))
    }
}

impl wit::Host for Call {
    async fn send(&mut self, request: wit::Request) -> Trapped<Result<Resource<Response>, wit::Error>> {
        self.count_request()?;
        let asked = self.asked(request)?;
        match self.exchange(asked).await {
            Ok(response) => {
                self.count_secrets()?;
                Ok(Ok(self.table.push(response)?))
            }
            // The host remembers why, so that a provider can neither hide a denial nor make one up.
            Err(error) => {
                let error = match error {
                    TransportError::Denied(denial) => TransportError::Denied(self.scrubbed(denial)),
                    other => other,
                };
                let shown = match &error {
                    TransportError::Denied(denial) => wit::Error::Denied(denial.to_string()),
                    TransportError::Timeout => wit::Error::Timeout,
                    TransportError::TooLarge => wit::Error::TooLarge,
                    TransportError::Unreachable(text) => wit::Error::Unreachable(text.clone()),
                    TransportError::Certificate { what, .. } => wit::Error::Denied(what.clone()),
                };
                tracing::debug!(provider = self.loaded.manifest.id, %error, "no answer");
                self.trouble = Some(error);
                Ok(Err(shown))
            }
        }
    }
}

impl wit::HostResponse for Call {
    fn status(&mut self, response: Resource<Response>) -> Trapped<u16> {
        Ok(self.table.get(&response)?.status)
    }

    fn header(&mut self, response: Resource<Response>, name: String) -> Trapped<Option<String>> {
        let response = self.table.get(&response)?;
        let shown = response.header(&name, &self.live);
        if shown.is_none() {
            self.teach(response, |_| response.withheld_header(&name));
        }
        self.count_searched(shown.as_ref().map_or(0, String::len))?;
        Ok(shown)
    }

    fn text(&mut self, response: Resource<Response>, pointer: String) -> Trapped<Option<String>> {
        let response = self.table.get(&response)?;
        let shown = response.text(&pointer, &self.live);
        if shown.is_none() {
            self.teach(response, |_| response.withheld_text(&pointer));
        }
        self.count_searched(shown.as_ref().map_or(0, String::len))?;
        Ok(shown)
    }

    fn texts(&mut self, response: Resource<Response>, pointers: Vec<String>) -> Trapped<Vec<Option<String>>> {
        let again = || Resource::new_borrow(response.rep());
        pointers.into_iter().map(|pointer| self.text(again(), pointer)).collect()
    }

    fn secret(&mut self, response: Resource<Response>, pointer: String) -> Trapped<Option<Resource<Secret>>> {
        let response = self.table.get(&response)?;
        let secret = response.secret(&pointer).cloned();
        if secret.is_none() {
            self.teach(response, |endpoint| response.withheld_secret(endpoint, &pointer));
        }
        secret.map(|secret| self.hand_out(secret)).transpose()
    }

    fn secrets(&mut self, response: Resource<Response>, pointers: Vec<String>) -> Trapped<Vec<Option<Resource<Secret>>>> {
        let again = || Resource::new_borrow(response.rep());
        pointers.into_iter().map(|pointer| self.secret(again(), pointer)).collect()
    }

    fn drop(&mut self, response: Resource<Response>) -> Trapped<()> {
        self.table.delete(response)?;
        Ok(())
    }
}
