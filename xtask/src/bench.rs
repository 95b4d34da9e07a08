//! `cargo xtask bench`: builds as a release is built, and measures.

use std::process::ExitCode;

use anyhow::Result;

use crate::{run, setup};

/// Runs it.
pub fn run() -> Result<ExitCode> {
    setup::wasm()?;
    eprintln!("Building with optimisations (the first time takes some minutes)");
    run::done(&mut run::cargo(&["build", "--release", "--locked", "--package", "jeton", "--package", "jeton-bench"]))?;
    // The small program is as a release has it: linked statically it starts in half a millisecond less.
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        let statically =
            ["rustc", "--release", "--locked", "--package", "jeton", "--bin", "jeton", "--", "-C", "target-feature=+crt-static"];
        run::done(&mut run::cargo(&statically))?;
    }
    let built = run::target().join("release");
    let mut bench = run::program(built.join("jeton-bench"), &["--jeton"]);
    bench.arg(built.join("jeton")).arg("--out").arg(run::target().join("bench.json"));
    run::last(&mut bench)
}
