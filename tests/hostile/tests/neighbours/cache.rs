//! Attempts on the folder of compiled components, from which what lies there is run.
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use jeton_hostile::{Service, component, current};
use jeton_runtime::{Error, Limits, Runtime};

use crate::{call, neighbour, renamed, told};

fn cached_in(folder: &Path) -> Result<Runtime, Error> {
    Runtime::builder().limits(Limits { calls: 2, ..Limits::default() }).cache(folder).transport(Service::silent()).build()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The compiled components below a folder. Names with an extension are wasmtime's notes.
fn compiled(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = vec![];
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(compiled(&path));
        } else if path.extension().is_none() {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// The same code under another name, and other code under the same name: each is what its own file says.
#[tokio::test]
async fn a_component_can_not_take_the_place_of_anothers_compiled_one() {
    let home = tempfile::tempdir().unwrap();
    let first = cached_in(home.path()).unwrap().load(neighbour()).await.unwrap();
    let before = compiled(home.path());
    assert_eq!(before.len(), 1);
    let runtime = cached_in(home.path()).unwrap();
    let impostor = runtime.load(renamed(component!("neighbours", "reads_a_neighbours_storage"), "neighbour")).await.unwrap();
    let copy = runtime.load(renamed(neighbour(), "copy")).await.unwrap();
    assert_eq!((impostor.manifest().id.as_str(), copy.manifest().id.as_str()), ("neighbour", "copy"));
    assert!(told(&impostor, &current()).await.starts_with("found"));
    let after = compiled(home.path());
    assert_eq!(after.len(), 3);
    assert!(after.contains(&before[0]), "the neighbour's was changed");
    let again = cached_in(home.path()).unwrap().load(neighbour()).await.unwrap();
    assert_eq!((again.digest(), call(&again).await), (first.digest(), "nothing".to_owned()));
}

/// Where a person's umask lets the group write, wasmtime's own folders would let it too.
#[tokio::test]
async fn what_is_compiled_lies_where_nobody_else_can_go() {
    let home = tempfile::tempdir().unwrap();
    set_mode(home.path(), 0o755);
    cached_in(home.path()).unwrap().load(neighbour()).await.unwrap();
    let folders: Vec<_> = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(folders, [home.path().join("compiled")]);
    assert_eq!(mode(&folders[0]), 0o700);
}

#[test]
fn a_folder_that_somebody_prepared_is_refused() {
    for open in [0o770, 0o701, 0o755, 0o777] {
        let home = tempfile::tempdir().unwrap();
        let prepared = home.path().join("compiled");
        fs::create_dir(&prepared).unwrap();
        set_mode(&prepared, open);
        let error = cached_in(home.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("chmod 700 {}", prepared.display())), "{open:o}: {error}");
    }
}

/// A folder of another user can be made here by root alone; for everybody else the rule is tested in `host/runtime/src/cache.rs`.
#[test]
fn a_folder_of_another_user_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let theirs = home.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    set_mode(&theirs, 0o700);
    if fs::metadata(&theirs).unwrap().uid() != 0 {
        return;
    }
    chown(&theirs, Some(4321), Some(4321)).unwrap();
    let ours = home.path().join("ours");
    fs::create_dir(&ours).unwrap();
    symlink(&theirs, ours.join("compiled")).unwrap();
    for folder in [theirs, ours] {
        let error = cached_in(&folder).unwrap_err().to_string();
        assert!(error.contains("belongs to another user (4321)"), "{error}");
    }
}
