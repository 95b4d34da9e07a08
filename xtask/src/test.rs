//! `cargo xtask test`: all tests. What is printed last is cargo's own summary.

use std::process::ExitCode;

use anyhow::Result;

use crate::{postgres, run, setup};

/// Runs it. The arguments go to `cargo test`.
pub fn run(arguments: &[&str]) -> Result<ExitCode> {
    setup::wasm()?;
    setup::programs_for_tests()?;
    let server = postgres::for_tests()?;
    let mut tests = run::cargo(&["test", "--workspace", "--locked"]);
    if let Some(server) = &server {
        tests.env(postgres::VARIABLE, server.address());
    }
    run::last(tests.args(arguments))
}
