//! File systems that don't keep SQLite's promises: locks that another machine doesn't see, and no shared memory.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What was warned of already.
static WARNED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Warns once where the store lies on a network file system.
pub(super) fn warn_of(path: &Path) {
    let Some(kind) = magic(path).and_then(network) else { return };
    if WARNED.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned()) {
        tracing::warn!(
            store = %path.display(),
            "the store lies on {kind}, where SQLite's locks can't be relied on: two machines that use it may damage it. Move it to a local \
             disk with JETON_HOME or --store, or keep it in PostgreSQL",
        );
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn magic(path: &Path) -> Option<u64> {
    #[allow(clippy::cast_sign_loss, reason = "a magic number of 32 bits, whose type has a sign on some machines")]
    rustix::fs::statfs(path).ok().map(|about| u64::from(about.f_type as u32))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn magic(_: &Path) -> Option<u64> {
    None
}

/// What a file system of this magic number is called, if it is one over a network: statfs(2), linux/magic.h.
///
/// FUSE has one number for all that is mounted through it: sshfs, rclone, and local ones.
fn network(magic: u64) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "NFS",
        0x517b => "SMB",
        0xff53_4d42 => "CIFS",
        0xfe53_4d42 => "SMB 2",
        0x6573_5546 => "FUSE (sshfs and the like)",
        0x0102_1997 => "9p",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x00c3_6400 => "Ceph",
        0x564c => "NCP",
        0x0bd0_0bd0 => "Lustre",
        0x0116_1970 => "GFS2",
        0x7461_636f => "OCFS2",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_told_by_their_magic_numbers() {
        for (magic, name) in [(0x6969, "NFS"), (0xff53_4d42, "CIFS"), (0xfe53_4d42, "SMB 2"), (0x6573_5546, "FUSE"), (0x0102_1997, "9p")] {
            assert!(network(magic).is_some_and(|kind| kind.starts_with(name)), "{magic:x}");
        }
        // ext4, btrfs, xfs, tmpfs, zfs, overlayfs, f2fs
        for magic in [0xef53, 0x9123_683e, 0x5846_5342, 0x0102_1994, 0x2fc1_2fc1, 0x794c_7630, 0xf2f5_2010] {
            assert_eq!(network(magic), None, "{magic:x}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_tells_the_magic_number() {
        assert_eq!(magic(Path::new("/proc/self")), Some(0x9fa0));
        assert_eq!(magic(Path::new("/nowhere/at/all")), None);
    }
}
