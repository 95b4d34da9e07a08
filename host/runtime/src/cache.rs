//! The folder of compiled components. What lies there is run, so nobody else may be able to put anything there.
//!
//! The caller's folder may be one that others can read. Wasmtime makes its files by the process's umask, which may let a group write, so it
//! gets a folder of mode 0700 inside.

use std::path::{Path, PathBuf};

use crate::Error;

/// What Jeton's own folder in the caller's is called.
const OWN: &str = "compiled";

/// Makes the folders that are missing, and answers the one to use.
#[cfg(unix)]
pub(crate) fn folder(folder: &Path) -> Result<PathBuf, Error> {
    use std::os::unix::fs::DirBuilderExt;
    let me = rustix::process::geteuid().as_raw();
    let own = folder.join(OWN);
    for (path, closed_to_others) in [(folder, 0o022), (&own, 0o077)] {
        let trouble = |error: std::io::Error| Error::Host(format!("can't use the cache folder {}: {error}", path.display()));
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(trouble)?;
        let metadata = std::fs::metadata(path).map_err(trouble)?;
        judge(path, &metadata, closed_to_others, me).map_err(Error::Host)?;
    }
    Ok(own)
}

/// Whether somebody else could put something there.
#[cfg(unix)]
fn judge(path: &Path, metadata: &impl Owned, closed_to_others: u32, me: u32) -> Result<(), String> {
    let (owner, mode, path) = (metadata.owner(), metadata.mode(), path.display());
    if owner != me && owner != 0 {
        return Err(format!("the cache folder {path} belongs to another user ({owner}), and what lies there is run: use another folder"));
    }
    if mode & closed_to_others != 0 {
        return Err(format!("others can write to the cache folder {path}, and what lies there is run: chmod 700 {path}"));
    }
    Ok(())
}

/// Whose a folder is.
#[cfg(unix)]
trait Owned {
    fn owner(&self) -> u32;
    fn mode(&self) -> u32;
}

#[cfg(unix)]
impl Owned for std::fs::Metadata {
    fn owner(&self) -> u32 {
        std::os::unix::fs::MetadataExt::uid(self)
    }

    fn mode(&self) -> u32 {
        std::os::unix::fs::MetadataExt::mode(self)
    }
}

#[cfg(not(unix))]
pub(crate) fn folder(folder: &Path) -> Result<PathBuf, Error> {
    let own = folder.join(OWN);
    std::fs::create_dir_all(&own).map_err(|error| Error::Host(format!("can't use the cache folder {}: {error}", own.display())))?;
    Ok(own)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    struct Folder(u32, u32);

    impl Owned for Folder {
        fn owner(&self) -> u32 {
            self.0
        }

        fn mode(&self) -> u32 {
            self.1
        }
    }

    #[test]
    fn a_folder_of_another_user_is_refused_whatever_its_mode() {
        let judged = |owner, mode| judge(Path::new("/cache"), &Folder(owner, mode), 0o022, 1000);
        assert!(judged(1000, 0o40700).is_ok() && judged(0, 0o40755).is_ok());
        for mode in [0o40700, 0o40755, 0o40777] {
            assert!(judged(1001, mode).unwrap_err().contains("belongs to another user (1001)"), "{mode:o}");
        }
        assert!(judged(1000, 0o40775).unwrap_err().contains("chmod 700 /cache"));
    }
}
