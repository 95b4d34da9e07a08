//! Kills, cuts and crowds the vault, and counts what is lost.
//!
//! Everything here is real but the service: the vault, the Box component, TLS, SQLite, PostgreSQL, and processes that die by SIGKILL. The
//! service is the [emulator](jeton_emulator), which runs in this process, so that it can be asked afterwards what is true: which requests
//! it got, and whether it would still accept the refresh token that is stored.
//!
//! | part | what happens |
//! |---|---|
//! | [`crowd`] | many want one expired token at the same time: 64 commands, 64 tasks, three servers with 20 tasks each |
//! | [`kill`] | two workers refresh without a pause; one is killed at a random moment, or the database's connections are; a fresh one goes on |
//! | [`rclone`] | eight `rclone` at once on one expired token, for comparison |
//!
//! A [worker] is this crate's own binary. It prints a [line](event) before and after everything that matters, and these lines are
//! [judged](judge) together with the emulator's journal. The seed decides which worker is killed, when, and which answers are dropped;
//! what a process does in that microsecond is the machine's affair, so that a seed repeats the choices and not the outcome.

pub mod crowd;
pub mod database;
pub mod event;
pub mod judge;
pub mod kill;
pub mod process;
pub mod proxy;
pub mod rclone;
pub mod service;
pub mod stage;
pub mod worker;
