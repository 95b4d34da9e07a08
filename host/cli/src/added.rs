//! The providers that a person added: a folder with the file of each, and its pin.
//!
//! `acme.json` says by its digest which file the person agreed to; `acme.DIGEST.wasm` is that file. The pin is put in place last and in one
//! go, so an update happens or doesn't, and a file that is changed later doesn't fit its pin any more and is refused.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jeton_runtime::{Denial, Error, presentable};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::show_time::rfc3339;

/// The folder.
#[derive(Clone, Debug)]
pub struct Added {
    folder: PathBuf,
}

/// What a person agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// SHA-256 of the file, in hexadecimal.
    pub digest: String,
    /// Where the file came from.
    pub from: String,
}

/// SHA-256 in hexadecimal.
pub fn digest(file: &[u8]) -> String {
    Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Added {
    /// The folder at this path, which need not exist yet.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The ids of all of them.
    pub fn ids(&self) -> Result<Vec<String>, Error> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec![]),
            entries => entries.map_err(|error| trouble("read", &self.folder, &error))?,
        };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut ids: Vec<_> = names.filter_map(|name| name.strip_suffix(".json").filter(|id| is_id(id)).map(str::to_owned)).collect();
        ids.sort();
        Ok(ids)
    }

    /// The pin of this provider, if it was added.
    pub fn pin(&self, id: &str) -> Result<Option<Pin>, Error> {
        if !is_id(id) {
            return Ok(None);
        }
        let path = self.pin_path(id);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|error| trouble("read", &path, &error))?,
        };
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let field = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        match (field("digest"), field("from")) {
            (Some(digest), Some(from)) if is_digest(&digest) => Ok(Some(Pin { digest, from })),
            _ => {
                let rule = format!("its pin {} can't be read", path.display());
                let hint = format!("`jeton providers remove {id} --force`, then add it again");
                Err(Denial::new(format!("loading the provider {id}"), rule, hint).into())
            }
        }
    }

    /// The file that the person agreed to, if this provider was added. Another one in its place is denied.
    pub fn read(&self, id: &str) -> Result<Option<Vec<u8>>, Error> {
        let mut pin = self.pin(id)?;
        for _ in 0..2 {
            let Some(Pin { digest: agreed, from }) = &pin else { return Ok(None) };
            let path = self.file_path(id, agreed);
            let denied = |rule: String| {
                let hint = format!("Add it again from where you got it; that was {}", presentable(from, 300));
                Err(Denial::new(format!("loading the provider {id}"), rule, hint).into())
            };
            match fs::read(&path) {
                Ok(file) if digest(&file) == *agreed => return Ok(Some(file)),
                Ok(_) => return denied(format!("{} was changed after you added it", path.display())),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    // Perhaps it is being updated at this moment.
                    let now = self.pin(id)?;
                    if now == pin {
                        return denied(format!("{} is gone", path.display()));
                    }
                    pin = now;
                }
                Err(error) => return Err(trouble("read", &path, &error)),
            }
        }
        Err(Error::Host(format!("the provider {id} is being changed by somebody else; try again")))
    }

    /// Keeps a provider's file in place of the one before, if there is one.
    pub fn keep(&self, id: &str, file: &[u8], from: &str) -> Result<(), Error> {
        // A pin that can't be read is replaced like any other.
        let before = self.pin(id).unwrap_or_default();
        let pin = Pin { digest: digest(file), from: from.to_owned() };
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder).map_err(|error| trouble("make", &self.folder, &error))?;
        self.write(&self.file_path(id, &pin.digest), file)?;
        let text = json!({ "digest": pin.digest, "from": pin.from, "added_at": rfc3339(SystemTime::now()) });
        self.write(&self.pin_path(id), format!("{text:#}\n").as_bytes())?;
        if let Some(before) = before.filter(|before| before.digest != pin.digest) {
            let _ = fs::remove_file(self.file_path(id, &before.digest));
        }
        Ok(())
    }

    /// Forgets a provider. `false`: there was none.
    pub fn remove(&self, id: &str) -> Result<bool, Error> {
        if !is_id(id) {
            return Ok(false);
        }
        let digest = self.pin(id).unwrap_or_default().map(|pin| pin.digest);
        let path = self.pin_path(id);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            removed => removed.map_err(|error| trouble("remove", &path, &error))?,
        }
        if let Some(digest) = digest {
            let _ = fs::remove_file(self.file_path(id, &digest));
        }
        Ok(true)
    }

    /// Whole or not at all, and for this user alone: a draft is written, flushed to the disk, and given the name.
    fn write(&self, path: &Path, content: &[u8]) -> Result<(), Error> {
        let draft = path.with_added_extension(format!("{}.draft", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(&draft).and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        });
        let named = written.and_then(|()| fs::rename(&draft, path)).and_then(|()| sync(&self.folder));
        named.map_err(|error| {
            let _ = fs::remove_file(&draft);
            trouble("write", path, &error)
        })
    }

    fn pin_path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    fn file_path(&self, id: &str, digest: &str) -> PathBuf {
        self.folder.join(format!("{id}.{digest}.wasm"))
    }
}

