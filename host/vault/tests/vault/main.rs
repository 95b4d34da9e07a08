//! How the vault behaves, told in sentences: one file for each thing that it promises.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod backup;
mod bad_files;
mod cancelled;
mod candidates;
mod clients;
mod connections;
mod database;
mod disk;
mod durable;
mod glance;
mod home;
mod keep_alive;
mod keyring;
mod keys;
mod log;
mod nobody;
mod outcomes;
mod overtaken;
mod own_server;
mod partition;
mod postgres;
mod proxy;
mod rekey;
mod rekey_killed;
mod replay;
mod sealed;
mod service;
mod single_flight;
mod storage;
mod stores;
mod trouble;
