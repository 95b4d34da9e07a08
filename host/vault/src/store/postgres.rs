//! The store in PostgreSQL, for servers that share it.
//!
//! Everything is in a schema of its own, `jeton`, so that the database may be one that others use. Every transaction is one exchange of a
//! few statements with a time limit: when the network stalls, a caller hears of it instead of waiting with a refresh token in its hand.

mod connections;
mod listener;
mod session;
mod trouble;

use std::str::FromStr as _;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow, PgSslMode};
use sqlx::query::Query;
use sqlx::{Column as _, ConnectOptions as _, Connection as _, Postgres as Driver, Row as _, TypeInfo as _, ValueRef as _};

use super::database::{Database, Purpose, Session, Step, Watch, Written, contradicts};
use super::queries::first_key;
use super::value::{Row, Value};
use super::{KeyRow, MIGRATIONS, VERSION};
use crate::{Error, Options, Result};
use connections::{Connections, lost};
use listener::Listener;
use session::PgSession;

/// What is sent and heard when a connection changes.
const CHANNEL: &str = "jeton";

/// Two servers that start at once take turns by this lock. Any number that no other program is likely to use: "Jetn".
const MIGRATING: i64 = 0x4a65_746e;

/// What PostgreSQL has besides the common migration of the same index.
const ALSO: [&str; MIGRATIONS.len()] = ["", include_str!("../../migrations/0002_postgres.sql"), ""];

/// What one exchange with the database may take, at the least and at the most.
const PATIENCE: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(10)];

/// A migration may take long, and another server's as well.
const MIGRATION: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";

/// A store in a database.
pub(crate) struct Postgres {
    name: String,
    connections: Connections,
    listener: Listener,
}

impl Postgres {
    /// Connects and brings the schema up to date. `NoStore` where there is none.
    pub(crate) async fn open(url: &str, options: &Options) -> Result<Self> {
        let store = Self::new(url, options)?;
        let found = store.connections.exchange(false, async |connection| version(connection).await).await;
        match found.map_err(|error| store.trouble(&error))? {
            Some(VERSION) => {}
            Some(found) if found < VERSION => store.migrate(None).await?,
            Some(found) => return Err(store.newer(found)),
            None => return Err(Error::NoStore(store.name)),
        }
        Ok(store)
    }

    /// Makes the schema with this key, unless another server was faster: then all stays as it is.
    pub(crate) async fn create(url: &str, options: &Options, key: &KeyRow) -> Result<()> {
        Self::new(url, options)?.migrate(Some(key)).await
    }

    fn new(url: &str, options: &Options) -> Result<Self> {
        let said = url.split_once('?').map(|(_, said)| said).unwrap_or_default();
        // What follows would be taken for something else than the password that it belongs to, and be repeated by errors.
        if url.contains('#') || said.contains('@') {
            return Err(trouble::of_url("a character of the password isn't encoded"));
        }
        let address = PgConnectOptions::from_str(url).map_err(|error| trouble::of_url(&error.to_string()))?;
        let address = secured(address, said).application_name("jeton").disable_statement_logging();
        let name = format!("PostgreSQL {}:{}/{}", address.get_host(), address.get_port(), address.get_database().unwrap_or_default());
        // So short that a beat which is lost with its connection is made up for within the lease.
        let [least, most] = PATIENCE;
        let patience = (options.lease / 3).clamp(least, most);
        let listener = Listener::new(address.clone(), patience, options.lease / 30);
        Ok(Self { name, connections: Connections::new(address, options.database_connections, patience), listener })
    }

    async fn migrate(&self, key: Option<&KeyRow>) -> Result<()> {
        // However long it takes.
        let migrated = async {
            let mut connection = self.connections.another().await?;
            let found = migrate(&mut connection, key).await?;
            connection.close().await.map(|()| found)
        };
        match migrated.await.map_err(|error| self.trouble(&error))? {
            Some(found) if found > VERSION => Err(self.newer(found)),
            _ => Ok(()),
        }
    }

