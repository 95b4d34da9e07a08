//! `cargo xtask demo`: Jeton's whole path, told step by step with the real command.
//!
//! Box can't be reached from here, so the emulator stands in for it. Everything else is as it is for a person: the same binary, the same
//! bundled provider, TLS under Box's own host names. A temporary folder is its home, and nothing is left of it.

mod browser;
mod jeton;
mod narrator;
mod story;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Shows what Jeton does, against a stand-in for Box.
#[derive(Parser)]
struct Arguments {
    /// The `jeton` binary
    #[arg(long)]
    jeton: PathBuf,
    /// Sign in yourself, in a browser
    #[arg(long)]
    browser: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match story::tell(&arguments.jeton, arguments.browser) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            narrator::broke_off(&error);
            ExitCode::FAILURE
        }
    }
}
