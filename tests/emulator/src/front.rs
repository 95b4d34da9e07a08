//! The way of one request through the emulator: find the service by host name, let faults strike, let the service answer, date it, write
//! it down.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use crate::Clock;
use crate::fault::{Fault, Faults};
use crate::faulty::{Closed, Instead};
use crate::form::Form;
use crate::journal::{Entry, Journal};
use crate::listener::Shown;
use crate::service::Service;

/// No request of OAuth is longer.
const LONGEST_BODY: usize = 1 << 20;

pub(crate) struct Front {
    sites: Vec<Site>,
    control: (&'static str, TowerToHyperService<Router>),
    clock: Arc<Clock>,
    faults: Arc<Faults>,
    journal: Arc<Journal>,
}

struct Site {
    host: &'static str,
    service: Arc<dyn Service>,
    router: TowerToHyperService<Router>,
}

impl Front {
    pub(crate) fn new(
        services: &[Arc<dyn Service>],
        control: (&'static str, Router),
        (clock, faults, journal): (Arc<Clock>, Arc<Faults>, Arc<Journal>),
    ) -> Self {
        let site = |service: &Arc<dyn Service>, host: &'static str| Site {
            host,
            service: Arc::clone(service),
            router: TowerToHyperService::new(service.routes(host)),
        };
        let sites = services.iter().flat_map(|service| service.hosts().iter().map(move |host| site(service, host))).collect();
        Self { sites, control: (control.0, TowerToHyperService::new(control.1)), clock, faults, journal }
    }

    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Result<Response, Closed> {
        let (parts, body) = request.into_parts();
        let host = host(&parts);
        let Ok(body) = axum::body::to_bytes(Body::new(body), LONGEST_BODY).await else {
            return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response());
        };
        if host.eq_ignore_ascii_case(self.control.0) {
            return Ok(routed(&self.control.1, Request::from_parts(parts, Body::from(body))).await);
        }
        let Some(site) = self.sites.iter().find(|site| host.eq_ignore_ascii_case(site.host)) else {
            return Ok((StatusCode::MISDIRECTED_REQUEST, format!("The emulator doesn't serve the host `{host}`.\n")).into_response());
        };
        let form = if is_form(&parts) { Form::parse(&body) } else { Form::default() };
        self.at(site, parts, body, Arc::new(form)).await
    }

    async fn at(&self, site: &Site, parts: Parts, body: Bytes, form: Arc<Form>) -> Result<Response, Closed> {
        let fault = self.faults.strike(parts.method.as_str(), site.host, parts.uri.path());
        let certificate = parts.extensions.get::<Shown>().and_then(|shown| shown.0.clone());
        let (method, uri, headers) = (parts.method.clone(), parts.uri.clone(), parts.headers.clone());
        let record = Record { method, uri, headers, certificate, body: body.clone() };
        let mut answer = match fault.as_ref().and_then(|fault| fault.instead(&*site.service, &self.clock)) {
            Some(Instead::Answer(answer)) => answer,
            Some(Instead::Close) => {
                self.record(site, &record, &form, 0, fault.as_ref());
                return Err(Closed);
            }
            Some(Instead::Silence) => {
                self.record(site, &record, &form, 0, fault.as_ref());
                std::future::pending().await
            }
            None => {
                let mut request = Request::from_parts(parts, Body::from(body));
                request.extensions_mut().insert(Arc::clone(&form));
                routed(&site.router, request).await
            }
        };
        if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(self.clock.now())) {
            answer.headers_mut().insert(DATE, date);
        }
        self.record(site, &record, &form, answer.status().as_u16(), fault.as_ref());
        match fault {
            Some(fault) => fault.upon(answer).await,
            None => Ok(answer),
        }
    }

    fn record(&self, site: &Site, record: &Record, form: &Form, status: u16, fault: Option<&Fault>) {
        self.journal.record(record.method.as_str(), site.host, record.uri.path(), || Entry {
            at: self.clock.now(),
            host: site.host.to_owned(),
            method: record.method.as_str().to_owned(),
            path: record.uri.path().to_owned(),
            query: record.uri.query().map(str::to_owned),
            grant_type: form.get("grant_type").map(str::to_owned),
            status,
            form: form.parameters().to_vec(),
            headers: record
                .headers
                .iter()
                .filter(|(name, _)| *name != AUTHORIZATION)
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            json: is_json(&record.headers).then(|| serde_json::from_slice(&record.body).ok()).flatten(),
            authorization: record.headers.get(AUTHORIZATION).map(text),
            certificate: record.certificate.as_deref().map(str::to_owned),
            fault: fault.map(Fault::name),
        });
    }
}

/// What the journal needs of a request that has already been handed on. Cloning these is cheap.
struct Record {
    method: http::Method,
    uri: http::Uri,
    headers: HeaderMap,
    certificate: Option<Arc<str>>,
    body: Bytes,
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

async fn routed(router: &TowerToHyperService<Router>, request: Request<Body>) -> Response {
    let answer: Result<Response, Infallible> = router.call(request).await;
    match answer {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}

/// The host name that is asked for, without a port. Loopback names have no brackets here, since no service is an IP address.
fn host(parts: &Parts) -> String {
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let named = authority.or_else(|| parts.headers.get(HOST).and_then(|host| host.to_str().ok())).unwrap_or_default();
    named.split(':').next().unwrap_or_default().to_owned()
}

fn is_form(parts: &Parts) -> bool {
    is_type(&parts.headers, b"application/x-www-form-urlencoded")
}

fn is_json(headers: &HeaderMap) -> bool {
    is_type(headers, b"application/json")
}

fn is_type(headers: &HeaderMap, wanted: &[u8]) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(wanted)
}
