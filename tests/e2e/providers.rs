//! Providers for the tests: Box's code under other manifests, in files as authors give them away.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::stage::{CLIENT_ID, CLIENT_SECRET, Ran, Stage};

const BOX: &str = include_str!("../../components/box/provider.toml");

/// Box's own manifest under another name, without its scopes and its guide, which leaves room for more.
pub fn acme() -> String {
    include_str!("acme.toml").to_owned()
}

#[track_caller]
pub fn replace(source: &str, line: &str, instead: &str) -> String {
    assert_eq!(source.matches(line).count(), 1, "{line:?} must stand there once:\n{source}");
    source.replacen(line, instead, 1)
}

/// As it stands in a component: as long as Box's own.
pub fn padded(manifest: &str) -> String {
    assert!(manifest.len() <= BOX.len(), "the manifest is too long for Box's component");
    format!("{manifest}{}", "\n".repeat(BOX.len() - manifest.len()))
}

/// Box's component with this manifest in place of its own.
pub fn component(manifest: &str) -> Vec<u8> {
    let mut file = jeton_bundle::find("box").unwrap().component.to_vec();
    let at = file.windows(BOX.len()).rposition(|window| window == BOX.as_bytes()).unwrap();
    file[at..at + BOX.len()].copy_from_slice(padded(manifest).as_bytes());
    file
}

pub fn sha256(file: &[u8]) -> String {
    Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Stage {
    /// A file of this name, as somebody downloaded it.
    pub fn download(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Adds a provider with this manifest, as a script does that knows its digest.
    pub fn add_provider(&self, manifest: &str) -> Ran {
        let file = component(manifest);
        let path = self.download("acme.wasm", &file);
        self.jeton(&["providers", "add", text(&path), "--yes", "--digest", &sha256(&file)])
    }

    /// The client of the emulator's app, for the added provider.
    pub fn add_client_of(&self, provider: &str) -> Ran {
        self.jeton_with_input(&["clients", "add", provider, "--id", CLIENT_ID, "--secret-file", "-"], CLIENT_SECRET)
    }

    /// Runs a command at a terminal at which somebody types this.
    pub fn typed(&self, arguments: &[&str], answer: &str) -> Ran {
        let (mut keyboard, terminal) = terminal();
        keyboard.write_all(answer.as_bytes()).unwrap();
        let ran = self.command(arguments).stdin(terminal).output().unwrap().into();
        drop(keyboard);
        ran
    }

    /// What is kept of added providers, by name.
    pub fn kept(&self) -> Vec<String> {
        let Ok(folder) = std::fs::read_dir(self.data().join("providers")) else { return vec![] };
        let mut names: Vec<_> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// A pseudo-terminal: the side of the keyboard, and the one that a command has as its stdin.
pub fn terminal() -> (File, File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&keyboard).unwrap();
    unlockpt(&keyboard).unwrap();
    let name = ptsname(&keyboard, vec![]).unwrap();
    let terminal = File::options().read(true).write(true).open(std::ffi::OsStr::from_bytes(name.as_bytes())).unwrap();
    (keyboard.into(), terminal)
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
