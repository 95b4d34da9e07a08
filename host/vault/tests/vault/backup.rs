//! Backups, and the way back.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jeton_vault::{Error, KeySource, StoreSource, Vault};
use sqlx::Row as _;

use crate::database::Database;
use crate::home::{Home, Kind, client, on_both_stores, save, tokens, work};
use crate::service::{Service, refresh_token, shared};

const MINUTE: Duration = Duration::from_secs(60);

on_both_stores! {
    a_backup_is_of_one_moment_while_eight_tasks_refresh,
    what_is_there_is_replaced_only_on_request_and_by_a_later_generation,
    a_renamed_connection_is_still_the_same_and_a_removed_one_comes_back_as_newer,
    a_refresh_under_way_doesnt_mix_with_a_restore,
    a_client_of_another_registration_or_provider_is_not_replaced_by_mistake,
}

async fn opened(home: &Home, file: &PathBuf) -> Vault {
    Vault::open_existing(file, KeySource::File(home.key())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_a_store_of_its_own_with_everything_in_it() {
    let home = Home::new();
    let vault = home.connected(3600).await;
    vault.keep("box", "region", "eu", MINUTE).await.unwrap();
    let file = home.path("backup.jeton");
    let contents = vault.backup(&file).await.unwrap();
    assert_eq!((contents.clients, contents.connections, contents.values, contents.log), (1, 1, 1, 2));
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let backup = opened(&home, &file).await;
    assert_eq!(refresh_token(&backup.tokens(&work()).await.unwrap()), "r0");
    assert_eq!(backup.client(&"mine".parse().unwrap()).await.unwrap().secrets["client-secret"].reveal(), b"the-client-secret");
    assert_eq!(backup.stored("box", "region").await.unwrap().as_deref(), Some("eu"));
    assert_eq!(backup.log("work", 10).await.unwrap().len(), 1);
    let names: Vec<_> = fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "beside the store, the key and the backup nothing is left: {names:?}");
    for secret in [&b"the-client-secret"[..], b"root-of-nothing"] {
        assert!(!fs::read(&file).unwrap().windows(secret.len()).any(|window| window == secret));
    }
    // Used as a store, it becomes one like any other.
    backup.refresh(&work(), &shared(&Service::strict(Duration::ZERO))).await.unwrap();
    assert_eq!(refresh_token(&opened(&home, &file).await.tokens(&work()).await.unwrap()), "r1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_overwrites_nothing_and_leaves_nothing_when_it_fails() {
    let home = Home::new();
    let vault = home.connected(3600).await;
    let file = home.path("taken");
    fs::write(&file, "mine").unwrap();
    let error = vault.backup(&file).await.unwrap_err();
    assert!(matches!(error, Error::FileExists(_)) && error.hint().unwrap().contains("left as it is"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    vault.backup(&home.path("no/such/folder")).await.unwrap_err();
    home.run("DROP TABLE storage").await;
    let file = home.path("broken");
    vault.backup(&file).await.unwrap_err();
    let left: Vec<_> = fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

async fn a_backup_is_of_one_moment_while_eight_tasks_refresh(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    let names: Vec<String> = (0..8).map(|number| format!("c{number}")).collect();
    for name in &names {
        save(&vault, name, &tokens(0, Some(3600)), false).await.unwrap();
    }
    let stop = Arc::new(AtomicBool::new(false));
    // Tokens of a row belong together: `aN` and `rN`.
    let service = Service::new(|call, _| async move { Ok(tokens(call, Some(3600))) });
    let tasks: Vec<_> = (names.iter().cloned())
        .map(|name| {
            let (vault, providers, stop) = (home.open(), shared(&service), stop.clone());
            async move {
                let vault = vault.await.unwrap();
                while !stop.load(Ordering::SeqCst) {
                    vault.refresh(&name.parse().unwrap(), &providers).await.unwrap();
                }
            }
        })
        .collect();
    let backups = async {
        let mut last = 0;
        for number in 0..5 {
            let file = home.path(&format!("backup{number}"));
            vault.backup(&file).await.unwrap();
            let backup = opened(&home, &file).await;
            let mut newest = 0;
            for name in &names {
                let now = backup.tokens(&name.parse().unwrap()).await.unwrap();
                let access = now.access.as_ref().unwrap().reveal_text().unwrap().trim_start_matches('a').to_owned();
                assert_eq!(refresh_token(&now), format!("r{access}"));
                newest = newest.max(access.parse::<usize>().unwrap());
            }
            // As many lines of refreshes as there were refreshes: rows and log are of the same moment.
            let log = backup.whole_log(100_000).await.unwrap();
            let lines = i64::try_from(log.iter().filter(|line| line.action == "refresh").count()).unwrap();
            let mut sql = <sqlx::SqliteConnection as sqlx::Connection>::connect(&file.display().to_string()).await.unwrap();
            let row = sqlx::query("SELECT SUM(generation - 1) FROM connections").fetch_one(&mut sql).await.unwrap();
            assert_eq!(row.get::<i64, _>(0), lines);
            assert!(newest >= last);
            last = newest;
        }
        stop.store(true, Ordering::SeqCst);
    };
    tokio::join!(futures_util::future::join_all(tasks), backups);
    assert!(service.calls() > 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_restored_into_an_empty_home() {
    let home = Home::new();
    let vault = home.connected(3600).await;
    vault.keep("box", "region", "eu", MINUTE).await.unwrap();
    let file = home.path("backup");
    vault.backup(&file).await.unwrap();
    let other = Vault::open(&home.path("new/jeton.db"), KeySource::File(home.key())).await.unwrap();
    let contents = other.restore(&opened(&home, &file).await, false).await.unwrap();
    assert_eq!((contents.clients, contents.connections, contents.values, contents.log), (1, 1, 1, 2));
    let now = other.tokens(&work()).await.unwrap();
    assert_eq!((refresh_token(&now), now.access.unwrap().reveal_text().unwrap().to_owned()), ("r0".to_owned(), "a0".to_owned()));
    assert_eq!(now.extras, [("instance".to_owned(), "eu-1".to_owned())]);
    assert_eq!(other.grant(&work()).await.unwrap().options, [("prompt".to_owned(), "consent".to_owned())]);
    assert_eq!(other.stored("box", "region").await.unwrap().as_deref(), Some("eu"));
    assert_eq!(other.connection(&work()).await.unwrap().created_at, vault.connection(&work()).await.unwrap().created_at);
    let log = other.whole_log(10).await.unwrap();
    assert_eq!(log.iter().map(|line| line.action.as_str()).collect::<Vec<_>>(), ["restore", "sign-in", "add-client"]);
    let service = Service::strict(Duration::ZERO);
    assert_eq!(other.refresh(&work(), &shared(&service)).await.unwrap().secret.reveal(), b"a1");
}

async fn what_is_there_is_replaced_only_on_request_and_by_a_later_generation(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(3600).await;
    let file = home.path("backup");
    vault.backup(&file).await.unwrap();
    let service = Service::strict(Duration::ZERO);
    vault.refresh(&work(), &shared(&service)).await.unwrap();
    save(&vault, "home", &tokens(7, Some(3600)), false).await.unwrap();
    let backup = opened(&home, &file).await;
    let error = vault.restore(&backup, false).await.unwrap_err();
    assert!(matches!(&error, Error::Occupied { taken, .. } if taken == &["a connection \"work\""]), "{error}");
    assert!(error.hint().unwrap().contains("--replace"));
    assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r1", "nothing was restored");

    let contents = vault.restore(&backup, true).await.unwrap();
    assert_eq!((contents.clients, contents.connections), (1, 1));
    assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r0");
    assert_eq!(refresh_token(&vault.tokens(&"home".parse().unwrap()).await.unwrap()), "r7");
    let row = home.seen("SELECT generation FROM connections WHERE name = 'work'").await;
    assert_eq!(row.get::<i64, _>(0), 3, "refreshed once, restored once");
    assert_eq!(vault.log("work", 1).await.unwrap()[0].action, "refresh", "the restore's line is of the store");
    assert_eq!(vault.whole_log(1).await.unwrap()[0].detail.as_deref(), Some(&*format!("1 connections from {}", file.display())));
}

async fn a_renamed_connection_is_still_the_same_and_a_removed_one_comes_back_as_newer(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(3600).await;
    let file = home.path("backup");
    vault.backup(&file).await.unwrap();
    let backup = opened(&home, &file).await;
    let office = "office".parse().unwrap();
    vault.rename(&work(), &office).await.unwrap();
    // Otherwise one refresh token would be in two rows, and the first refresh would end it for the other.
    let error = vault.restore(&backup, false).await.unwrap_err();
    assert!(error.to_string().contains("office"), "{error}");
    vault.restore(&backup, true).await.unwrap();
    assert_eq!(vault.connections().await.unwrap().len(), 1);
    assert_eq!(refresh_token(&vault.tokens(&office).await.unwrap()), "r0");

    for _ in 0..3 {
        vault.refresh(&office, &shared(&Service::always(Ok(tokens(4, Some(60)))))).await.unwrap();
    }
    vault.remove(&office).await.unwrap();
    vault.restore(&backup, false).await.unwrap();
    // This process has seen later generations of it, and mustn't take it for a row that was put back.
    assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r0");
    assert_eq!(vault.access_token(&work(), MINUTE, &shared(&Service::never())).await.unwrap().secret.reveal(), b"a0");
}

async fn a_refresh_under_way_doesnt_mix_with_a_restore(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    let file = home.path("backup");
    vault.backup(&file).await.unwrap();
    let (backup, during) = (opened(&home, &file).await, vault.clone());
    let backup = Arc::new(backup);
    let service = Service::new(move |call, _| {
        let (vault, backup) = (during.clone(), backup.clone());
        async move {
            if call == 1 {
                vault.restore(&backup, true).await.unwrap();
            }
            Ok(tokens(call, Some(3600)))
        }
    });
    assert_eq!(vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap().secret.reveal(), b"a2");
    assert_eq!((refresh_token(&vault.tokens(&work()).await.unwrap()), service.calls()), ("r2".to_owned(), 2));
}

async fn a_client_of_another_registration_or_provider_is_not_replaced_by_mistake(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    let file = home.path("backup");
    vault.backup(&file).await.unwrap();
    let backup = opened(&home, &file).await;
    assert_eq!(vault.restore(&backup, false).await.unwrap().clients, 0, "it is there already");
    let mut other = client();
    "app-2".clone_into(&mut other.id);
    vault.replace_client(&"mine".parse().unwrap(), &other).await.unwrap();
    let error = vault.restore(&backup, false).await.unwrap_err();
    assert!(error.to_string().contains("another client id"), "{error}");
    vault.restore(&backup, true).await.unwrap();
    assert_eq!(vault.client(&"mine".parse().unwrap()).await.unwrap().id, "app-1");
    vault.remove_client(&"mine".parse().unwrap()).await.unwrap();
    vault.add_client(&"mine".parse().unwrap(), "dropbox", &other).await.unwrap();
    for replace in [false, true] {
        let error = vault.restore(&backup, replace).await.unwrap_err();
        assert!(error.to_string().contains("dropbox") && !error.hint().unwrap().contains("--replace"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_another_key_is_refused() {
    let (home, other) = (Home::new(), Home::new());
    home.connected(3600).await.backup(&home.path("backup")).await.unwrap();
    other.connected(3600).await;
    let error = Vault::open_existing(&home.path("backup"), KeySource::File(other.key())).await.err().unwrap();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");
    assert!(error.to_string().contains("backup"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_or_tampered_backup_restores_nothing() {
    let home = Home::new();
    let vault = home.vault().await;
    for number in 0..300 {
        save(&vault, &format!("c{number}"), &tokens(0, Some(3600)), false).await.unwrap();
    }
    let file = home.path("backup");
    vault.backup(&file).await.unwrap();
    let whole = fs::read(&file).unwrap();
    let other = Vault::open(&home.path("new/jeton.db"), KeySource::File(home.key())).await.unwrap();
    for length in [0, 10, 100, 4096, whole.len() / 2, whole.len() - 4096] {
        fs::write(&file, &whole[..length]).unwrap();
        let error = match Vault::open_existing(&file, KeySource::File(home.key())).await {
            Ok(backup) => other.restore(&backup, false).await.unwrap_err(),
            Err(error) => error,
        };
        assert!(matches!(error, Error::NotAStore { .. } | Error::Store { .. }), "{length}: {error}");
        assert!(error.to_string().contains("backup"), "{length}: {error}");
        assert!(other.connections().await.unwrap().is_empty() && other.clients().await.unwrap().is_empty());
    }
    fs::write(&file, &whole).unwrap();
    {
        use sqlx::Connection as _;
        let mut sql = sqlx::SqliteConnection::connect(&file.display().to_string()).await.unwrap();
        let swap = "UPDATE connections SET refresh_token = (SELECT refresh_token FROM connections WHERE name = 'c1') WHERE name = 'c250'";
        sqlx::raw_sql(swap).execute(&mut sql).await.unwrap();
    }
    let error = other.restore(&opened(&home, &file).await, false).await.unwrap_err();
    assert!(matches!(error, Error::Tampered { .. }) && error.to_string().contains("c250"), "{error}");
    assert!(other.connections().await.unwrap().is_empty() && other.clients().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn backup_and_restore_are_the_way_from_sqlite_to_postgresql_and_back() {
    let (home, database) = (Home::new(), Database::new().await);
    let key = || KeySource::File(home.key());
    let vault = home.connected(3600).await;
    for number in 0..450 {
        save(&vault, &format!("c{number}"), &tokens(number, Some(3600)), false).await.unwrap();
    }
    vault.mark_revoked(&"c449".parse().unwrap()).await.unwrap();
    vault.keep("box", "region", "eu", MINUTE).await.unwrap();
    let shared_store = Vault::open(StoreSource::Postgres(database.url()), key()).await.unwrap();
    // The store itself, without a backup between.
    let contents = shared_store.restore(&vault, false).await.unwrap();
    assert_eq!((contents.clients, contents.connections, contents.values), (1, 451, 1));
    let number = |name: &str| name.parse().unwrap();
    assert_eq!(refresh_token(&shared_store.tokens(&number("c217")).await.unwrap()), "r217");
    assert!(shared_store.tokens(&number("c449")).await.unwrap().refresh.is_none());
    assert!(matches!(shared_store.restore(&vault, false).await, Err(Error::Occupied { taken, .. }) if taken.len() == 11));
    shared_store.refresh(&work(), &shared(&Service::strict(Duration::ZERO))).await.unwrap();

    let file = home.path("backup");
    let contents = shared_store.backup(&file).await.unwrap();
    assert_eq!((contents.clients, contents.connections, contents.values), (1, 451, 1));
    let back = Vault::open(&home.path("back/jeton.db"), key()).await.unwrap();
    back.restore(&opened(&home, &file).await, false).await.unwrap();
    assert_eq!(refresh_token(&back.tokens(&work()).await.unwrap()), "r1");
    assert_eq!(refresh_token(&back.tokens(&number("c448")).await.unwrap()), "r448");
    assert_eq!(back.stored("box", "region").await.unwrap().as_deref(), Some("eu"));
    // Over a store in use, in PostgreSQL too.
    shared_store.restore(&back, true).await.unwrap();
    assert_eq!(shared_store.connections().await.unwrap().len(), 451);
    assert_eq!(refresh_token(&shared_store.tokens(&work()).await.unwrap()), "r1");
}
