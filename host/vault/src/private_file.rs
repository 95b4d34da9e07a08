//! Files and folders that only their owner may read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Makes the folder that `file` is to stand in, with mode 0700, where it is missing. A folder that exists is left as it is.
pub(crate) fn make_folder_of(file: &Path) -> io::Result<()> {
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes an empty file of mode 0600. It must not exist.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes a file of mode 0600 with this content, durably, and never in place of another: `AlreadyExists` where there is one.
///
/// Others see the whole file or none, since it gets its name only when its content is on disk.
pub(crate) fn create_whole(path: &Path, content: &[u8], unique: &str) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{unique}"));
    let draft = PathBuf::from(draft);
    let written = create(&draft).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    // A hard link, unlike a rename, fails where the name is taken.
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    linked.and(removed).and_then(|()| sync_folder_of(path))
}

/// A new name in a folder is on disk only when the folder is.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder)?.sync_all()
        }
        _ => Ok(()),
    }
}

/// The permissions that let others than the owner in, if there are any.
#[cfg(unix)]
pub(crate) fn too_open(metadata: &fs::Metadata) -> Option<u32> {
    let mode = std::os::unix::fs::MetadataExt::mode(metadata) & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

/// Takes from others what they may do with the store's file, its log and index, and the folder, where these are ours. Says so.
///
/// A folder in which other things lie stays open: the names in it are all that is seen there.
#[cfg(unix)]
pub(crate) fn repair(store: &Path) {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let beside = |end: &str| {
        let mut path = store.as_os_str().to_owned();
        path.push(end);
        PathBuf::from(path)
    };
    let folder = store.parent().filter(|folder| !folder.as_os_str().is_empty() && holds_only(folder, store));
    for path in [store.to_owned(), beside("-wal"), beside("-shm")].into_iter().chain(folder.map(Path::to_owned)) {
        let Ok(metadata) = fs::metadata(&path) else { continue };
        let Some(mode) = too_open(&metadata) else { continue };
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            continue;
        }
        let less = mode & 0o700;
        match fs::set_permissions(&path, fs::Permissions::from_mode(less)) {
            Ok(()) => tracing::warn!(path = %path.display(), "its mode {mode:o} let others in: it is {less:o} now"),
            Err(error) => tracing::warn!(path = %path.display(), %error, "its mode {mode:o} lets others in, and can't be changed"),
        }
    }
}

/// Elsewhere a folder of the user's profile keeps others out.
#[cfg(not(unix))]
pub(crate) fn repair(_: &Path) {}

/// Whether all that is in a folder is Jeton's.
#[cfg(unix)]
fn holds_only(folder: &Path, store: &Path) -> bool {
    let Some(store) = store.file_name().and_then(|name| name.to_str()) else { return false };
    let ours = |name: &str| ["cache", "key", "providers"].contains(&name) || name.starts_with(store);
    let Ok(mut entries) = fs::read_dir(folder) else { return false };
    entries.all(|entry| entry.is_ok_and(|entry| entry.file_name().to_str().is_some_and(ours)))
}

/// Elsewhere the folder of the user's profile is what keeps others out.
#[cfg(not(unix))]
pub(crate) fn too_open(_: &fs::Metadata) -> Option<u32> {
    None
}
