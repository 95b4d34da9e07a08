//! `cargo xtask lint`: format, clippy, documentation, licences, and the tests that documents name. All of them run, whatever the first one
//! finds.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{licences, named_tests, run, setup};

const WASM: &str = "wasm32-unknown-unknown";
const ATTEMPTS: &str = "tests/hostile/attempts";

/// Runs it.
pub fn run() -> Result<ExitCode> {
    setup::wasm()?;
    setup::formatter_and_clippy()?;
    let checks: [(&str, &dyn Fn() -> Result<()>); 9] = [
        ("format of the host", &|| run::done(&mut run::cargo(&["fmt", "--all", "--check"]))),
        ("format of the components", &|| run::done(within("components").args(["fmt", "--all", "--check"]))),
        ("format of the hostile components", &|| run::done(within(ATTEMPTS).args(["fmt", "--all", "--check"]))),
        ("format of the fuzzing targets", &|| run::done(within("fuzz").args(["fmt", "--all", "--check"]))),
        ("clippy on the host", &|| {
            run::done(&mut run::cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
        }),
        ("clippy on the components", &|| {
            run::done(within("components").args(["clippy", "--workspace", "--target", WASM, "--locked", "--", "-D", "warnings"]))
        }),
        ("documentation", &|| {
            let mut doc = run::cargo(&["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"]);
            run::done(doc.env("RUSTDOCFLAGS", "-D warnings"))
        }),
        ("licences and advisories", &licences::check),
        ("tests that documents name", &named_tests::check),
    ];
    let mut failed = vec![];
    for (name, check) in checks {
        eprintln!("── {name}");
        if let Err(error) = check() {
            eprintln!("{error:#}\n");
            failed.push(name);
        }
    }
    if failed.is_empty() {
        eprintln!("Lint: nothing to complain about.");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("Lint: look at {}.", failed.join(", "));
    Ok(ExitCode::FAILURE)
}

/// Cargo in a workspace of its own. What is built for wasm goes to where `host/bundle` lets it go.
fn within(workspace: &str) -> Command {
    let mut cargo = run::cargo(&[]);
    cargo.current_dir(run::root().join(workspace)).env("CARGO_TARGET_DIR", run::target().join("components"));
    cargo
}
