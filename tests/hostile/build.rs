//! Builds the attempts, and makes a test for each of them a condition of compiling.
//!
//! `attempts/CATEGORY/src/NAME.rs` (a component in Rust) or `NAME.wat` (one in text form) is an attempt. For it the test target `CATEGORY`
//! must have a test function `NAME`, in a module or at its root, which `tests/CATEGORY/main.rs` brings into its scope.

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

#[path = "../../host/bundle/build/wasm.rs"]
mod wasm;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::ExitCode;

const CATEGORIES: [&str; 5] = ["time", "secrets", "network", "contract", "neighbours"];

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
    folders.watch(["tests/hostile/attempts", "components/sdk", "wit"]);
    for category in CATEGORIES {
        let attempts = attempts(&folders, category)?;
        let mut cargo = folders.cargo("tests/hostile/attempts")?;
        cargo.args(["--examples", "--package", &format!("attempts-{category}")]);
        let outcome = wasm::run(cargo).and_then(|()| attempts.rust.iter().try_for_each(|name| take(&folders, category, name)));
        // A category that doesn't build stops its own tests, not those of the others.
        let proof = match outcome {
            Ok(()) => proof(attempts.rust.union(&attempts.text)),
            Err(what) => format!("compile_error!({what:?});"),
        };
        fs::write(folders.out.join(format!("{category}.rs")), proof).map_err(|error| error.to_string())?;
    }
    Ok(())
}

struct Attempts {
    rust: BTreeSet<String>,
    text: BTreeSet<String>,
}

fn attempts(folders: &wasm::Folders, category: &str) -> Result<Attempts, String> {
    let folder = folders.root.join("tests/hostile/attempts").join(category).join("src");
    let mut found = Attempts { rust: BTreeSet::new(), text: BTreeSet::new() };
    for entry in fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("rs") if name != "lib" => found.rust.insert(name),
            Some("wat") => found.text.insert(name),
            _ => false,
        };
    }
    Ok(found)
}

fn take(folders: &wasm::Folders, category: &str, name: &str) -> Result<(), String> {
    let taken = folders.take(&format!("examples/{name}.wasm"), &format!("{category}-{name}.wasm"));
    taken.map_err(|error| format!("attempts/{category}/src/{name}.rs was not built: is it an [[example]] of that package? {error}"))
}

/// Names a test for every attempt. Where one is missing, this doesn't compile.
fn proof<'a>(attempts: impl Iterator<Item = &'a String>) -> String {
    let mut proof = String::from("const _: &[fn()] = &[");
    for name in attempts {
        let _ = write!(proof, "{name}, ");
    }
    proof + "];\n"
}
