//! What the tests of hostile providers stand on: their components, and a service that is played.
//!
//! An attempt is a small component in `attempts/`, and a test of the same name, which says what it tried and what stopped it. An attempt
//! without a test doesn't compile (`build.rs`).

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "../../../host/runtime/tests/calls/service.rs"]
mod service;

pub use service::{Sent, Service, answer};

use std::sync::Arc;

use jeton_runtime::{Client, CurrentTokens, Limits, Provider, Runtime, Secret};

/// The file of an attempt that is written in Rust: `component!("secrets", "reads_a_secret")`.
#[macro_export]
macro_rules! component {
    ($category:literal, $name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $category, "-", $name, ".wasm")) as &[u8]
    };
}

/// Computes without an end when it is asked to refresh. For `bench`, which measures what its neighbours notice of it.
pub const LOOPS_FOREVER: &[u8] = component!("time", "loops_forever");
/// Asks its server, once, when it is asked to refresh. For `bench`, where that server never answers.
pub const ASKS_ONCE: &[u8] = component!("time", "asks_once");

/// An access token that no text may show.
pub const ACCESS: &str = "access+token/1";
/// A refresh token that no text may show.
pub const REFRESH: &str = "refresh token&1";
/// A client secret that no text may show.
pub const CLIENT_SECRET: &str = "client=secret+1";

/// A runtime with this transport and small limits, so that an attempt meets them soon.
pub fn runtime(service: &Arc<Service>) -> Runtime {
    runtime_with(service, Limits { calls: 2, ..Limits::default() })
}

/// A runtime with this transport and these limits.
pub fn runtime_with(service: &Arc<Service>, limits: Limits) -> Runtime {
    Runtime::builder().limits(limits).cache(concat!(env!("OUT_DIR"), "/cache")).transport(service.clone()).build().unwrap()
}

/// The provider in this file, at this service.
pub async fn provider(service: &Arc<Service>, file: impl Into<Vec<u8>>) -> Provider {
    runtime(service).load(file).await.unwrap()
}

/// A client with a secret.
pub fn client() -> Client {
    Client {
        id: "app".to_owned(),
        secrets: [("client-secret".to_owned(), Secret::new("client-secret", CLIENT_SECRET))].into(),
        ..Client::default()
    }
}

/// The tokens of a connection.
pub fn current() -> CurrentTokens {
    let (access, refresh) = (Secret::new("access-token", ACCESS), Secret::new("refresh-token", REFRESH));
    CurrentTokens { access: Some(access), refresh: Some(refresh), ..CurrentTokens::default() }
}
