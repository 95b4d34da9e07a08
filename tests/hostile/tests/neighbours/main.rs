//! Attempts to disturb or to read other providers.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod cache;
mod places;
mod storage;

// A test for every attempt, or this doesn't compile.
use places::{hogs_the_processor, holds_all_places};
use storage::{behaves_well, fills_the_storage, reads_a_neighbours_storage};
include!(concat!(env!("OUT_DIR"), "/neighbours.rs"));

use std::sync::Arc;

use jeton_hostile::{Service, client, component, current};
use jeton_runtime::{CurrentTokens, Error, Limits, Provider, Runtime};

/// The provider that behaves well.
fn neighbour() -> &'static [u8] {
    component!("neighbours", "behaves_well")
}

fn runtime(service: &Arc<Service>, calls: u32) -> Runtime {
    jeton_hostile::runtime_with(service, Limits { calls, ..Limits::default() })
}

/// What the provider told as an error of its service, for nobody here has tokens to return.
async fn told(provider: &Provider, tokens: &CurrentTokens) -> String {
    match provider.refresh(&client(), tokens).await {
        Err(Error::Service(error)) => error.description.unwrap_or_default(),
        other => panic!("{other:?}"),
    }
}

/// The neighbour's call, which needs nobody's answer.
async fn call(neighbour: &Provider) -> String {
    told(neighbour, &current()).await
}

/// A component file with another id in its manifest, which becomes no longer: what else it says up to its summary gives way.
fn renamed(file: &[u8], id: &str) -> Vec<u8> {
    let at = |text: &[u8]| file.windows(text.len()).rposition(|window| window == text).unwrap();
    let begin = at(b"id = \"");
    let end = at(b"grants = [");
    let head = format!("id = \"{id}\"\nname = \"N\"\nversion = \"1\"\ncontract = \"0.1\"\nsummary = \"S\"");
    let padded = format!("{head:width$}\n", width = end - begin - 1);
    assert_eq!(padded.len(), end - begin, "{id} is too long");
    [&file[..begin], padded.as_bytes(), &file[end..]].concat()
}
