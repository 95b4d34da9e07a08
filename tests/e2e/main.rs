//! End-to-end tests: the real `jeton`, the bundled and unchanged components, the emulator over TLS.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod adding;
mod bad_input;
mod browser;
mod checking;
mod client_secrets;
mod connect;
mod declarative;
mod denials;
mod discovery;
mod form_post;
mod master_keys;
mod openid;
mod operation;
mod postgres;
mod providers;
mod quick;
mod registration;
mod secrecy;
mod services;
mod smuggling;
mod stage;
mod standards;
mod tokens;
mod untied;
mod updating;
