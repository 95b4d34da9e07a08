//! What must be there before anything is built, and how it gets there: through rustup, or as Debian packages where root may.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::postgres::server;
use crate::run;

const WASM: &str = "wasm32-unknown-unknown";

/// The programs that tests start, each with the names it goes by and its Debian package.
const FOR_TESTS: [(&[&str], &str); 4] = [
    (&["chromium", "chromium-browser", "google-chrome"], "chromium"),
    (&["chromedriver"], "chromium-driver"),
    (&["gnome-keyring-daemon"], "gnome-keyring"),
    (&["dbus-run-session"], "dbus"),
];

/// What the components are compiled with.
pub fn wasm() -> Result<()> {
    let libraries = run::output(&mut run::program("rustc", &["--print", "target-libdir", "--target", WASM]))?;
    if Path::new(libraries.trim()).exists() {
        return Ok(());
    }
    if !on_path(&["rustup"]) {
        bail!("install rustup (https://rustup.rs), or Rust's standard library for {WASM} as your Rust came");
    }
    run::done(&mut run::program("rustup", &["target", "add", WASM]))
}

/// `cargo fmt` and `cargo clippy`.
pub fn formatter_and_clippy() -> Result<()> {
    let there = |tool: &str| {
        let mut version = run::cargo(&[tool, "--version"]);
        version.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    if there("fmt") && there("clippy") {
        return Ok(());
    }
    if !on_path(&["rustup"]) {
        bail!("install rustfmt and clippy (with rustup: rustup component add rustfmt clippy)");
    }
    run::done(&mut run::program("rustup", &["component", "add", "rustfmt", "clippy"]))
}

/// `cargo fuzz`.
pub fn cargo_fuzz() -> Result<()> {
    let mut version = run::cargo(&["fuzz", "--version"]);
    if version.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    run::done(&mut run::cargo(&["install", "cargo-fuzz", "--locked"]))
}

/// The browser and the keyring that end-to-end tests use.
pub fn programs_for_tests() -> Result<()> {
    let missing: Vec<&str> = FOR_TESTS.iter().filter(|(names, _)| !on_path(names)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing)
}

/// The programs of PostgreSQL.
pub fn postgres() -> Result<()> {
    match server::programs() {
        Some(_) => Ok(()),
        None => install(&["postgresql"]),
    }
}

fn install(missing: &[&str]) -> Result<()> {
    let packages = missing.join(" ");
    if !is_root() || !on_path(&["apt-get"]) {
        bail!("install these first (Debian: sudo apt-get install --no-install-recommends {packages})");
    }
    eprintln!("Installing {packages}");
    apt(&["update", "-q"])?;
    apt(&[&["install", "-q", "-y", "--no-install-recommends"], missing].concat())
}

fn apt(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(["-o", "DPkg::Lock::Timeout=120"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    run::done(&mut command)
}

/// Whether one of these programs can be run by its name.
fn on_path(names: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian keeps some where only root looks.
    std::env::split_paths(&path).chain(["/usr/sbin".into()]).any(|folder| names.iter().any(|name| folder.join(name).is_file()))
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
