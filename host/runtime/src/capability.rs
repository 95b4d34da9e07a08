//! What a component is lent: one file for each interface of `wit/`, with the same name.
//!
//! All of it works on the [`Call`](crate::call::Call) that a component runs in, and is gone with it.

pub(crate) mod callback;
pub(crate) mod client;
mod clock;
pub(crate) mod crypto;
pub(crate) mod http;
mod log;
mod manifest;
mod random;
mod secrets;
pub(crate) mod storage;
