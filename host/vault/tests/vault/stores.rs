//! What both stores promise as such: where they come from, what order they keep, and what they don't let anybody do.

use std::fs;

use jeton_runtime::{Error as Trouble, ErrorKind, ServiceError};
use jeton_vault::Error;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::home::{Home, Kind, on_both_stores, save, tokens, work};
use crate::service::{Service, refresh_token, shared};

on_both_stores! {
    a_store_of_the_first_version_is_brought_up_to_date_with_all_that_it_holds,
    a_schema_of_a_newer_jeton_is_left_alone,
    the_log_can_be_added_to_and_not_changed,
    texts_with_odd_characters_are_kept,
    names_are_sorted_by_their_bytes,
}

const FIRST: &str = include_str!("../../migrations/0001_first.sql");

/// What a store of the first version holds, out of the same store of today.
const AS_AT_FIRST: &str = "\
    INSERT INTO NEW.keys SELECT id, master_id, wrapped, created_at FROM OLD.data_keys JOIN OLD.wrapped_keys ON data_key = id; \
    INSERT INTO NEW.clients SELECT id, name, provider, client_id, settings, secret_names, secrets, created_at, updated_at \
        FROM OLD.clients; \
    INSERT INTO NEW.connections SELECT id, name, provider, client, grant_kind, scopes, subject, options, scope, account_id, account_login, \
        account_name, extras, access_token, refresh_token, expires_at, refresh_expires_at, generation, status, status_reason, \
        status_at, retry_at, NULL, NULL, intent_generation, intent_fingerprint, intent_at, created_at, updated_at FROM OLD.connections; \
    INSERT INTO NEW.storage SELECT provider, name, value, expires_at FROM OLD.storage;";

impl Home {
    async fn turn_back_to_the_first_version(&self, kind: Kind) {
        let copy = |new: &str, old: &str| AS_AT_FIRST.replace("NEW.", new).replace("OLD.", old);
        if kind == Kind::Postgres {
            let first = FIRST.replace(" BLOB ", " BYTEA ").replace(" BLOB,", " BYTEA,");
            let copy = copy("old.", "jeton.");
            let all = format!(
                "CREATE SCHEMA old; SET search_path = old; {first}; {copy} DROP SCHEMA jeton CASCADE; ALTER SCHEMA old RENAME TO jeton; \
                 CREATE TABLE jeton.store (version BIGINT NOT NULL); INSERT INTO jeton.store (version) VALUES (1)"
            );
            return self.run(&all).await;
        }
        let old = self.path("first.db");
        let mut sql = SqliteConnectOptions::new().filename(&old).create_if_missing(true).connect().await.unwrap();
        let all = format!(
            "{FIRST}; ATTACH '{}' AS theirs; {} DETACH theirs; PRAGMA application_id = 0x4a65746e; PRAGMA user_version = 1",
            self.store().display(),
            copy("main.", "theirs.")
        );
        sqlx::raw_sql(AssertSqlSafe(all)).execute(&mut sql).await.unwrap();
        sql.close().await.unwrap();
        for name in ["jeton.db-wal", "jeton.db-shm"] {
            let _ = fs::remove_file(self.store().with_file_name(name));
        }
        fs::rename(old, self.store()).unwrap();
    }
}

async fn a_store_of_the_first_version_is_brought_up_to_date_with_all_that_it_holds(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(3600).await;
    vault.keep("box", "region", "eu", std::time::Duration::from_secs(60)).await.unwrap();
    drop(vault);
    home.turn_back_to_the_first_version(kind).await;
    let (one, two) = tokio::join!(home.open(), home.open());
    for vault in [one.unwrap(), two.unwrap()] {
        assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r0");
        assert_eq!(vault.stored("box", "region").await.unwrap().as_deref(), Some("eu"));
        let client = vault.client(&"mine".parse().unwrap()).await.unwrap();
        assert_eq!(client.secrets["client-secret"].reveal(), b"the-client-secret");
    }
    let token = home.again().await.refresh(&work(), &shared(&Service::strict(std::time::Duration::ZERO))).await.unwrap();
    assert_eq!(token.secret.reveal(), b"a1");
}

async fn a_schema_of_a_newer_jeton_is_left_alone(kind: Kind) {
    let home = Home::on(kind).await;
    home.connected(5).await;
    let mark = |version: i64| match kind {
        Kind::Sqlite => format!("PRAGMA user_version = {version}"),
        Kind::Postgres => format!("UPDATE store SET version = {version}"),
    };
    home.run(&mark(99)).await;
    let error = home.open().await.err().unwrap();
    assert!(matches!(error, Error::NewerStore { found: 99, known: 3, .. }), "{error}");
    assert!(error.to_string().contains(&home.store_name()) && error.hint().unwrap().contains("newer Jeton"), "{error}");
    home.run(&mark(3)).await;
    home.open().await.unwrap().connection(&work()).await.unwrap();
}

async fn the_log_can_be_added_to_and_not_changed(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    let before = vault.log("work", 10).await.unwrap();
    assert_eq!(before.len(), 1);
    let mut changes = vec!["UPDATE log SET outcome = 'none'", "UPDATE log SET outcome = 'none' WHERE name = 'work'", "DELETE FROM log"];
    if kind == Kind::Postgres {
        changes.push("TRUNCATE log");
    }
    for change in changes {
        let error = home.try_run(change).await.unwrap_err();
        assert!(error.to_string().contains("the log of Jeton is only added to"), "{change}: {error}");
    }
    vault.remove(&work()).await.unwrap();
    let after = vault.log("work", 10).await.unwrap();
    assert_eq!((after.len(), &after[1]), (2, &before[0]));
}

/// PostgreSQL's texts can't hold a NUL, and a service may send one.
async fn texts_with_odd_characters_are_kept(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(0).await;
    let description = Some("no\0thing' -- \u{1f511} \\".to_owned());
    let trouble = ServiceError { kind: ErrorKind::InvalidGrant, code: None, description, retry_after: None };
    let service = Service::always(Err(Trouble::Service(trouble)));
    for _ in 0..2 {
        let error = vault.access_token(&work(), std::time::Duration::from_secs(60), &shared(&service)).await.unwrap_err();
        assert!(matches!(&error, Error::Reauthorize { reason, .. } if reason.contains("thing' -- \u{1f511} \\")), "{error}");
    }
    assert_eq!(service.calls(), 1);
}

async fn names_are_sorted_by_their_bytes(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    for name in ["b", "B", "a-b", "ab", "a.b", "a_b", "A", "1"] {
        save(&vault, name, &tokens(0, Some(5)), false).await.unwrap();
    }
    let names: Vec<_> = vault.connections().await.unwrap().into_iter().map(|info| info.name.to_string()).collect();
    assert_eq!(names, ["1", "A", "B", "a-b", "a.b", "a_b", "ab", "b"]);
}
