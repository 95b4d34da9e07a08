//! The master key in a file: the default, and what fits a server.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::{KeySource, MasterKey};
use crate::seal::random;
use crate::{Result, private_file};

/// More than any key file has; a wrong path may lead to something huge.
const LONGEST: u64 = 4096;

pub(crate) fn load(path: &Path) -> Result<Option<MasterKey>> {
    let source = KeySource::File(path.to_owned());
    let unreadable = |error: std::io::Error| source.error(format!("can't be read: {error}"), "Check who owns the file and its folder");
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if let Some(mode) = private_file::too_open(&file.metadata().map_err(unreadable)?) {
        let what = format!("its mode {mode:o} lets others read it");
        return Err(source.error(what, format!("Run `chmod 600 {}`, if nobody else has read it", path.display())));
    }
    let mut text = Zeroizing::new(Vec::with_capacity(LONGEST as usize));
    file.take(LONGEST).read_to_end(&mut text).map_err(unreadable)?;
    match MasterKey::from_text(&text) {
        Some(key) => Ok(Some(key)),
        None => Err(source.error("is not a key: 32 bytes in base64 are expected".to_owned(), "Put the file back from a backup")),
    }
}

pub(super) fn create(path: &Path, key: MasterKey) -> Result<MasterKey> {
    let source = KeySource::File(path.to_owned());
    let unwritable = |error: std::io::Error| {
        source.error(format!("can't be written: {error}"), "Check who owns the folder, or name another place for the key")
    };
    private_file::make_folder_of(path).map_err(unwritable)?;
    let mut content = key.to_text();
    content.push('\n');
    let unique: String = random()?.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    match private_file::create_whole(path, content.as_bytes(), &unique) {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => load(path)?.ok_or_else(|| unwritable(ErrorKind::NotFound.into())),
        Err(error) => Err(unwritable(error)),
    }
}
