//! Builds `components/` for wasm and hands the files to `src/lib.rs`.

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

mod wasm;

use std::fs;
use std::process::ExitCode;

/// What is bundled: folders of `components/`.
const COMPONENTS: [&str; 5] = ["box", "dropbox", "google", "microsoft", "oauth2"];

/// The providers that are a manifest alone.
const SERVICES: &str = "components/oauth2/services";

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
    for provider in COMPONENTS {
        folders.watch([format!("components/{provider}")]);
        cargo.args(["--package", &format!("jeton-{provider}")]);
    }
    wasm::run(cargo)?;
    COMPONENTS.iter().try_for_each(|provider| folders.take(&format!("jeton_{provider}.wasm"), &format!("{provider}.wasm")))?;
    services(&folders)
}

/// A list of the manifests, as a call of the macro that embeds them.
fn services(folders: &wasm::Folders) -> Result<(), String> {
    let folder = folders.root.join(SERVICES);
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let paths = entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let mut paths: Vec<_> = paths.collect();
    paths.sort();
    let named = |path: &std::path::PathBuf| Some(format!("({:?}, {:?})", path.file_stem()?.to_str()?, path.to_str()?));
    let list: Vec<_> = paths.iter().filter_map(named).collect();
    let path = folders.out.join("services.rs");
    fs::write(&path, format!("services![{}]", list.join(", "))).map_err(|error| format!("{}: {error}", path.display()))
}
