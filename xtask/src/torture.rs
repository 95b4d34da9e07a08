//! `cargo xtask torture [--rounds N] [--seed S] [--rclone]`: builds the command and the harness in `tests/torture`, and lets it loose.
//!
//! The arguments are the harness' own: `--only crowd`, `--only kill`, `--lease MILLISECONDS`, `--jobs N`. PostgreSQL is the one of the
//! tests; for the comparison rclone must be there (Debian: `apt-get install rclone`).

use std::process::ExitCode;

use anyhow::Result;

use crate::{postgres, run, setup};

/// Runs it. The arguments go to the harness.
pub fn run(arguments: &[&str]) -> Result<ExitCode> {
    setup::wasm()?;
    eprintln!("Building (the first time takes some minutes)");
    run::done(&mut run::cargo(&["build", "--locked", "--package", "jeton", "--package", "jeton-torture"]))?;
    let built = run::target().join("debug");
    let server = postgres::for_tests()?;
    let mut torture = run::program(built.join("jeton-torture"), &["--jeton"]);
    torture.arg(built.join("jeton")).args(arguments);
    if let Some(server) = &server {
        torture.env(postgres::VARIABLE, server.address());
    }
    run::last(&mut torture)
}
