//! `cargo xtask bench`: what Jeton costs, in one table.
//!
//! All of it is measured by hand, and nothing by a framework: the figures are percentiles of thousands of single calls, whole processes,
//! and two programs taking turns, which is not what criterion or divan measure.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints a table")]

mod again;
mod call;
mod command;
mod component;
mod home;
mod machine;
mod native;
mod neighbour;
mod pin;
mod plain;
mod process;
mod refresh;
mod rows;
mod server;
mod table;
mod timing;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::server::Kind;
use crate::table::Table;

/// Measures Jeton.
#[derive(Parser)]
struct Arguments {
    /// The `jeton` binary
    #[arg(long, required = true)]
    jeton: Option<PathBuf>,
    /// Where the figures go as JSON
    #[arg(long)]
    out: Option<PathBuf>,
    /// Only the parts whose names contain this: size, call, neighbour, command, rows, refresh, http, https, emulator, slow
    #[arg(long, default_value = "")]
    only: String,
    #[command(subcommand)]
    role: Option<Role>,
}

/// What this binary is besides, in processes that it starts itself.
#[derive(Subcommand)]
#[command(subcommand_negates_reqs = true)]
enum Role {
    /// A token endpoint, until stdin ends
    Serve {
        kind: Kind,
        /// On a processor of its own
        #[arg(long)]
        apart: bool,
    },
    /// A process that has a vault open, until stdin ends
    Idle { store: String, key: PathBuf },
    /// Refreshes of one kind, again and again, for a profiler
    Again(again::Again),
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.role {
        Some(Role::Serve { kind, apart }) => return server::serve(kind, apart),
        Some(Role::Idle { store, key }) => return rows::idle(&store, key),
        Some(Role::Again(again)) => {
            println!("{}", again::run(&again)?);
            return Ok(());
        }
        None => {}
    }
    let jeton = arguments.jeton.context("--jeton is missing")?;
    let mut table = Table::default();
    let mut part = |name: &str, measure: &dyn Fn(&mut Table) -> Result<()>| -> Result<()> {
        if name.contains(&arguments.only) {
            eprintln!("measuring: {name}");
            measure(&mut table)?;
        }
        Ok(())
    };
    part("size", &call::size)?;
    part("call", &call::measure)?;
    part("neighbour", &neighbour::measure)?;
    part("command", &|table| command::measure(&jeton, table))?;
    part("rows", &|table| rows::measure(&jeton, table))?;
    part("refresh http", &|table| refresh::measure(Kind::Http, table))?;
    part("refresh https", &|table| refresh::measure(Kind::Https, table))?;
    part("refresh emulator", &|table| refresh::measure(Kind::Emulator, table))?;
    part("refresh slow", &|table| refresh::measure(Kind::Slow, table))?;

    let machine = machine::describe();
    println!("\n{machine}\n\n{table}");
    if let Some(out) = arguments.out {
        let figures = serde_json::json!({ "machine": machine, "figures": table.json() });
        std::fs::write(&out, format!("{figures:#}\n")).with_context(|| format!("can't write {}", out.display()))?;
        println!("{} holds the same as JSON.", out.display());
    }
    Ok(())
}
