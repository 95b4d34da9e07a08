//! Attempts to get around the contract, when loaded or with an answer.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

// A test for every attempt, or this doesn't compile.
include!(concat!(env!("OUT_DIR"), "/contract.rs"));
