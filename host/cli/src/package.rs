//! What `jeton providers add` and `check` are given: a component file, the folder or the `provider.toml` that lies
//! beside one, or a `provider.toml` that has none of its own.

use std::fs;
use std::path::{Path, PathBuf};

use jeton_runtime::{Inspection, Limits, Manifest, inspect, presentable};

use crate::discovery::{Discovered, Issuer};
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
    /// What a person should know of it that isn't in it.
    pub remarks: Vec<String>,
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
        let declared = beside.as_deref().map(declared).transpose()?.flatten();
        if let Some((path, source)) = declared {
            let file = jeton_bundle::declarative(&source);
            let inspection = inspect(&file, Limits::default().component).map_err(mistaken)?;
            return Ok(Self { path: path.canonicalize().unwrap_or(path), file, inspection, remarks: vec![] });
        }
        let (path, manifest) = match beside {
            None => (given.to_owned(), None),
            Some(manifest) => {
                let source = text(&manifest)?;
                (component_beside(&manifest, &source)?, Some((manifest, source)))
            }
        };
        let file = read(&path)?;
        let inspection = inspect(&file, Limits::default().component).map_err(mistaken)?;
        own_code(&path, &file, &inspection)?;
        if let Some((manifest, source)) = manifest {
            same(&manifest, &source, &path, &inspection.source)?;
        }
        let path = path.canonicalize().unwrap_or(path);
        Ok(Self { path, file, inspection, remarks: vec![] })
    }

    /// What an issuer says of itself.
    pub fn discovered(issuer: &Issuer, found: Discovered) -> Result<Self> {
        let file = jeton_bundle::declarative(&found.manifest);
        let hint = "Write it into a file with --save FILE, correct it by the service's documentation, and add that";
        let inspection = inspect(&file, Limits::default().component).map_err(|error| Failure::from(error).hint(hint))?;
        Ok(Self { path: PathBuf::from(issuer.to_string()), file, inspection, remarks: found.remarks })
    }

    /// Where it was, as it may be shown.
    pub fn shown(&self) -> String {
        shown(&self.path)
    }

    /// SHA-256 of the file, in hexadecimal.
    pub fn digest(&self) -> String {
        self.inspection.digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A manifest that says that it has no component of its own, with its text.
fn declared(manifest: &Path) -> Result<Option<(PathBuf, String)>> {
    let source = text(manifest)?;
    // The keys of the manifest itself stand before its first table. What exactly it says is read with all the rest.
    let mut own = source.lines().map(str::trim_start).take_while(|line| !line.starts_with('['));
    let declarative = own.any(|line| line.strip_prefix("component").is_some_and(|rest| rest.trim_start().starts_with('=')));
    Ok(declarative.then(|| (manifest.to_owned(), source)))
}

fn text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?).map_err(|_| Failure::new(format!("{} is not UTF-8", shown(path)), "Save it as UTF-8").exit(Exit::Usage))
}

/// A file whose manifest says that the code isn't its own must hold Jeton's: what it does is what the manifest says.
fn own_code(path: &Path, file: &[u8], inspection: &Inspection) -> Result {
    if !inspection.manifest.declarative || jeton_runtime::code(file) == jeton_bundle::oauth2() {
        return Ok(());
    }
    let what = format!("{} says that its component is Jeton's oauth2, and it is another one", shown(path));
    Err(Failure::new(what, "Name the provider.toml alone; or, if the component is its author's, without component = \"oauth2\"")
        .exit(Exit::Denied))
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
            let what = format!("there are {} components in {}", others + 1, shown(folder));
            return Err(Failure::new(what, "Name the .wasm file that is meant").exit(Exit::Usage));
        }
        (None, _) => {}
    }
    Manifest::parse(source).map_err(|problems| mistaken(problems.into()))?;
    let what = format!("there is no .wasm beside {}", shown(manifest));
    Err(Failure::new(what, "A manifest alone does nothing: build the component and put it there, or name the .wasm file").exit(Exit::Usage))
}

/// What a person read must be what is in force.
fn same(manifest: &Path, source: &str, path: &Path, embedded: &str) -> Result {
    if source == embedded {
        return Ok(());
    }
    let mut lines = source.lines().zip(embedded.lines());
    let line = lines.position(|(one, other)| one != other).unwrap_or_else(|| source.lines().count().min(embedded.lines().count())) + 1;
    let what = format!("{} is not the manifest inside {}: they differ from line {line} on", shown(manifest), shown(path));
    let hint = format!("The one inside counts. Build the component again, or name {} alone", shown(path));
    Err(Failure::new(what, hint).exit(Exit::Denied))
}

/// Files and folders come with names of somebody's making.
fn shown(path: &Path) -> String {
    presentable(&path.display().to_string(), 300)
}

fn mistaken(error: jeton_runtime::Error) -> Failure {
    let hint = error.hint().unwrap_or_else(|| "Its author must correct that; CONTRIBUTING.md says how a manifest is written".to_owned());
    Failure::from(error).hint(hint)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("can't read {}: {error}", shown(path)), "Name a .wasm file, or a folder that holds one and its provider.toml")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        return Err(Failure::new(format!("{} is no file", shown(path)), "Name a .wasm file").exit(Exit::Usage));
    }
    let most = Limits::default().component;
    if metadata.len() > most as u64 {
        return Err(Failure::new(format!("{} is larger than {} MiB", shown(path), most >> 20), "Build it in release mode and strip it"));
    }
    fs::read(path).map_err(|error| unreadable(path, &error))
}
