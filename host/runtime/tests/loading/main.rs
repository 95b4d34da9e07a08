//! From a file to a provider: what is refused, with what words, and that the bundled Box component is what it should be.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bundled;
mod cache;
mod file;
mod imports;
mod start;
mod structure;

use jeton_runtime::{Error, Limits, Provider, Runtime};

/// A runtime with few places, so that many of them fit beside each other.
fn runtime() -> Runtime {
    runtime_with(Limits::default())
}

fn runtime_with(limits: Limits) -> Runtime {
    Runtime::builder().limits(Limits { calls: 2, ..limits }).cache(concat!(env!("CARGO_TARGET_TMPDIR"), "/components")).build().unwrap()
}

/// Why a file is no provider: what is wrong, and what its author can do.
async fn refusal(file: impl Into<Vec<u8>>) -> (String, String) {
    told(runtime().load(file).await)
}

fn told(loaded: Result<Provider, Error>) -> (String, String) {
    match loaded {
        Err(error @ Error::Incompatible { .. }) => (error.to_string(), error.hint().unwrap()),
        other => panic!("{other:?}"),
    }
}
