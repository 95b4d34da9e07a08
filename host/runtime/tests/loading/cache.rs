//! The folder of compiled components: what lies there is run.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jeton_runtime::{Error, Limits, Runtime};

use crate::file::box_component;

fn cached_in(folder: &Path) -> Result<Runtime, Error> {
    Runtime::builder().limits(Limits { calls: 2, ..Limits::default() }).cache(folder).build()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The compiled components below a folder. Names with an extension are wasmtime's notes, which it writes and removes in a thread of its own.
fn compiled(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = vec![];
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(compiled(&path));
        } else if path.extension().is_none() {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found
}

#[tokio::test]
async fn a_second_runtime_takes_the_compiled_component_from_the_cache() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("cache/providers");
    cached_in(&folder).unwrap().load(box_component()).await.unwrap();
    let first = compiled(&folder);
    assert_eq!(first.len(), 1, "{:?}", first.iter().map(|(path, _)| path).collect::<Vec<_>>());
    let provider = cached_in(&folder).unwrap().load(box_component()).await.unwrap();
    assert_eq!(provider.manifest().id, "box");
    assert!(first == compiled(&folder), "the second load compiled again");
}

#[tokio::test]
async fn a_spoiled_cache_is_compiled_anew() {
    let home = tempfile::tempdir().unwrap();
    cached_in(home.path()).unwrap().load(box_component()).await.unwrap();
    let kept = compiled(home.path());
    assert_eq!(kept.len(), 1);
    for (path, content) in kept {
        fs::write(path, &content[..content.len() / 2]).unwrap();
    }
    assert!(cached_in(home.path()).unwrap().load(box_component()).await.is_ok());
}

#[test]
fn the_cache_folder_is_made_for_this_user_alone() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("cache/providers");
    cached_in(&folder).unwrap();
    assert_eq!((mode(&folder), mode(&home.path().join("cache"))), (0o700, 0o700));
}

#[test]
fn a_cache_folder_that_others_can_write_to_is_refused_and_left_as_it_is() {
    for open in [0o777, 0o770, 0o722, 0o702, 0o1777] {
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(open)).unwrap();
        let error = cached_in(home.path()).unwrap_err().to_string();
        assert!(error.contains("others can write to the cache folder") && error.contains("chmod 700"), "{open:o}: {error}");
        assert_eq!((mode(home.path()), fs::read_dir(home.path()).unwrap().count()), (open & 0o777, 0));
    }
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(cached_in(home.path()).is_ok(), "others may read it");
}

#[test]
fn a_cache_that_is_no_folder_is_refused_with_its_path() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("cache");
    fs::write(&file, "mine").unwrap();
    let error = cached_in(&file).unwrap_err().to_string();
    assert!(error.contains(&file.display().to_string()), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}
