//! What isn't a store, or can't be one, is said and left as it is.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use jeton_vault::{Error, KeySource, Vault};

use crate::home::{Home, work};
use crate::service::{Service, shared};

async fn open(store: &Path, home: &Home) -> Error {
    Vault::open(store, KeySource::File(home.key())).await.err().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[tokio::test]
async fn only_the_owner_can_read_what_the_vault_makes() {
    let home = Home::new();
    let vault = home.connected(5).await;
    vault.access_token(&work(), Duration::from_secs(60), &shared(&Service::strict(Duration::ZERO))).await.unwrap();
    for name in ["jeton.db", "jeton.db-wal", "jeton.db-shm"] {
        assert_eq!(mode(&home.store().with_file_name(name)), 0o600, "{name}");
    }
    assert_eq!(mode(&home.key()), 0o600);
    assert_eq!(mode(home.store().parent().unwrap()), 0o700);
    assert_eq!(mode(home.key().parent().unwrap()), 0o700);
    let left: Vec<_> = fs::read_dir(home.key().parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "no drafts are left: {left:?}");
    let names: Vec<_> = fs::read_dir(home.store().parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "no drafts are left: {names:?}");
}

#[tokio::test]
async fn opening_a_store_that_is_up_to_date_writes_nothing() {
    // As a killed process leaves it: the last commits are in the log and not yet in the file.
    let (killed, home) = (Home::new(), Home::new());
    let _alive = killed.connected(3600).await;
    for path in [home.store(), home.key()] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
    }
    fs::copy(killed.key(), home.key()).unwrap();
    fs::copy(killed.store(), home.store()).unwrap();
    let wal = home.store().with_file_name("jeton.db-wal");
    fs::copy(killed.store().with_file_name("jeton.db-wal"), &wal).unwrap();
    let (before, time) = (fs::read(home.store()).unwrap(), fs::metadata(home.store()).unwrap().modified().unwrap());
    let log = fs::read(&wal).unwrap();
    assert!(!log.is_empty());
    tokio::time::sleep(Duration::from_millis(50)).await;
    {
        let vault = home.open().await.unwrap();
        vault.access_token(&work(), Duration::from_secs(60), &shared(&Service::never())).await.unwrap();
        vault.connections().await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(fs::read(home.store()).unwrap(), before);
    assert_eq!(fs::metadata(home.store()).unwrap().modified().unwrap(), time);
    assert_eq!(fs::read(&wal).unwrap_or_default(), log);
}

#[tokio::test]
async fn what_does_not_exist_is_made_by_open_and_by_nothing_else() {
    let home = Home::new();
    let error = Vault::open_existing(&home.store(), KeySource::File(home.key())).await.err().unwrap();
    assert!(matches!(error, Error::NoStore(_)), "{error}");
    assert!(error.to_string().contains("jeton.db"));
    assert!(!home.store().exists() && !home.key().exists() && !home.store().parent().unwrap().exists());
    home.open().await.unwrap();
    assert!(home.store().exists() && home.key().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_may_make_the_store_at_once() {
    for _ in 0..5 {
        let home = Home::new();
        let vaults = futures_util::future::join_all((0..8).map(|_| home.open())).await;
        let vaults: Vec<_> = vaults.into_iter().map(Result::unwrap).collect();
        vaults[0].add_client(&"mine".parse().unwrap(), "box", &crate::home::client()).await.unwrap();
        for vault in &vaults {
            let client = vault.client(&"mine".parse().unwrap()).await.unwrap();
            assert_eq!(client.secrets["client-secret"].reveal(), b"the-client-secret");
        }
    }
}

#[tokio::test]
async fn files_that_are_no_stores_are_refused_and_kept() {
    let home = Home::new();
    let other = home.path("other.db");
    {
        use sqlx::ConnectOptions as _;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&other).create_if_missing(true);
        let mut sql = options.connect().await.unwrap();
        sqlx::raw_sql("CREATE TABLE songs (title TEXT)").execute(&mut sql).await.unwrap();
        sqlx::Connection::close(sql).await.unwrap();
    }
    let mut broken = fs::read(&other).unwrap();
    broken[16..].fill(0xff);
    for (name, content, says) in [
        ("text", b"clients = [] # a file of somebody else".to_vec(), "no SQLite database"),
        ("short", b"hello".to_vec(), "no SQLite database"),
        ("empty", vec![], "empty"),
        ("songs", fs::read(&other).unwrap(), "another program"),
        ("broken", broken, "damaged"),
    ] {
        let path = home.path(name);
        fs::write(&path, &content).unwrap();
        let error = open(&path, &home).await;
        assert!(matches!(error, Error::NotAStore { .. }), "{name}: {error}");
        assert!(error.to_string().contains(says) && error.to_string().contains(name), "{error}");
        assert!(error.hint().unwrap().contains("left as it is"));
        assert_eq!(fs::read(&path).unwrap(), content);
    }
    assert!(!home.key().exists(), "no key was made for them");
}

#[tokio::test]
async fn places_where_no_store_can_be_are_named() {
    let home = Home::new();
    fs::write(home.path("file"), "x").unwrap();
    fs::create_dir(home.path("folder")).unwrap();
    std::os::unix::fs::symlink(home.path("loop"), home.path("loop")).unwrap();
    for name in ["file/jeton.db", "folder", "loop", "/proc/nowhere/jeton.db"] {
        let path = home.path(name);
        let error = open(&path, &home).await;
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        assert!(error.hint().is_some());
    }
    assert_eq!(fs::read(home.path("file")).unwrap(), b"x");
}

#[tokio::test]
async fn a_store_of_a_newer_jeton_is_left_alone() {
    let home = Home::new();
    home.connected(5).await;
    home.run("PRAGMA user_version = 99").await;
    let error = home.open().await.err().unwrap();
    assert!(matches!(error, Error::NewerStore { found: 99, known: 3, .. }), "{error}");
    assert!(error.hint().unwrap().contains("newer Jeton"));
    home.run("PRAGMA user_version = 3").await;
    home.open().await.unwrap().connection(&work()).await.unwrap();
}

#[tokio::test]
async fn a_damaged_store_says_so() {
    let home = Home::new();
    home.connected(5).await;
    home.run("DROP TABLE connections").await;
    let error = home.open().await.unwrap().connection(&work()).await.err().unwrap();
    assert!(error.to_string().contains("damaged") && error.hint().unwrap().contains("backup"), "{error}");
}

/// As root no mode keeps us out, so the test runs again as somebody else.
#[tokio::test]
async fn files_that_may_not_be_read_or_written_are_named() {
    const FOLDER: &str = "JETON_TEST_FORBIDDEN";
    if let Ok(folder) = std::env::var(FOLDER) {
        let folder = Path::new(&folder);
        let key = || KeySource::File(folder.join("mine/jeton.key"));
        let unreadable = Vault::open(&folder.join("unreadable.db"), key()).await.err().unwrap();
        assert!(unreadable.to_string().contains("unreadable.db can't be read") || unreadable.to_string().contains("can't be read"));
        assert!(unreadable.to_string().contains("unreadable.db") && unreadable.hint().unwrap().contains("owns"));
        let unwritable = Vault::open(&folder.join("locked/jeton.db"), key()).await.err().unwrap();
        assert!(unwritable.to_string().contains("locked/jeton.db") && unwritable.hint().unwrap().contains("owns"), "{unwritable}");
        let source = KeySource::File(folder.join("unreadable.key"));
        let no_key = Vault::open(&folder.join("mine/other.db"), source).await.err().unwrap();
        assert!(matches!(no_key, Error::Key { .. }) && no_key.to_string().contains("unreadable.key"), "{no_key}");
        assert!(!folder.join("mine/other.db").exists());
        return;
    }
    let home = Home::new();
    let folder = home.path("forbidden");
    fs::create_dir_all(folder.join("locked")).unwrap();
    fs::create_dir_all(folder.join("mine")).unwrap();
    let test = folder.join("test");
    // A program that was just written can't be run as long as a process that another test starts has it open.
    let this = std::env::current_exe().unwrap();
    fs::hard_link(&this, &test).or_else(|_| fs::copy(&this, &test).map(drop)).unwrap();
    for name in ["unreadable.db", "unreadable.key"] {
        fs::write(folder.join(name), "SQLite format 3\0").unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o000)).unwrap();
    }
    fs::set_permissions(folder.join("locked"), fs::Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(folder.join("mine"), fs::Permissions::from_mode(0o777)).unwrap();
    fs::set_permissions(folder.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut again = std::process::Command::new(test);
    again.args(["--exact", "bad_files::files_that_may_not_be_read_or_written_are_named"]).env(FOLDER, &folder).current_dir("/");
    if fs::metadata(&folder).unwrap().uid() == 0 {
        std::os::unix::process::CommandExt::uid(&mut again, 65534);
    }
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
