//! End-to-end tests: the real `jeton`, the bundled and unchanged components, the emulator over TLS.

mod bad_input;
mod browser;
mod connect;
mod secrecy;
mod stage;
mod tokens;
