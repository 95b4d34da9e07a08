//! `cargo xtask test`: all tests. What is printed last is cargo's own summary.

use std::process::ExitCode;

use anyhow::Result;

use crate::{run, setup};

/// Runs it. The arguments go to `cargo test`.
pub fn run(arguments: &[&str]) -> Result<ExitCode> {
    setup::wasm()?;
    setup::programs_for_tests()?;
    run::last(run::cargo(&["test", "--workspace", "--locked"]).args(arguments))
}
