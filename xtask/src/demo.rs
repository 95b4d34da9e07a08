//! `cargo xtask demo`: builds the command and the story that is told with it, and tells it.

use std::process::ExitCode;

use anyhow::Result;

use crate::{run, setup};

/// Runs it. With `browser`, a person signs in.
pub fn run(browser: bool) -> Result<ExitCode> {
    setup::wasm()?;
    eprintln!("Building (the first time takes some minutes)");
    run::done(&mut run::cargo(&["build", "--locked", "--package", "jeton", "--package", "jeton-demo"]))?;
    let built = run::target().join("debug");
    let mut demo = run::program(built.join("jeton-demo"), &["--jeton"]);
    demo.arg(built.join("jeton"));
    if browser {
        demo.arg("--browser");
    }
    run::last(&mut demo)
}
