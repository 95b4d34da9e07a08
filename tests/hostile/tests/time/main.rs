//! Attempts to take time or space that others need.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

// A test for every attempt, or this doesn't compile.
include!(concat!(env!("OUT_DIR"), "/time.rs"));

use std::time::Duration;

use jeton_hostile::{Service, client, component, current, runtime_with};
use jeton_runtime::{Error, Limits};

#[tokio::test]
async fn loops_forever() {
    let limits = Limits { calls: 2, computing: Duration::from_millis(50), ..Limits::default() };
    let provider = runtime_with(&Service::silent(), limits).load(component!("time", "loops_forever")).await.unwrap();
    let error = provider.refresh(&client(), &current()).await.unwrap_err();
    assert!(matches!(&error, Error::Limit { limit, .. } if limit == "it computed for more than 50ms"), "{error:?}");
}
