//! Attempts to learn, or to send away, a secret.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod answers;
mod echoes;
mod handles;
mod manifests;
mod sending;
mod signatures;
mod stage;
mod texts;

use answers::*;
use echoes::*;
use handles::*;
use sending::*;
use signatures::*;
use texts::*;

// A test for every attempt, or this doesn't compile.
include!(concat!(env!("OUT_DIR"), "/secrets.rs"));