    fn newer(&self, found: i64) -> Error {
        Error::NewerStore { store: self.name.clone(), found, known: VERSION }
    }

    fn trouble(&self, error: &sqlx::Error) -> Error {
        trouble::of_postgres(&self.name, self.connections.patience(), error)
    }
}

impl Database for Postgres {
    fn name(&self) -> &str {
        &self.name
    }

    fn damaged(&self) -> Error {
        self.trouble(&sqlx::Error::RowNotFound)
    }

    fn read<'a>(&'a self, sql: &'static str, values: &'a [Value]) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(async move {
            let read = async |new| {
                let rows = self.connections.exchange(new, async |connection| bound(sql, values).fetch_all(connection).await).await?;
                rows.iter().map(row).collect()
            };
            let rows = match read(false).await {
                // Perhaps the database was restarted, and the connection was from before.
                Err(error) if lost(&error) => read(true).await,
                rows => rows,
            };
            rows.map_err(|error| self.trouble(&error))
        })
    }

    fn write<'a>(&'a self, steps: &'a [Step], changed: Option<&'a str>) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move {
            let (mut new, mut committing) = (false, false);
            loop {
                let written = self.connections.exchange(new, async |connection| match (steps, changed) {
                    ([step], None) => alone(connection, step).await,
                    _ => write(connection, steps, changed, &mut committing).await,
                });
                match written.await {
                    Ok(written) => return Ok(written),
                    Err(error) if contradicts(&error) => return Ok(Written::Conflict),
                    // Nothing has happened without a commit, and a single statement may be repeated: it names what it expects to find.
                    Err(error) if lost(&error) && !new && !committing => new = true,
                    Err(error) => return Err(self.trouble(&error)),
                }
            }
        })
    }

    fn watch(&self) -> BoxFuture<'_, Box<dyn Watch>> {
        Box::pin(async { Box::new(self.listener.watch().await) as Box<dyn Watch> })
    }

    fn session(&self, purpose: Purpose) -> BoxFuture<'_, Result<Box<dyn Session>>> {
        Box::pin(async move {
            let session = PgSession::begin(&self.connections, &self.name, purpose).await;
            Ok(Box::new(session.map_err(|error| self.trouble(&error))?) as Box<dyn Session>)
        })
    }
}

/// A statement that is a transaction by itself: no lock is held while the network is asked.
async fn alone(connection: &mut PgConnection, step: &Step) -> sqlx::Result<Written> {
    let done = bound(step.sql, &step.values).execute(connection).await?;
    Ok(if step.needed && done.rows_affected() == 0 { Written::Nothing } else { Written::Done })
}

async fn write(connection: &mut PgConnection, steps: &[Step], changed: Option<&str>, committing: &mut bool) -> sqlx::Result<Written> {
    let mut transaction = connection.begin().await?;
    for step in steps {
        let done = bound(step.sql, &step.values).execute(&mut *transaction).await?;
        if step.needed && done.rows_affected() == 0 {
            transaction.rollback().await?;
            return Ok(Written::Nothing);
        }
    }
    if let Some(id) = changed {
        // Sent with the commit, and not without it.
        sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(id).execute(&mut *transaction).await?;
    }
    *committing = true;
    transaction.commit().await?;
    Ok(Written::Done)
}

/// The schema's version; `None` where there is none.
///
/// The catalogue is asked as a table: `to_regclass` answers from a cache, which doesn't notice what was made while we waited for a lock.
async fn version(connection: &mut PgConnection) -> sqlx::Result<Option<i64>> {
    let there = "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class AS tables JOIN pg_catalog.pg_namespace AS schemas \
        ON schemas.oid = tables.relnamespace WHERE schemas.nspname = 'jeton' AND tables.relname = 'store')";
    match sqlx::query_scalar(there).fetch_one(&mut *connection).await? {
        true => sqlx::query_scalar("SELECT version FROM jeton.store").fetch_optional(connection).await,
        false => Ok(None),
    }
}