/// A new name is on disk when its folder is.
fn sync(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// As manifests have it: what is asked for becomes part of a path.
fn is_id(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=40).contains(&text.len()) && text.chars().all(plain) && !text.starts_with('-')
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn trouble(verb: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::Host(format!("can't {verb} {}: {error}", path.display()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn added() -> (tempfile::TempDir, Added) {
        let home = tempfile::tempdir().unwrap();
        let added = Added::new(home.path().join("providers"));
        (home, added)
    }

    #[test]
    fn what_was_kept_is_read_and_listed_until_it_is_removed() {
        let (_home, added) = added();
        assert_eq!((added.ids().unwrap().len(), added.read("acme").unwrap()), (0, None));
        added.keep("acme", b"one", "/tmp/acme.wasm").unwrap();
        added.keep("acme-2", b"two", "/tmp/acme-2.wasm").unwrap();
        assert_eq!(added.ids().unwrap(), ["acme", "acme-2"]);
        assert_eq!(added.read("acme").unwrap().unwrap(), b"one");
        added.keep("acme", b"other", "/tmp/acme.wasm").unwrap();
        assert_eq!(added.read("acme").unwrap().unwrap(), b"other");
        assert_eq!(fs::read_dir(&added.folder).unwrap().count(), 4, "the file before is gone");
        assert!(added.remove("acme").unwrap() && !added.remove("acme").unwrap());
        assert_eq!(added.ids().unwrap(), ["acme-2"]);
        assert_eq!(added.read("acme-2").unwrap().unwrap(), b"two");
    }

    #[test]
    fn a_file_that_was_changed_exchanged_or_taken_away_is_denied() {
        let (_home, added) = added();
        added.keep("acme", b"one", "/tmp/acme.wasm").unwrap();
        let path = added.file_path("acme", &digest(b"one"));
        for there in [Some(&b"one!"[..]), Some(b""), Some(b"two"), None] {
            match there {
                Some(bytes) => fs::write(&path, bytes).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let error = added.read("acme").unwrap_err();
            assert!(matches!(error, Error::Denied(_)), "{error:?}");
            assert!(error.hint().unwrap().contains("/tmp/acme.wasm"));
        }
        added.keep("acme", b"one", "/tmp/acme.wasm").unwrap();
        assert!(added.read("acme").is_ok());
    }

    #[test]
    fn a_pin_that_can_not_be_read_is_denied_and_can_be_replaced() {
        let (_home, added) = added();
        added.keep("acme", b"one", "/tmp/acme.wasm").unwrap();
        for text in ["", "{}", "nonsense", r#"{"digest": "../../x", "from": "y"}"#] {
            fs::write(added.pin_path("acme"), text).unwrap();
            assert!(matches!(added.read("acme"), Err(Error::Denied(_))), "{text}");
        }
        added.keep("acme", b"one", "/tmp/acme.wasm").unwrap();
        assert_eq!(added.read("acme").unwrap().unwrap(), b"one");
    }

    #[test]
    fn only_an_id_is_looked_for() {
        let (home, added) = added();
        added.keep("acme", b"one", "/tmp/acme.wasm").unwrap();
        fs::write(home.path().join("x.json"), "{}").unwrap();
        for id in ["", "../x", "/etc/passwd", "ACME", "acme.json", "-", "a/b", &"a".repeat(41)] {
            assert!(added.pin(id).unwrap().is_none() && added.read(id).unwrap().is_none() && !added.remove(id).unwrap(), "{id}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn others_can_not_read_what_was_added() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_home, added) = added();
        added.keep("acme", b"one", "/tmp/acme.wasm").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&added.folder), 0o700);
        for entry in fs::read_dir(&added.folder).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
    }
}
