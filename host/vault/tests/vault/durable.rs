//! What is on disk, and when, seen through a connection that isn't the vault's.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jeton_runtime::Secret;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};

use crate::home::{Home, Kind, on_both_stores, tokens, work};
use crate::service::{Service, refresh_token, shared};

const MINUTE: Duration = Duration::from_secs(60);

on_both_stores! {
    a_rotated_refresh_token_is_kept_and_used_next,
    without_a_new_refresh_token_the_old_one_goes_on_with_scope_and_extras,
    a_sign_in_during_a_refresh_wins_over_it,
}

struct Seen {
    generation: i64,
    intent: Option<i64>,
    fingerprint: Option<String>,
    leased: bool,
    access: Vec<u8>,
}

async fn look(store: PathBuf) -> Seen {
    let mut sql = SqliteConnectOptions::new().filename(store).connect().await.unwrap();
    let row = sqlx::query("SELECT * FROM connections WHERE name = 'work'").fetch_one(&mut sql).await.unwrap();
    Seen {
        generation: row.get("generation"),
        intent: row.get("intent_generation"),
        fingerprint: row.get("intent_fingerprint"),
        leased: row.get::<Option<String>, _>("lease_owner").is_some() && row.get::<i64, _>("lease_beat") > 0,
        access: row.get("access_token"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_intent_is_on_disk_while_the_service_is_asked() {
    let home = Home::new();
    let vault = home.connected(5).await;
    let before = look(home.store()).await;
    assert!(before.intent.is_none() && !before.leased);
    let store = home.store();
    let service = Service::new(move |_, _| {
        let store = store.clone();
        async move {
            let during = look(store).await;
            assert_eq!((during.generation, during.intent, during.leased), (1, Some(1), true));
            let fingerprint = during.fingerprint.unwrap();
            assert!(fingerprint.len() == 32 && !fingerprint.contains("r0"));
            Ok(tokens(1, Some(3600)))
        }
    });
    vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap();
    let after = look(home.store()).await;
    assert_eq!((after.generation, after.intent, after.leased), (2, None, false));
    assert!(after.fingerprint.is_none() && after.access != before.access);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_a_token_that_is_not_on_disk() {
    let home = Home::new();
    let vault = home.connected(5).await;
    let (answered, mut waits) = tokio::sync::mpsc::unbounded_channel();
    let service = Service::new(move |_, _| {
        answered.send(()).unwrap();
        async { Ok(tokens(1, Some(3600))) }
    });
    // Somebody else holds the write lock from the provider's answer on: the vault can't write, so it mustn't hand out.
    let (store, providers) = (home.store(), shared(&service));
    let lock = {
        let mut sql = SqliteConnectOptions::new().filename(&store).connect().await.unwrap();
        tokio::spawn(async move {
            waits.recv().await.unwrap();
            sqlx::query("BEGIN IMMEDIATE").execute(&mut sql).await.unwrap();
            sql
        })
    };
    // The answer reaches the vault a moment after the lock is taken.
    let slow: Arc<dyn jeton_vault::Providers> = Arc::new(Slow(providers));
    let asking = tokio::spawn({
        let vault = vault.clone();
        async move { vault.access_token(&work(), MINUTE, &slow).await }
    });
    let mut sql = lock.await.unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(!asking.is_finished(), "a token was handed out that no other process can read");
    assert_eq!(look(store.clone()).await.generation, 1);
    sqlx::query("COMMIT").execute(&mut sql).await.unwrap();
    assert_eq!(asking.await.unwrap().unwrap().secret.reveal(), b"a1");
    assert_eq!(look(store).await.generation, 2);
}

struct Slow(Arc<dyn jeton_vault::Providers>);

impl jeton_vault::Providers for Slow {
    fn refresh<'a>(
        &'a self,
        provider: &'a str,
        client: &'a jeton_runtime::Client,
        tokens: &'a jeton_runtime::CurrentTokens,
    ) -> jeton_vault::BoxFuture<'a, Result<jeton_runtime::Tokens, jeton_runtime::Error>> {
        Box::pin(async move {
            let answer = self.0.refresh(provider, client, tokens).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
            answer
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_writer_syncs_and_logs_ahead() {
    let home = Home::new();
    home.connected(5).await;
    assert_eq!(home.row("PRAGMA journal_mode").await.get::<String, _>(0), "wal");
    assert_eq!(home.row("PRAGMA user_version").await.get::<i64, _>(0), 3);
}

async fn a_rotated_refresh_token_is_kept_and_used_next(kind: Kind) {
    let home = Home::on(kind).await;
    let (vault, service) = (home.connected(5).await, Service::strict(Duration::ZERO));
    for generation in 1..=3 {
        vault.refresh(&work(), &shared(&service)).await.unwrap();
        let reopened = home.again().await;
        assert_eq!(refresh_token(&reopened.tokens(&work()).await.unwrap()), format!("r{generation}"));
    }
}

async fn without_a_new_refresh_token_the_old_one_goes_on_with_scope_and_extras(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    let mut new = tokens(1, Some(3600));
    (new.refresh, new.scope, new.extras) = (None, None, vec![("tier".to_owned(), "gold".to_owned())]);
    vault.refresh(&work(), &shared(&Service::always(Ok(new)))).await.unwrap();
    let now = vault.tokens(&work()).await.unwrap();
    assert_eq!(refresh_token(&now), "r0");
    assert_eq!(now.access.unwrap().reveal(), b"a1");
    assert_eq!(now.scope.as_deref(), Some("read"));
    assert_eq!(now.extras, [("instance", "eu-1"), ("tier", "gold")].map(|(a, b)| (a.to_owned(), b.to_owned())));
}

async fn a_sign_in_during_a_refresh_wins_over_it(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    let during = vault.clone();
    let service = Service::new(move |_, _| {
        let vault = during.clone();
        async move {
            let mut signed_in = tokens(7, Some(3600));
            signed_in.access = Secret::new("access-token", "signed-in");
            crate::home::save(&vault, "work", &signed_in, true).await.unwrap();
            Ok(tokens(1, Some(3600)))
        }
    });
    let token = vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap();
    assert_eq!(token.secret.reveal(), b"signed-in");
    assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r7");
}
