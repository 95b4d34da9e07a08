//! `jeton`: gets, keeps, refreshes and hands out OAuth tokens.
//!
//! This crate is the only place that reads the command line, the environment and the terminal. [`main`] maps every failure to its exit
//! code, here and nowhere else.
//!
//! It makes two programs. `jeton`, which people call, is small: it prints a token that is still valid itself ([`quick`]), and becomes
//! `jeton-main` for everything else. To load wasmtime, a TLS stack and Cranelift takes longer than to read a row and print it.

mod added;
mod args;
mod command;
mod context;
mod discovery;
mod exit;
mod failure;
mod home;
mod listener;
mod master_key;
mod package;
mod page;
mod permissions;
mod printed;
mod private;
pub mod quick;
mod redirect;
mod show_time;
mod terminal;
mod trace;
mod visible;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Arguments;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The whole command.
pub fn main() -> ExitCode {
    private::keep();
    let arguments = Arguments::parse();
    let terminal = Terminal { json: arguments.global.json, quiet: arguments.global.quiet };
    trace::start(arguments.global.verbose, arguments.global.quiet);
    let exit = match run(arguments) {
        Ok(()) => Exit::Ok,
        Err(failure) => {
            terminal.failure(&failure);
            failure.exit
        }
    };
    // Nothing is left to be written, and closing the store in order would cost what `jeton token` must not.
    std::process::exit(exit as i32)
}

fn run(arguments: Arguments) -> failure::Result {
    let context = Context::new(arguments.global)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("can't start: {error}"), "The system is out of resources"))?;
    runtime.block_on(command::run(&context, arguments.command))
}
