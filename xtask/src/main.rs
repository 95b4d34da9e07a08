//! `cargo xtask demo | test | lint | bench | torture | fuzz`: what people who work on Jeton do, each with one command from a fresh clone.
//!
//! | command | does |
//! |---|---|
//! | `demo [--browser]` | shows Jeton's whole path against a stand-in for Box, see `demo/` |
//! | `test [ARGS]` | runs all tests; the arguments go to `cargo test` |
//! | `lint` | format, clippy, documentation and licences, of the host and of the components |
//! | `bench` | measures, see `bench/`, and writes `target/bench.json` |
//! | `torture [--rounds N]` | kills, cuts and crowds the vault, see `tests/torture/`; with `--rclone` compares it with rclone |
//! | `fuzz --seconds N [TARGET]` | runs the targets of `fuzz/`, each for N seconds |
//!
//! Each first installs what is missing, or says in one line what to install.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to the person who runs it")]

mod bench;
mod demo;
mod fuzz;
mod licences;
mod lint;
mod named_tests;
mod postgres;
mod run;
mod setup;
mod test;
mod torture;

use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  demo [--browser]   the whole path against a stand-in for Box; --browser: you sign in yourself
  test [ARGS]        all tests; ARGS go to cargo test
  lint               format, clippy, documentation, licences
  bench              measure, print a table, write target/bench.json
  torture [--rounds N] [--seed S] [--rclone]
                     kill, cut and crowd the vault, and count what is lost; --rclone: eight rclone beside it
  fuzz --seconds N [TARGET]
                     throw inputs at the parsers of what comes from outside, each target for N seconds";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match dispatch(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[&str]) -> Result<ExitCode> {
    match arguments {
        ["demo"] => demo::run(false),
        ["demo", "--browser"] => demo::run(true),
        ["test", rest @ ..] => test::run(rest),
        ["lint"] => lint::run(),
        ["bench"] => bench::run(),
        ["torture", rest @ ..] => torture::run(rest),
        ["fuzz", rest @ ..] => fuzz::run(rest),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            eprintln!("{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}
