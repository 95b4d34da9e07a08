//! The store in PostgreSQL: what is different there. Everything else is tested on both stores.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use jeton_runtime::ErrorKind;
use jeton_vault::{Error, KeySource, Options, StoreSource, Vault};
use sqlx::Row as _;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::database::Database;
use crate::home::{Home, Kind, client, save, tokens, work};
use crate::service::{Service, no, refresh_token, shared};

const MINUTE: Duration = Duration::from_secs(60);

impl Database {
    /// Ends every connection to it but the one that asks.
    pub(crate) async fn end_connections(&self) {
        let others =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        self.run(others).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_start_at_once_make_one_store_and_share_one_refresh() {
    for _ in 0..20 {
        let database = Database::new().await;
        let folder = tempfile::tempdir().unwrap();
        let open = || Vault::open(StoreSource::Postgres(database.url()), KeySource::File(folder.path().join("key")));
        let (one, two, three) = tokio::join!(open(), open(), open());
        let all = [one.unwrap(), two.unwrap(), three.unwrap()];
        assert_eq!(database.row("SELECT COUNT(*) FROM data_keys").await.get::<i64, _>(0), 1);
        all[0].add_client(&"mine".parse().unwrap(), "box", &client()).await.unwrap();
        save(&all[1], "work", &tokens(0, Some(5)), false).await.unwrap();

        let service = Service::strict(Duration::from_millis(20));
        let tasks = (0..15).map(|number| {
            let (vault, providers) = (all[number % 3].clone(), shared(&service));
            tokio::spawn(async move { vault.access_token(&work(), MINUTE, &providers).await })
        });
        for token in join_all(tasks).await {
            assert_eq!(token.unwrap().unwrap().secret.reveal(), b"a1");
        }
        assert_eq!(service.calls(), 1);
        assert_eq!(all[2].log("work", 10).await.unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_servers_with_different_keys_the_slower_is_told() {
    for _ in 0..5 {
        let database = Database::new().await;
        let folder = tempfile::tempdir().unwrap();
        let open = |key: &str| Vault::open(StoreSource::Postgres(database.url()), KeySource::File(folder.path().join(key)));
        let (one, two) = tokio::join!(open("one"), open("two"));
        let (mut won, mut lost) = (0, 0);
        for vault in [one, two] {
            match vault {
                Ok(vault) => {
                    vault.add_client(&"mine".parse().unwrap(), "box", &client()).await.unwrap();
                    won += 1;
                }
                Err(Error::WrongKey { .. }) => lost += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!((won, lost), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiter_on_another_server_is_woken_by_the_database() {
    let home = Home::on(Kind::Postgres).await;
    home.connected(5).await;
    // Without a word it would look again after two minutes, for the lease is that long.
    let (one, two) = (home.open_with(Duration::from_secs(3600)).await, home.open_with(Duration::from_secs(3600)).await);
    let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let service = Service::new({
        let (asked, answer) = (asked.clone(), answer.clone());
        move |call, _| {
            let (asked, answer) = (asked.clone(), answer.clone());
            async move {
                asked.notify_one();
                answer.notified().await;
                Ok(tokens(call, Some(3600)))
            }
        }
    });
    let ask = |vault: Vault| {
        let providers = shared(&service);
        tokio::spawn(async move { vault.access_token(&work(), MINUTE, &providers).await })
    };
    let refreshing = ask(one);
    asked.notified().await;
    let waiting = ask(two);
    let listening = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    while home.database().row(listening).await.get::<i64, _>(0) < 2 {
        assert!(!waiting.is_finished());
    }
    answer.notify_one();
    assert_eq!(refreshing.await.unwrap().unwrap().secret.reveal(), b"a1");
    let woken = timeout(MINUTE, waiting).await.expect("nobody woke it");
    assert_eq!(woken.unwrap().unwrap().secret.reveal(), b"a1");
    assert_eq!(service.calls(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_were_ended_between_calls_are_not_noticed() {
    let home = Home::on(Kind::Postgres).await;
    let (vault, service) = (home.connected(3600).await, Service::strict(Duration::ZERO));
    for number in 1..=5 {
        home.database().end_connections().await;
        assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), format!("r{}", number - 1));
        home.database().end_connections().await;
        let token = vault.refresh(&work(), &shared(&service)).await.unwrap();
        assert_eq!(token.secret.reveal(), format!("a{number}").as_bytes());
        home.database().end_connections().await;
        vault.keep("box", "region", "eu", MINUTE).await.unwrap();
    }
    assert_eq!(service.calls(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_ended_during_a_refresh_cost_no_token() {
    let home = Arc::new(Home::on(Kind::Postgres).await);
    let vault = home.connected(3600).await;
    let during = home.clone();
    let used = Arc::new(Mutex::new(vec![]));
    let service = Service::new({
        let used = used.clone();
        move |call, current| {
            let home = during.clone();
            used.lock().unwrap().push(refresh_token(&current));
            async move {
                home.database().end_connections().await;
                Ok(tokens(call, Some(3600)))
            }
        }
    });
    for number in 1..=5 {
        let token = vault.refresh(&work(), &shared(&service)).await.unwrap();
        assert_eq!(token.secret.reveal(), format!("a{number}").as_bytes());
    }
    assert_eq!(*used.lock().unwrap(), ["r0", "r1", "r2", "r3", "r4"]);
    assert_eq!(refresh_token(&home.again().await.tokens(&work()).await.unwrap()), "r5");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_callers_than_connections_take_turns() {
    let home = Home::on(Kind::Postgres).await;
    home.connected(3600).await;
    let mut options = Options::default();
    options.database_connections = 2;
    let vault = options.open_existing(home.source(), KeySource::File(home.key())).await.unwrap();
    let reads = join_all((0..100).map(|_| async { vault.connection(&work()).await.unwrap().name })).await;
    assert_eq!(reads.len(), 100);
    let busy = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'jeton' \
        AND pid <> pg_backend_pid()";
    // The vault that made the connection has some of its own.
    let all = home.database().row(busy).await.get::<i64, _>(0);
    drop(vault);
    assert!((1..=4).contains(&all), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_programs_tables_in_the_same_database_are_left_alone() {
    let home = Home::on(Kind::Postgres).await;
    home.database().run("CREATE TABLE public.clients (song TEXT); INSERT INTO public.clients VALUES ('la')").await;
    home.connected(5).await;
    assert_eq!(home.database().row("SELECT song FROM public.clients").await.get::<String, _>(0), "la");
    let there = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(home.database().row(there).await.get::<i64, _>(0), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_written_by_a_server_that_may_not_make_tables() {
    let home = Home::on(Kind::Postgres).await;
    home.connected(0).await;
    let url = home.database().role("a-password").await;
    let name = home.database().name();
    home.run(&format!(
        "GRANT USAGE ON SCHEMA jeton TO {name}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jeton TO {name}"
    ))
    .await;
    let vault = Vault::open(StoreSource::Postgres(url), KeySource::File(home.key())).await.unwrap();
    let service = Service::always(Err(no(ErrorKind::InvalidGrant)));
    let error = vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap_err();
    assert!(matches!(error, Error::Reauthorize { .. }), "{error}");
    assert!(matches!(home.again().await.access_token(&work(), MINUTE, &shared(&service)).await, Err(Error::Reauthorize { .. })));
    assert_eq!(service.calls(), 1);
}
