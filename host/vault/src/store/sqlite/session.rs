//! One transaction over many calls, on a connection of its own.

use std::path::{Path, PathBuf};

use futures_util::future::BoxFuture;
use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions as _, Connection as _};

use super::{bound, options, row, trouble, writing};
use crate::Result;
use crate::store::database::{Purpose, Session, Step, Written, contradicts};
use crate::store::value::{Row, Value};

/// Closing the connection without a commit undoes what it wrote.
pub(super) struct SqliteSession {
    path: PathBuf,
    connection: SqliteConnection,
}

impl SqliteSession {
    pub(super) async fn begin(path: &Path, purpose: Purpose) -> Result<Self> {
        let (options, statement) = match purpose {
            Purpose::Snapshot => (options(path).read_only(true), "BEGIN"),
            Purpose::Change => (writing(path), "BEGIN IMMEDIATE"),
        };
        let connection = options.connect().await.map_err(|error| trouble::of_sqlite(path, &error))?;
        Self::on(connection, path, statement).await
    }

    pub(super) async fn on(mut connection: SqliteConnection, path: &Path, statement: &'static str) -> Result<Self> {
        sqlx::raw_sql(statement).execute(&mut connection).await.map_err(|error| trouble::of_sqlite(path, &error))?;
        Ok(Self { path: path.to_owned(), connection })
    }

    pub(super) async fn end(mut self) -> Result<()> {
        let committed = sqlx::raw_sql("COMMIT").execute(&mut self.connection).await;
        let path = self.path;
        committed.map_err(|error| trouble::of_sqlite(&path, &error))?;
        self.connection.close().await.map_err(|error| trouble::of_sqlite(&path, &error))
    }
}

impl Session for SqliteSession {
    fn read<'a>(&'a mut self, sql: &'static str, values: &'a [Value]) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(async move {
            let rows = bound(sql, values).fetch_all(&mut self.connection).await;
            let rows = rows.and_then(|rows| rows.iter().map(row).collect());
            rows.map_err(|error| trouble::of_sqlite(&self.path, &error))
        })
    }

    fn write<'a>(&'a mut self, step: &'a Step) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move {
            match bound(step.sql, &step.values).execute(&mut self.connection).await {
                Ok(done) if step.needed && done.rows_affected() == 0 => Ok(Written::Nothing),
                Ok(_) => Ok(Written::Done),
                Err(error) if contradicts(&error) => Ok(Written::Conflict),
                Err(error) => Err(trouble::of_sqlite(&self.path, &error)),
            }
        })
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(self.end())
    }
}
