//! A few connections to the database, each lent for one exchange at a time.
//!
//! `sqlx` has a pool, which is made for web pages: it waits where the database refuses and hides why, and it looks after a connection that
//! hangs for seconds more. Here a connection whose exchange was dropped or didn't end is closed, and the one who asked hears the reason.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use super::super::database::contradicts;

/// A connection that rested longer is tried before it is used.
const RESTED: Duration = Duration::from_secs(5);

/// The first and the longest pause before it is tried again to connect.
const AGAIN: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(500)];

pub(super) struct Connections {
    options: PgConnectOptions,
    session: String,
    patience: Duration,
    places: Semaphore,
    resting: Mutex<Vec<(PgConnection, Instant)>>,
    /// The address was right once: a refusal means that the database is being restarted.
    known: AtomicBool,
}

impl Connections {
    /// At most so many. An exchange takes at most `patience`, with the wait for a connection.
    pub(super) fn new(options: PgConnectOptions, most: u32, patience: Duration) -> Self {
        let places = Semaphore::new(usize::try_from(most.max(1)).unwrap_or(1));
        let session = session(patience);
        Self { options, session, patience, places, resting: Mutex::default(), known: AtomicBool::new(false) }
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Runs `work` on a connection, a new one where `new` says so. `PoolTimedOut`: it didn't come to an end in time.
    pub(super) async fn exchange<T>(&self, new: bool, work: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>) -> sqlx::Result<T> {
        let exchange = async {
            let _place = self.places.acquire().await.map_err(|_| sqlx::Error::PoolClosed)?;
            let rested = if new { None } else { self.rested().await };
            let mut connection = match rested {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            let outcome = work(&mut connection).await;
            if outcome.as_ref().err().is_none_or(contradicts) {
                self.resting().push((connection, Instant::now()));
            }
            outcome
        };
        timeout(self.patience, exchange).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    /// A connection besides the lent ones, to be closed by whoever gets it.
    pub(super) async fn another(&self) -> sqlx::Result<PgConnection> {
        timeout(self.patience, self.connect()).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    fn resting(&self) -> std::sync::MutexGuard<'_, Vec<(PgConnection, Instant)>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last, if it still works.
    async fn rested(&self) -> Option<PgConnection> {
        let (mut connection, since) = self.resting().pop()?;
        if since.elapsed() < RESTED {
            return Some(connection);
        }
        timeout(self.patience / 4, connection.ping()).await.ok()?.ok()?;
        Some(connection)
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        let [mut pause, longest] = AGAIN;
        // Before the patience ends, so that the reason is told.
        let until = Instant::now() + self.patience * 3 / 4;
        loop {
            match self.options.connect().await {
                Ok(mut connection) => {
                    connection.execute(AssertSqlSafe(self.session.as_str())).await?;
                    self.known.store(true, Ordering::Relaxed);
                    return Ok(connection);
                }
                Err(error) if self.passes(&error) && Instant::now() + pause < until => sleep(pause).await,
                Err(error) => return Err(error),
            }
            pause = (pause * 2).min(longest);
        }
    }

    /// Whether the database is perhaps there in a moment.
    fn passes(&self, error: &sqlx::Error) -> bool {
        match error {
            sqlx::Error::Io(_) => self.known.load(Ordering::Relaxed),
            sqlx::Error::Database(error) => error.code().is_some_and(|code| matches!(&*code, "53300" | "57P03")),
            _ => false,
        }
    }
}

/// Rows that were committed are on disk, whatever the server's default says. The server gives up when we do: nobody waits for a lock for
/// ever, and a transaction whose client is cut off doesn't keep its row for longer.
fn session(patience: Duration) -> String {
    let patience = patience.as_millis().max(3);
    format!(
        "SET search_path = jeton; SET synchronous_commit = on; SET default_transaction_isolation = 'read committed'; \
         SET lock_timeout = {}; SET statement_timeout = {patience}; SET idle_in_transaction_session_timeout = {patience}",
        patience * 2 / 3
    )
}

/// Whether the connection is gone, and nothing is wrong with what was asked.
pub(super) fn lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("08") || matches!(&*code, "57P01" | "57P02" | "57P03" | "57P05" | "25P03"))
        }
        _ => false,
    }
}
