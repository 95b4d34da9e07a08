//! Builds `components/` for wasm and hands the files to `src/lib.rs`.

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

mod wasm;

use std::process::ExitCode;

/// The providers that are bundled: folders of `components/`.
const PROVIDERS: [&str; 1] = ["box"];

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
    let folders = wasm::Folders::of_this_script()?;
    folders.watch(["components/Cargo.toml", "components/Cargo.lock", "components/.cargo", "components/sdk", "wit"]);
    let mut cargo = folders.cargo("components")?;
    for provider in PROVIDERS {
        folders.watch([format!("components/{provider}")]);
        cargo.args(["--package", &format!("jeton-{provider}")]);
    }
    wasm::run(cargo)?;
    PROVIDERS.iter().try_for_each(|provider| folders.take(&format!("jeton_{provider}.wasm"), &format!("{provider}.wasm")))
}
