//! How components are built from inside a build script. `tests/hostile` builds its own in the same way.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The target that components are built for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The folders that a build script works with.
pub(crate) struct Folders {
    /// The repository.
    pub(crate) root: PathBuf,
    /// Where the build script leaves what the crate includes.
    pub(crate) out: PathBuf,
    /// Cargo's target folder for components. One for every profile: a component is the same file whatever host it is built into.
    pub(crate) target: PathBuf,
}

impl Folders {
    /// Those of the build script that runs; its crate is two folders below the root.
    pub(crate) fn of_this_script() -> Result<Self, String> {
        let root = variable("CARGO_MANIFEST_DIR")?.join("../..").canonicalize().map_err(|error| error.to_string())?;
        let out = variable("OUT_DIR")?;
        let target = out.ancestors().nth(4).unwrap_or(&out).join("components");
        Ok(Self { root, out, target })
    }

    /// Runs this script again when one of these changes.
    pub(crate) fn watch<T: AsRef<Path>>(&self, paths: impl IntoIterator<Item = T>) {
        for path in paths {
            println!("cargo::rerun-if-changed={}", self.root.join(path).display());
        }
    }

    /// `cargo build` in a workspace of components, to which what is to be built is added.
    pub(crate) fn cargo(&self, workspace: &str) -> Result<Command, String> {
        let mut cargo = Command::new(variable("CARGO")?);
        cargo.current_dir(self.root.join(workspace));
        cargo.args(["build", "--locked", "--release", "--target", TARGET, "--target-dir"]).arg(&self.target);
        // Cargo set these for the host; the components have their own configuration. Paths of this machine don't belong into a component.
        for (name, _) in env::vars_os() {
            let ours = name.to_str().is_some_and(|name| name.starts_with("CARGO_ENCODED_") || name.starts_with("CARGO_PROFILE_"));
            if ours || ["RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"].iter().any(|other| name == *other) {
                cargo.env_remove(name);
            }
        }
        let remapped = |path: &Path, to: &str| format!("--remap-path-prefix={}={to}", path.display());
        let mut flags = vec!["-Clink-arg=-zstack-size=65536".to_owned(), remapped(&self.root, "/jeton")];
        flags.extend(env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home).map(|home| remapped(&home, "/cargo")));
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        Ok(cargo)
    }

    /// Copies a file that was built to where the crate includes it from.
    pub(crate) fn take(&self, built: &str, name: &str) -> Result<(), String> {
        let from = self.target.join(TARGET).join("release").join(built);
        let why = |error: std::io::Error| format!("{}: {error}", from.display());
        let file = fs::read(&from).map_err(why)?;
        let slim = without_names(&file).ok_or_else(|| format!("{} is no component", from.display()))?;
        fs::write(self.out.join(name), slim).map_err(why)
    }
}

/// A component without the sections that only a debugger reads, which the linker writes whatever `strip` says.
fn without_names(file: &[u8]) -> Option<Vec<u8>> {
    let (head, mut rest) = file.split_at_checked(8)?;
    let mut slim = head.to_vec();
    while let Some((&id, after)) = rest.split_first() {
        let (size, body) = number(after)?;
        let (section, next) = body.split_at_checked(size)?;
        let named = || number(section).and_then(|(length, name)| name.get(..length));
        if id != 0 || !matches!(named(), Some(b"component-name" | b"producers")) {
            let whole = rest.len() - next.len();
            slim.extend_from_slice(rest.get(..whole)?);
        }
        rest = next;
    }
    Some(slim)
}

/// A length as wasm writes it (LEB128).
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}

/// Runs it to its end.
pub(crate) fn run(mut cargo: Command) -> Result<(), String> {
    let status = cargo.status().map_err(|error| format!("can't run cargo for the components: {error}"))?;
    let why = || format!("the components didn't build. If the wasm target is missing: rustup target add {TARGET}");
    if status.success() { Ok(()) } else { Err(why()) }
}

fn variable(name: &str) -> Result<PathBuf, String> {
    env::var_os(name).map(PathBuf::from).ok_or_else(|| format!("cargo didn't set {name}"))
}

fn home() -> Option<PathBuf> {
    env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"))
}
