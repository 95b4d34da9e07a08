//! What the store needs of a database. One file implements it for each; statements are the store's and the same for all.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::value::{Row, Value};
use crate::{Error, Result};

/// A statement of a transaction.
pub(crate) struct Step {
    pub(crate) sql: &'static str,
    pub(crate) values: Vec<Value>,
    /// The transaction is undone if this changes no row.
    pub(crate) needed: bool,
}

impl Step {
    /// A statement without which the others make no sense.
    pub(crate) fn needed(sql: &'static str, values: Vec<Value>) -> Self {
        Self { sql, values, needed: true }
    }

    /// A statement that may change nothing.
    pub(crate) fn also(sql: &'static str, values: Vec<Value>) -> Self {
        Self { sql, values, needed: false }
    }
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It is on disk.
    Done,
    /// A needed step found nothing to change. Nothing was changed.
    Nothing,
    /// It contradicts another row: a name that is taken, a key that is gone. Nothing was changed.
    Conflict,
}

impl Written {
    pub(crate) fn done(self) -> bool {
        self == Self::Done
    }
}

/// A database with the tables of `migrations/`.
pub(crate) trait Database: Send + Sync {
    /// What errors call it. Without a password.
    fn name(&self) -> &str;

    /// A row that isn't what the schema says.
    fn damaged(&self) -> Error;

    fn read<'a>(&'a self, sql: &'static str, values: &'a [Value]) -> BoxFuture<'a, Result<Vec<Row>>>;

    /// All steps in one durable transaction. Whoever waits for the connection `changed`, in other processes too, is woken by it.
    ///
    /// After an error it isn't known whether they took effect.
    fn write<'a>(&'a self, steps: &'a [Step], changed: Option<&'a str>) -> BoxFuture<'a, Result<Written>>;

    /// Notices changes from now on.
    fn watch(&self) -> BoxFuture<'_, Box<dyn Watch>>;

    /// One transaction over many calls.
    fn session(&self, purpose: Purpose) -> BoxFuture<'_, Result<Box<dyn Session>>>;
}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To read all of it as it was at one moment.
    Snapshot,
    /// To write what is too much for one call.
    Change,
}

/// One transaction over many calls. Dropped without a commit, it leaves nothing behind.
pub(crate) trait Session: Send {
    fn read<'a>(&'a mut self, sql: &'static str, values: &'a [Value]) -> BoxFuture<'a, Result<Vec<Row>>>;

    /// After `Conflict` nothing more can be written.
    fn write<'a>(&'a mut self, step: &'a Step) -> BoxFuture<'a, Result<Written>>;

    /// Puts it on disk.
    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}

/// Waits for changes of others.
pub(crate) trait Watch: Send {
    /// Returns when the connection has perhaps changed, at the latest after `longest`.
    fn changed<'a>(&'a mut self, id: &'a str, longest: Duration) -> BoxFuture<'a, ()>;
}

/// Whether a statement failed because of what is in other rows.
pub(super) fn contradicts(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.is_unique_violation() || error.is_foreign_key_violation())
}
