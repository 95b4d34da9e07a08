//! Builds `components/` for wasm and hands the files to `src/lib.rs`.
//!
//! One folder, `target/components`, serves every profile: a component is the same file whatever host it is built into.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

/// The providers that are bundled: folders of `components/`.
const PROVIDERS: [&str; 1] = ["box"];

const TARGET: &str = "wasm32-unknown-unknown";

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            println!("cargo::error={what}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    let variable = |name: &str| env::var_os(name).map(PathBuf::from).ok_or_else(|| format!("cargo didn't set {name}"));
    let root = variable("CARGO_MANIFEST_DIR")?.join("../..").canonicalize().map_err(|error| error.to_string())?;
    let out = variable("OUT_DIR")?;
    let target = out.ancestors().nth(4).unwrap_or(&out).join("components");
    for watched in ["components/Cargo.toml", "components/Cargo.lock", "components/.cargo", "components/sdk", "wit"] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    let mut cargo = Command::new(variable("CARGO")?);
    cargo.current_dir(root.join("components")).args(["build", "--locked", "--release", "--target", TARGET, "--target-dir"]).arg(&target);
    for provider in PROVIDERS {
        println!("cargo::rerun-if-changed={}", root.join("components").join(provider).display());
        cargo.args(["--package", &format!("jeton-{provider}")]);
    }
    // Cargo set these for the host; the components have their own configuration. Paths of this machine don't belong into a component.
    for (name, _) in env::vars_os() {
        let ours = name.to_str().is_some_and(|name| name.starts_with("CARGO_ENCODED_") || name.starts_with("CARGO_PROFILE_"));
        if ours || ["RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"].iter().any(|other| name == *other) {
            cargo.env_remove(name);
        }
    }
    let remapped = |path: &Path, to: &str| format!("--remap-path-prefix={}={to}", path.display());
    let mut flags = vec!["-Clink-arg=-zstack-size=65536".to_owned(), remapped(&root, "/jeton")];
    flags.extend(env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home).map(|home| remapped(&home, "/cargo")));
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    let status = cargo.status().map_err(|error| format!("can't run cargo for the components: {error}"))?;
    if !status.success() {
        return Err(format!("the components didn't build. If the wasm target is missing: rustup target add {TARGET}"));
    }
    for provider in PROVIDERS {
        let from = target.join(TARGET).join("release").join(format!("jeton_{provider}.wasm"));
        fs::copy(&from, out.join(format!("{provider}.wasm"))).map_err(|error| format!("{}: {error}", from.display()))?;
    }
    Ok(())
}

fn home() -> Option<PathBuf> {
    env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"))
}
