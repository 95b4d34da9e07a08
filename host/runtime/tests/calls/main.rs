//! The bundled Box component, called through the host against a service that is played: what is sent, and what comes of each answer.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod account;
mod api;
mod expiry;
mod many;
mod refusals;
mod service;
mod sign_in;
mod tokens;
mod trouble;

use std::sync::Arc;

use jeton_runtime::{Client, CurrentTokens, Error, Limits, Provider, Runtime, Secret, ServiceError};
use service::Service;

const ACCESS: &str = "access+token/1";
const REFRESH: &str = "r5t9 kqx&w2z7";
const CLIENT_SECRET: &str = "client=secret+1";

/// Box, at this service.
async fn box_at(service: &Arc<Service>) -> Provider {
    box_with(service, Limits { calls: 2, ..Limits::default() }).await
}

async fn box_with(service: &Arc<Service>, limits: Limits) -> Provider {
    load(service, limits, jeton_bundle::find("box").unwrap().component).await
}

async fn load(service: &Arc<Service>, limits: Limits, file: &[u8]) -> Provider {
    let cache = concat!(env!("CARGO_TARGET_TMPDIR"), "/components");
    let runtime = Runtime::builder().limits(limits).cache(cache).transport(service.clone()).build().unwrap();
    runtime.load(file).await.unwrap()
}

fn client() -> Client {
    Client {
        id: "app 1&x".to_owned(),
        secrets: [("client-secret".to_owned(), Secret::new("client-secret", CLIENT_SECRET))].into(),
        ..Client::default()
    }
}

fn current() -> CurrentTokens {
    let (access, refresh) = (Secret::new("access-token", ACCESS), Secret::new("refresh-token", REFRESH));
    CurrentTokens { access: Some(access), refresh: Some(refresh), ..CurrentTokens::default() }
}

/// The service's no, which shows no secret.
fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> ServiceError {
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
