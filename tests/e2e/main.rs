//! End-to-end tests: the real `jeton`, the bundled and unchanged components, the emulator over TLS.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod bad_input;
mod browser;
mod connect;
mod secrecy;
mod stage;
mod tokens;
