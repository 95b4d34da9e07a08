//! The master key in a file: the default, and what fits a server.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::{KeySource, MasterKey};
use crate::seal::random;
use crate::{Error, Result, private_file};

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
    source.parse(&text, "Put the file back from a backup").map(Some)
}

/// Makes the file. Whether it has this key now: one that exists is left as it is.
pub(super) fn put(path: &Path, key: &MasterKey) -> Result<bool> {
    let unwritable = |error| unwritable(path, &error);
    private_file::make_folder_of(path).map_err(unwritable)?;
    let unique: String = random()?.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    match private_file::create_whole(path, key.to_line().as_bytes(), &unique) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(load(path)?.is_some_and(|there| there.id() == key.id())),
        Err(error) => Err(unwritable(error)),
    }
}

/// Puts the file `from` in the place of `to`, at once and durably.
pub(super) fn replace(from: &Path, to: &Path) -> Result<()> {
    let moved = match fs::rename(from, to) {
        // Another process was faster; the caller sees whether by the same key.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        moved => moved,
    };
    moved.and_then(|()| private_file::sync_folder_of(to)).map_err(|error| unwritable(to, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    let hint = "Check who owns the folder, or name another place for the key";
    KeySource::File(path.to_owned()).error(format!("can't be written: {error}"), hint)
}
