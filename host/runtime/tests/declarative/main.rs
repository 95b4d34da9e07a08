//! The component `oauth2`, which does what a manifest says, called through the host against a service that is played: for each group of
//! knobs, what is sent and what comes of the answer.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod advice;
mod answers;
mod api;
mod dpop;
mod grants;
mod introspection;
mod loading;
mod places;
mod requests;
#[path = "../calls/service.rs"]
mod service;
mod services;
mod standards;
mod tolerances;

use std::sync::Arc;

use jeton_runtime::{Client, CurrentTokens, Error, Flow, Grant, GrantKind, Limits, Provider, Runtime, Secret, ServiceError, Step};
use service::Service;
use url::Url;

const ACCESS: &str = "access+token/1";
const REFRESH: &str = "r5t9 kqx&w2z7";
const CLIENT_SECRET: &str = "client=secret+1";
const REDIRECT: &str = "http://127.0.0.1:4000/callback";

/// A service as the RFCs have it. Tests replace lines of it, and add tables.
pub const ACME: &str = r#"
id = "acme"
name = "Acme"
version = "1.0.0"
contract = "0.1"
summary = "Anvils"
component = "oauth2"
grants = ["authorization-code"]

[secrets.client-secret]
name = "Client Secret"

[endpoints.authorize]
url = "https://acme.com/authorize"
browser = true

[endpoints.token]
url = "https://acme.com/token"
accepts = ["client-secret", "code", "code-verifier", "refresh-token", "assertion", "device-code", "access-token"]
captures = { access-token = "/access_token", refresh-token = "/refresh_token" }
reveals = []

[endpoints.revoke]
url = "https://acme.com/revoke/"
accepts = ["client-secret", "refresh-token", "access-token"]
captures = {}
reveals = ["/status"]

[endpoints.userinfo]
url = "https://acme.com/me"
accepts = ["access-token"]

[endpoints.api]
url = "https://api.acme.com/"
accepts = ["access-token"]
headers = ["x-left", "x-reset"]
"#;

/// Acme with other lines, and with more below.
pub fn acme(changes: &[(&str, &str)], more: &str) -> String {
    let changed = changes.iter().fold(ACME.to_owned(), |text, (line, instead)| {
        assert_eq!(text.matches(line).count(), 1, "{line:?} must stand there once");
        text.replace(line, instead)
    });
    format!("{changed}\n{more}")
}

pub(crate) fn runtime(service: &Arc<Service>) -> Runtime {
    let cache = concat!(env!("CARGO_TARGET_TMPDIR"), "/components");
    Runtime::builder().limits(Limits { calls: 2, ..Limits::default() }).cache(cache).transport(service.clone()).build().unwrap()
}

pub(crate) async fn load(service: &Arc<Service>, manifest: &str) -> Provider {
    runtime(service).load(jeton_bundle::declarative(manifest)).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Acme with these tables, at this service.
pub async fn acme_at(service: &Arc<Service>, more: &str) -> Provider {
    load(service, &acme(&[], more)).await
}

pub(crate) fn client() -> Client {
    Client {
        id: "app 1&x".to_owned(),
        secrets: [("client-secret".to_owned(), Secret::new("client-secret", CLIENT_SECRET))].into(),
        ..Client::default()
    }
}

pub(crate) fn current() -> CurrentTokens {
    let (access, refresh) = (Secret::new("access-token", ACCESS), Secret::new("refresh-token", REFRESH));
    CurrentTokens { access: Some(access), refresh: Some(refresh), ..CurrentTokens::default() }
}

pub(crate) fn grant(kind: GrantKind, scopes: &[&str]) -> Grant {
    Grant::new(kind, scopes.iter().map(|scope| (*scope).to_owned()).collect())
}

pub(crate) async fn begin(provider: &Provider, scopes: &[&str]) -> (Url, Flow) {
    match provider.begin(&client(), &grant(GrantKind::AuthorizationCode, scopes), &REDIRECT.to_owned()).await.unwrap() {
        Step::Visit { url, flow } => (url, flow),
        other => panic!("{other:?}"),
    }
}

/// The value of a parameter of an address or a form.
pub fn value(pairs: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(pairs.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// The names of parameters, in their order.
pub fn names(pairs: &str) -> Vec<String> {
    form_urlencoded::parse(pairs.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}

/// The service's no, which shows no secret.
pub fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> ServiceError {
    let error = outcome.unwrap_err();
    let shown = format!("{error} {error:?} {:?}", error.hint());
    for secret in [ACCESS, REFRESH, CLIENT_SECRET] {
        assert!(!shown.contains(secret), "{shown}");
    }
    match error {
        Error::Service(error) => error,
        other => panic!("{other:?}"),
    }
}
