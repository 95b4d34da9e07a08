//! Attempts to reach what the manifest does not name.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod addresses;
#[path = "../../../emulator/src/authority.rs"]
#[allow(dead_code, reason = "what this category needs of it")]
mod authority;
mod certificates;
#[path = "../../../../host/runtime/tests/loading/file.rs"]
#[allow(dead_code, reason = "what this category needs of it")]
mod file;
mod mapped;
mod names;
mod proxy;
mod redirects;
mod requests;
mod server;
mod settings;
mod steering;
mod wire;

use addresses::*;
use certificates::*;
use mapped::*;
use names::*;
use redirects::*;
use requests::*;
use settings::*;
use steering::*;
use wire::*;

// A test for every attempt, or this doesn't compile.
include!(concat!(env!("OUT_DIR"), "/network.rs"));

use std::time::Duration;

use jeton_hostile::current;
use jeton_runtime::{Builder, CurrentTokens, Denial, Limits, Provider, Runtime};

/// What can go wrong while certificates are made.
type Error = Box<dyn std::error::Error>;

/// A runtime that sends what it sends over the network, and doesn't wait for long.
fn networked() -> Builder {
    let limits = Limits { calls: 2, request: Duration::from_secs(5), ..Limits::default() };
    Runtime::builder().limits(limits).cache(concat!(env!("OUT_DIR"), "/cache"))
}

/// A manifest with these settings and endpoints.
fn manifest(lines: &str) -> String {
    let known = r#"
id = "hostile"
name = "Hostile"
version = "1.0.0"
contract = "0.1"
summary = "A manifest that a test wrote"
grants = ["authorization-code"]

[secrets.client-secret]
name = "Client secret"
"#;
    format!("{known}\n{lines}")
}

/// A component without a manifest, under one with these settings and endpoints.
fn under(lines: &str, component: &[u8]) -> Vec<u8> {
    file::carrying(manifest(lines), component)
}

/// A connection that tells the component these words.
fn telling(words: &[(&str, &str)]) -> CurrentTokens {
    let extras = words.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    CurrentTokens { extras, ..current() }
}

/// What came of it, where that is an error.
async fn refresh(provider: &Provider, words: &[(&str, &str)]) -> jeton_runtime::Error {
    provider.refresh(&jeton_hostile::client(), &telling(words)).await.unwrap_err()
}

/// The rule that stopped it. What it says can be printed.
fn denied(error: jeton_runtime::Error) -> Denial {
    match error {
        jeton_runtime::Error::Denied(denial) => {
            let said = format!("{denial} {}", denial.hint);
            assert!(!said.chars().any(char::is_control) && said.len() < 2000, "{said:?}");
            denial
        }
        other => panic!("{other:?}"),
    }
}