/// Brings the schema up to date, with a first key where it is new. Which version was found.
async fn migrate(connection: &mut PgConnection, key: Option<&KeyRow>) -> sqlx::Result<Option<i64>> {
    let mut transaction = connection.begin().await?;
    sqlx::raw_sql(MIGRATION).execute(&mut *transaction).await?;
    // Released with the transaction, however it ends.
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATING).execute(&mut *transaction).await?;
    // Under the lock: another server may have been faster.
    let found = version(&mut transaction).await?;
    if found.is_some_and(|found| found > VERSION) {
        return Ok(found);
    }
    if found.is_none() {
        let make = "CREATE SCHEMA IF NOT EXISTS jeton; CREATE TABLE jeton.store (version BIGINT NOT NULL)";
        sqlx::raw_sql(make).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO jeton.store (version) VALUES (0)").execute(&mut *transaction).await?;
    }
    let done = usize::try_from(found.unwrap_or_default()).unwrap_or_default();
    for (migration, also) in MIGRATIONS.iter().zip(ALSO).skip(done) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(translated(migration))).execute(&mut *transaction).await?;
        sqlx::raw_sql(also).execute(&mut *transaction).await?;
    }
    sqlx::query("UPDATE jeton.store SET version = $1").bind(VERSION).execute(&mut *transaction).await?;
    // Nothing where there is one.
    for step in key.map(first_key).into_iter().flatten() {
        if bound(step.sql, &step.values).execute(&mut *transaction).await?.rows_affected() == 0 {
            break;
        }
    }
    transaction.commit().await?;
    Ok(found)
}

/// A migration in PostgreSQL's words. Texts are compared and sorted by their bytes, as in SQLite.
fn translated(migration: &str) -> String {
    let words = [(" BLOB ", " BYTEA "), (" BLOB,", " BYTEA,"), (" TEXT ", " TEXT COLLATE \"C\" "), (" TEXT,", " TEXT COLLATE \"C\",")];
    words.iter().fold(migration.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
}

/// What goes over a network is encrypted, to a server that shows the right certificate, unless the address says otherwise.
fn secured(address: PgConnectOptions, said: &str) -> PgConnectOptions {
    let host = address.get_host();
    let here = host.starts_with('/') || host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let says = |what: &[&str]| said.split('&').filter_map(|pair| pair.split_once('=')).any(|(name, _)| what.contains(&name));
    let trusts = says(&["sslrootcert", "ssl-root-cert", "ssl-ca"]);
    if says(&["sslmode", "ssl-mode"]) || (here && !trusts) { address } else { address.ssl_mode(PgSslMode::VerifyFull) }
}

fn bound(sql: &'static str, values: &[Value]) -> Query<'static, Driver, PgArguments> {
    values.iter().cloned().fold(sqlx::query(sql), |query, value| match value {
        // The one character that PostgreSQL can't keep; a service may send it.
        Value::Text(value) => query.bind(value.map(|text| text.replace('\0', "\u{fffd}"))),
        Value::Bytes(value) => query.bind(value),
        Value::Integer(value) => query.bind(value),
        Value::Flag(value) => query.bind(value),
    })
}

fn row(row: &PgRow) -> sqlx::Result<Row> {
    let value = |(index, column): (usize, &sqlx::postgres::PgColumn)| {
        Ok(match column.type_info().name() {
            _ if row.try_get_raw(index)?.is_null() => Value::Text(None),
            "TEXT" | "VARCHAR" => Value::Text(row.try_get(index)?),
            "BYTEA" => Value::Bytes(row.try_get(index)?),
            _ => Value::Integer(row.try_get(index)?),
        })
    };
    row.columns().iter().enumerate().map(value).collect::<sqlx::Result<_>>().map(Row::new)
}
