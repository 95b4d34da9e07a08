//! What is wrong with a PostgreSQL, told to the person who can do something about it. Never with a password.

use std::time::Duration;

use jeton_runtime::Remedy;
use jeton_vault::{Error, KeySource, Options, StoreSource, Vault};

use crate::database::Database;
use crate::home::{Home, Kind, save, tokens, work};

pub(crate) const PASSWORD: &str = "swordfish-of-a-test";

/// Opens what can't be opened, and checks that the password isn't in what is said about it.
pub(crate) async fn refused(url: &str) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::default();
    // It isn't waited for long.
    options.lease = Duration::from_secs(6);
    let source = StoreSource::from(url);
    assert!(!format!("{source:?}").contains(PASSWORD));
    let error = options.open(source, KeySource::File(folder.path().join("key"))).await.err().unwrap();
    for said in [error.to_string(), format!("{error:?}"), error.hint().unwrap()] {
        assert!(!said.contains(PASSWORD), "{said}");
    }
    error
}

#[track_caller]
pub(crate) fn assert_told(error: &Error, says: &str, hints: &str, remedy: Remedy) {
    assert!(matches!(error, Error::Store { .. }), "{error:?}");
    assert!(error.to_string().contains(says), "{says:?} is not in: {error}");
    assert!(error.hint().unwrap().contains(hints), "{hints:?} is not in: {:?}", error.hint());
    assert_eq!(error.remedy(), remedy);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_does_not_exist_is_named() {
    let database = Database::new().await;
    let url = format!("postgres://postgres:{PASSWORD}@{}/jeton_test_nowhere", database.authority());
    let error = refused(&url).await;
    assert_told(&error, "has no such database", "createdb", Remedy::Other);
    assert!(error.to_string().contains("jeton_test_nowhere"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_rights_is_told_which_are_missing() {
    let database = Database::new().await;
    assert_told(&refused(&database.role(PASSWORD).await).await, "forbids it to this user", "Grant CREATE", Remedy::Other);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_is_told_with_the_address() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = refused(&format!("postgres://jeton:{PASSWORD}@{free}/jeton")).await;
    assert_told(&error, "can't be reached", "runs and the address is right", Remedy::Retry);
    assert!(error.to_string().contains(&free.to_string()) && error.to_string().contains("refused"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_does_not_exist_can_not_be_reached() {
    let error = refused(&format!("postgres://jeton:{PASSWORD}@database.invalid/jeton")).await;
    assert_told(&error, "can't be reached", "address is right", Remedy::Retry);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_given_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = refused(&format!("postgres://jeton:{PASSWORD}@{}/jeton", silent.local_addr().unwrap())).await;
    assert_told(&error, "doesn't answer", "Check the network", Remedy::Retry);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_standby_can_be_read_and_says_so_when_it_is_written() {
    let home = Home::on(Kind::Postgres).await;
    home.connected(3600).await;
    let read_only = format!("ALTER DATABASE {} SET default_transaction_read_only = on", home.database().name());
    home.database().admin(&read_only).await;
    let vault = home.again().await;
    assert_eq!(vault.tokens(&work()).await.unwrap().access.unwrap().reveal(), b"a0");
    let error = save(&vault, "work", &tokens(1, Some(5)), true).await.unwrap_err();
    assert_told(&error, "is read-only", "primary", Remedy::Retry);

    let empty = Database::new().await;
    empty.admin(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", empty.name())).await;
    assert_told(&refused(&empty.url()).await, "is read-only", "primary", Remedy::Retry);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_connections_are_told_as_such() {
    let database = Database::new().await;
    let url = database.role(PASSWORD).await;
    database.admin(&format!("ALTER ROLE {} CONNECTION LIMIT 0", database.name())).await;
    assert_told(&refused(&url).await, "has too many connections", "max_connections", Remedy::Retry);
}

#[tokio::test]
async fn an_address_that_can_not_be_read_is_explained_and_not_repeated() {
    for url in [
        format!("postgres://jeton:{PASSWORD}@host:port/jeton"),
        format!("postgres://jeton:12#{PASSWORD}@host/jeton"),
        format!("postgres://jeton:12?{PASSWORD}@host/jeton"),
        format!("postgres://jeton:{PASSWORD}@host/jeton?sslmode=perhaps"),
        format!("postgres://jeton:{PASSWORD}@[host/jeton"),
        format!("postgresql://jeton:{PASSWORD}/@host/jeton"),
    ] {
        assert_told(&refused(&url).await, "its address can't be read", "%40", Remedy::Other);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_with_every_odd_character_is_taken_encoded() {
    let database = Database::new().await;
    let url = database.role("p").await.replace(":p@", ":%40%3A%2F%3F%23%25@");
    // Without the rights it gets as far as to be told so.
    assert_told(&refused(&url).await, "forbids it to this user", "Grant CREATE", Remedy::Other);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_a_store_is_no_store_and_stays_empty() {
    let home = Home::on(Kind::Postgres).await;
    let error = Vault::open_existing(home.source(), KeySource::File(home.key())).await.err().unwrap();
    assert!(matches!(error, Error::NoStore(_)) && error.to_string().contains(home.database().name()), "{error}");
    let schemas = home.seen("SELECT COUNT(*) FROM pg_namespace WHERE nspname = 'jeton'").await;
    assert_eq!(schemas.get::<i64, _>(0), 0);
    assert!(!home.key().exists());
}
