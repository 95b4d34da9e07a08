//! `cargo xtask bench`: builds as a release is built, and measures.

use std::process::ExitCode;

use anyhow::Result;

use crate::{run, setup};

/// Runs it.
pub fn run() -> Result<ExitCode> {
    setup::wasm()?;
    eprintln!("Building with optimisations (the first time takes some minutes)");
    // One after the other, so that `jeton` is the one that people install, and not one with the features that the bench asks of its parts.
    run::done(&mut run::cargo(&["build", "--release", "--locked", "--package", "jeton"]))?;
    run::done(&mut run::cargo(&["build", "--release", "--locked", "--package", "jeton-bench"]))?;
    let built = run::target().join("release");
    let mut bench = run::program(built.join("jeton-bench"), &["--jeton"]);
    bench.arg(built.join("jeton")).arg("--out").arg(run::target().join("bench.json"));
    run::last(&mut bench)
}
