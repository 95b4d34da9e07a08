//! End-to-end tests: the real `jeton`, the bundled and unchanged components, the emulator over TLS.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod adding;
mod bad_input;
mod browser;
mod checking;
mod connect;
mod denials;
mod providers;
mod quick;
mod secrecy;
mod stage;
mod tokens;
mod updating;
