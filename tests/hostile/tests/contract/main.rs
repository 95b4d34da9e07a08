//! Attempts to be something else than what the contract says.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod exports;
#[path = "../../../../host/runtime/tests/loading/file.rs"]
#[allow(dead_code, reason = "what this category needs of it")]
mod file;
mod imports;
mod manifests;
mod nonsense;
mod pages;
mod pushes;
mod texts;
mod versions;

use exports::*;
use imports::*;
use manifests::*;
use nonsense::*;
use pages::*;
use pushes::*;
use texts::*;
use versions::*;

// A test for every attempt, or this doesn't compile.
include!(concat!(env!("OUT_DIR"), "/contract.rs"));

use std::sync::Arc;

use jeton_hostile::{Service, current, runtime};
use jeton_runtime::{CurrentTokens, Error, Grant, GrantKind, Provider};

/// The text of an attempt.
macro_rules! text {
    ($name:literal) => {
        include_str!(concat!("../../attempts/contract/src/", $name, ".wat"))
    };
}
use text;

/// The manifest of the attempts that have none of their own.
const MANIFEST: &str = r#"id = "hostile"
name = "Hostile"
version = "1.0.0"
contract = "0.1"
summary = "Says what isn't so"
grants = ["authorization-code", "device-code"]

[secrets.client-secret]
name = "Client secret"

[endpoints.authorize]
url = "https://hostile.example/authorize"
browser = true

[endpoints.device]
url = "https://hostile.example/device"
browser = true

[endpoints.codes]
url = "https://hostile.example/codes"
captures = { device-code = "/device_code" }

[endpoints.token]
url = "https://hostile.example/token"
captures = { access-token = "/access_token", refresh-token = "/refresh_token" }
"#;

/// A service that gives tokens and device codes away.
fn generous() -> Arc<Service> {
    let body = r#"{"access_token":"issued-access","refresh_token":"issued-refresh","device_code":"issued-device","expires_in":3600}"#;
    Service::always(200, &[], body)
}

/// The provider in a component without a manifest, under the one above.
async fn hostile(component: &[u8]) -> Provider {
    runtime(&generous()).load(file::carrying(MANIFEST, component)).await.unwrap()
}

/// Why a file is no provider: what is wrong, and what its author can do.
async fn refusal(file: impl Into<Vec<u8>>) -> (String, String) {
    match runtime(&Service::silent()).load(file).await {
        Err(Error::Incompatible { what, hint }) => (what, hint),
        other => panic!("{other:?}"),
    }
}

fn words(words: &[(&str, &str)]) -> Vec<(String, String)> {
    words.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// A connection that tells the component these words.
fn telling(said: &[(&str, &str)]) -> CurrentTokens {
    CurrentTokens { extras: words(said), ..current() }
}

/// A grant that tells it these words.
fn asking(kind: GrantKind, said: &[(&str, &str)]) -> Grant {
    Grant { options: words(said), ..Grant::new(kind, vec![]) }
}

/// What a component's breach of the contract is called.
fn breach<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Provider { provider, what }) if provider == "hostile" => what,
        other => panic!("{other:?}"),
    }
}
