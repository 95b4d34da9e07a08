//! What `jeton providers add` and `check` are given: a component file, or the folder or the `provider.toml` that lies beside one.

use std::fs;
use std::path::{Path, PathBuf};

use jeton_runtime::{Inspection, Limits, Manifest, inspect};

use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// A provider's file, read once: what is shown is what is kept.
pub struct Package {
    /// Where it was.
    pub path: PathBuf,
    /// The component.
    pub file: Vec<u8>,
    /// What can be known of it without running it.
    pub inspection: Inspection,
}

impl Package {
    /// Reads it. Nothing of it runs.
    pub fn read(given: &Path) -> Result<Self> {
        let metadata = fs::metadata(given).map_err(|error| unreadable(given, &error))?;
        let beside = match (metadata.is_dir(), given.extension()) {
            (true, _) => Some(given.join("provider.toml")),
            (false, Some(extension)) if extension == "toml" => Some(given.to_owned()),
            _ => None,
        };
        let (path, manifest) = match beside {
            None => (given.to_owned(), None),
            Some(manifest) => {
                let source = String::from_utf8(read(&manifest)?)
                    .map_err(|_| Failure::new(format!("{} is not UTF-8", manifest.display()), "Save it as UTF-8").exit(Exit::Usage))?;
                (component_beside(&manifest, &source)?, Some((manifest, source)))
            }
        };
        let file = read(&path)?;
        let inspection = inspect(&file, Limits::default().component).map_err(mistaken)?;
        if let Some((manifest, source)) = manifest {
            same(&manifest, &source, &path, &inspection.source)?;
        }
        let path = path.canonicalize().unwrap_or(path);
        Ok(Self { path, file, inspection })
    }

    /// SHA-256 of the file, in hexadecimal.
    pub fn digest(&self) -> String {
        self.inspection.digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The one component in the folder of a manifest.
fn component_beside(manifest: &Path, source: &str) -> Result<PathBuf> {
    let folder = manifest.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut components: Vec<_> = paths.filter(|path| path.extension().is_some_and(|extension| extension == "wasm")).collect();
    components.sort();
    match (components.pop(), components.len()) {
        (Some(one), 0) => return Ok(one),
        (Some(_), others) => {
            let what = format!("there are {} components in {}", others + 1, folder.display());
            return Err(Failure::new(what, "Name the .wasm file that is meant").exit(Exit::Usage));
        }
        (None, _) => {}
    }
    // The keys of the manifest itself stand before its first table.
    let mut own = source.lines().map(str::trim_start).take_while(|line| !line.starts_with('['));
    if own.any(|line| line.strip_prefix("component").is_some_and(|rest| rest.trim_start().starts_with('='))) {
        let what = format!("{} has no component of its own: it is declarative", manifest.display());
        return Err(
            Failure::new(what, "This version of Jeton can't use such a manifest yet; a provider with a component it can").exit(Exit::Usage)
        );
    }
    Manifest::parse(source).map_err(|problems| mistaken(problems.into()))?;
    let what = format!("there is no .wasm beside {}", manifest.display());
    Err(Failure::new(what, "A manifest alone does nothing: build the component and put it there, or name the .wasm file").exit(Exit::Usage))
}

/// What a person read must be what is in force.
fn same(manifest: &Path, source: &str, path: &Path, embedded: &str) -> Result {
    if source == embedded {
        return Ok(());
    }
    let mut lines = source.lines().zip(embedded.lines());
    let line = lines.position(|(one, other)| one != other).unwrap_or_else(|| source.lines().count().min(embedded.lines().count())) + 1;
    let what = format!("{} is not the manifest inside {}: they differ from line {line} on", manifest.display(), path.display());
    let hint = format!("The one inside counts. Build the component again, or name {} alone", path.display());
    Err(Failure::new(what, hint).exit(Exit::Denied))
}

fn mistaken(error: jeton_runtime::Error) -> Failure {
    let hint = error.hint().unwrap_or_else(|| "Its author must correct that; CONTRIBUTING.md says how a manifest is written".to_owned());
    Failure::from(error).hint(hint)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("can't read {}: {error}", path.display()), "Name a .wasm file, or a folder that holds one and its provider.toml")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        return Err(Failure::new(format!("{} is no file", path.display()), "Name a .wasm file").exit(Exit::Usage));
    }
    let most = Limits::default().component;
    if metadata.len() > most as u64 {
        return Err(Failure::new(format!("{} is larger than {} MiB", path.display(), most >> 20), "Build it in release mode and strip it"));
    }
    fs::read(path).map_err(|error| unreadable(path, &error))
}
