//! How the vault behaves, told in sentences: one file for each thing that it promises.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bad_files;
mod clients;
mod connections;
mod durable;
mod glance;
mod home;
mod keyring;
mod keys;
mod outcomes;
mod sealed;
mod service;
mod single_flight;
mod storage;
