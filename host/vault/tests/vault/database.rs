//! A PostgreSQL database for one test, dropped with it.

use std::sync::Once;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, Row as _};

/// What databases and roles of tests are called, before the second in which they were made.
const PREFIX: &str = "jeton_test_";

/// What a killed test has left is dropped after so long.
const OLD: Duration = Duration::from_secs(60 * 60);

pub(crate) struct Database {
    name: String,
    server: String,
}

/// Where the tests' PostgreSQL is: `cargo xtask test` starts one where none answers at the usual place.
fn server() -> String {
    std::env::var("JETON_TEST_POSTGRES").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432".to_owned())
}

async fn connect(url: &str) -> PgConnection {
    let options = url.parse::<PgConnectOptions>().unwrap().disable_statement_logging();
    options.connect().await.unwrap_or_else(|error| panic!("{error}: run the tests with `cargo xtask test`, which starts a PostgreSQL"))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A name that no other test takes.
fn new_name() -> String {
    let chance = tempfile::Builder::new().prefix("").rand_bytes(8).tempdir().unwrap();
    format!("{PREFIX}{}_{}", now(), chance.path().file_name().unwrap().to_str().unwrap().to_lowercase())
}

impl Database {
    pub(crate) async fn new() -> Self {
        static CLEANED: Once = Once::new();
        let mut first = false;
        CLEANED.call_once(|| first = true);
        if first {
            drop_leftovers(&server()).await;
        }
        Self::on(&server()).await
    }

    /// On another server than the tests' usual one.
    pub(crate) async fn on(server: &str) -> Self {
        let database = Self { name: new_name(), server: server.to_owned() };
        database.admin(&format!("CREATE DATABASE {} TEMPLATE template0", database.name)).await;
        database
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The same address by way of another host and port.
    pub(crate) fn url_at(&self, authority: &str) -> String {
        let (before, _) = self.server.rsplit_once('@').unwrap();
        format!("{before}@{authority}/{}", self.name)
    }

    /// The host and port of the server.
    pub(crate) fn authority(&self) -> &str {
        self.server.rsplit_once('@').unwrap().1
    }

    /// The address as somebody else, who may log in and no more. The role is dropped with the database.
    pub(crate) async fn role(&self, password: &str) -> String {
        self.admin(&format!("CREATE ROLE {} LOGIN PASSWORD '{password}'", self.name)).await;
        format!("postgres://{}:{password}@{}/{}", self.name, self.authority(), self.name)
    }

    /// A connection that isn't the vault's.
    pub(crate) async fn sql(&self) -> PgConnection {
        let mut sql = connect(&self.url()).await;
        sql.execute("SET search_path = jeton").await.unwrap();
        sql
    }

    pub(crate) async fn try_run(&self, statement: &str) -> sqlx::Result<()> {
        let mut sql = self.sql().await;
        let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut sql).await.map(drop);
        sql.close().await.unwrap();
        done
    }

    pub(crate) async fn run(&self, statement: &str) {
        self.try_run(statement).await.unwrap();
    }

    pub(crate) async fn row(&self, statement: &str) -> PgRow {
        sqlx::query(AssertSqlSafe(statement.to_owned())).fetch_one(&mut self.sql().await).await.unwrap()
    }

    /// A statement about the database, from outside of it.
    pub(crate) async fn admin(&self, statement: &str) {
        admin(&self.server, statement).await.unwrap();
    }
}

async fn admin(server: &str, statement: &str) -> sqlx::Result<()> {
    let mut sql = connect(&format!("{server}/postgres")).await;
    let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut sql).await.map(drop);
    sql.close().await.unwrap();
    done
}

/// Those of tests that were killed. Others may do the same at the same time.
async fn drop_leftovers(server: &str) {
    let mut sql = connect(&format!("{server}/postgres")).await;
    for (names, what) in [("SELECT datname FROM pg_database", "DATABASE"), ("SELECT rolname FROM pg_roles", "ROLE")] {
        for row in sqlx::query(names).fetch_all(&mut sql).await.unwrap() {
            let name: String = row.get(0);
            let made = name.strip_prefix(PREFIX).and_then(|rest| rest.split('_').next()?.parse::<u64>().ok());
            if made.is_some_and(|made| made + OLD.as_secs() < now()) {
                let force = if what == "DATABASE" { " WITH (FORCE)" } else { "" };
                let _ = sqlx::raw_sql(AssertSqlSafe(format!("DROP {what} IF EXISTS {name}{force}"))).execute(&mut sql).await;
            }
        }
    }
}

impl Drop for Database {
    /// On a thread with a runtime of its own: the test's may be ending, in a panic too.
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                admin(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.unwrap();
                admin(&server, &format!("DROP ROLE IF EXISTS {name}")).await.unwrap();
            });
        });
        // A server of the test's own may be gone already, and its databases with it.
        let _ = dropped.join();
    }
}
