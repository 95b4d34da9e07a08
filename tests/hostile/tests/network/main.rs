//! Attempts to reach what the manifest does not name.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

// A test for every attempt, or this doesn't compile.
include!(concat!(env!("OUT_DIR"), "/network.rs"));
