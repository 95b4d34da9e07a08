//! One transaction over many calls, on a connection of its own. Each call has the limit that an exchange has.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::time::timeout;

use super::connections::Connections;
use super::{bound, row, trouble};
use crate::store::database::{Purpose, Session, Step, Written, contradicts};
use crate::store::value::{Row, Value};
use crate::{Error, Result};

/// The server may wait for us: the other side of a copy is perhaps slow.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = '5min'";
const CHANGE: &str = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '5min'";

/// Dropped, its connection is closed, and the server undoes what was written.
pub(super) struct PgSession {
    name: String,
    patience: Duration,
    connection: PgConnection,
}

impl PgSession {
    pub(super) async fn begin(connections: &Connections, name: &str, purpose: Purpose) -> sqlx::Result<Self> {
        let (patience, mut connection) = (connections.patience(), connections.another().await?);
        let statement = match purpose {
            Purpose::Snapshot => SNAPSHOT,
            Purpose::Change => CHANGE,
        };
        timeout(patience, sqlx::raw_sql(statement).execute(&mut connection)).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))?;
        Ok(Self { name: name.to_owned(), patience, connection })
    }

    fn trouble(&self, error: &sqlx::Error) -> Error {
        trouble::of_postgres(&self.name, self.patience, error)
    }
}

impl Session for PgSession {
    fn read<'a>(&'a mut self, sql: &'static str, values: &'a [Value]) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(async move {
            let rows = timeout(self.patience, bound(sql, values).fetch_all(&mut self.connection)).await;
            let rows = rows.unwrap_or(Err(sqlx::Error::PoolTimedOut)).and_then(|rows| rows.iter().map(row).collect());
            rows.map_err(|error| self.trouble(&error))
        })
    }

    fn write<'a>(&'a mut self, step: &'a Step) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move {
            let done = timeout(self.patience, bound(step.sql, &step.values).execute(&mut self.connection)).await;
            match done.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
                Ok(done) if step.needed && done.rows_affected() == 0 => Ok(Written::Nothing),
                Ok(_) => Ok(Written::Done),
                Err(error) if contradicts(&error) => Ok(Written::Conflict),
                Err(error) => Err(self.trouble(&error)),
            }
        })
    }

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            let done = timeout(self.patience, sqlx::raw_sql("COMMIT").execute(&mut self.connection)).await;
            done.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(|error| self.trouble(&error))?;
            // It is on disk: whatever the goodbye comes to.
            let _ = timeout(self.patience, self.connection.close()).await;
            Ok(())
        })
    }
}
