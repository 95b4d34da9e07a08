//! What the vault keeps in a database. A store sees sealed bytes only, and decides nothing.
//!
//! Whatever may race with another process is one method and one durable transaction, so that no lock is needed between calls. The rows
//! are here, the statements in `queries`, and the databases below: each is one file. Times are seconds since 1970.

mod database;
mod due;
pub(crate) mod postgres;
mod queries;
mod resealing;
mod rows;
pub(crate) mod sqlite;
mod transfer;
mod value;

use database::Database;
pub(crate) use database::{Watch, Written};
pub(crate) use due::{DueRow, Why};
pub(crate) use queries::StoredRow;
pub(crate) use resealing::StoredSeal;
pub(crate) use transfer::{Restore, ValueRow, copy_all};

/// Each brings the schema from its index to the next version. Never edited once released.
///
/// They are written for SQLite; PostgreSQL takes them with other names for two types.
const MIGRATIONS: [&str; 3] = [
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_keys_leases_log.sql"),
    include_str!("../migrations/0003_account_extras.sql"),
];

/// The schema's version that this code works with.
pub(crate) const VERSION: i64 = MIGRATIONS.len() as i64;

/// A database with the tables of `migrations/`.
pub(crate) struct Store(Box<dyn Database>);

impl Store {
    pub(crate) fn new(database: impl Database + 'static) -> Self {
        Self(Box::new(database))
    }

    /// What errors call it. Without a password.
    pub(crate) fn name(&self) -> &str {
        self.0.name()
    }

    /// Notices changes from now on.
    pub(crate) async fn watch(&self) -> Box<dyn Watch> {
        self.0.watch().await
    }
}

/// A data key as the store keeps it: sealed with a master key.
pub(crate) struct KeyRow {
    pub(crate) data_key: String,
    pub(crate) master_id: String,
    pub(crate) wrapped: Vec<u8>,
    /// What makes the master key of a passphrase.
    pub(crate) master_hint: Option<String>,
    /// Grows with every master key that replaces another.
    pub(crate) master_number: i64,
    pub(crate) created_at: i64,
}

/// A row of `clients`.
pub(crate) struct ClientRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) provider: String,
    pub(crate) client_id: String,
    pub(crate) settings: String,
    pub(crate) secret_names: String,
    pub(crate) secrets: Vec<u8>,
    pub(crate) data_key: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// A row of `connections`.
#[derive(Clone)]
pub(crate) struct ConnectionRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) provider: String,
    pub(crate) client: String,
    pub(crate) grant_kind: String,
    pub(crate) scopes: String,
    pub(crate) subject: Option<String>,
    pub(crate) account_id: Option<String>,
    pub(crate) account_login: Option<String>,
    pub(crate) account_name: Option<String>,
    pub(crate) account_extras: Option<String>,
    pub(crate) sealed: Sealed,
    pub(crate) generation: i64,
    pub(crate) status: String,
    pub(crate) status_reason: Option<String>,
    pub(crate) status_at: i64,
    pub(crate) retry_at: Option<i64>,
    /// Refreshes that failed in a row, in a way that passes.
    pub(crate) failures: i64,
    pub(crate) lease: Option<Lease>,
    pub(crate) intent: Option<Intent>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// The part of a connection that a refresh replaces.
#[derive(Clone, Default)]
pub(crate) struct Sealed {
    /// What all of it is sealed with.
    pub(crate) data_key: String,
    pub(crate) options: Vec<u8>,
    pub(crate) access: Option<Vec<u8>>,
    pub(crate) refresh: Option<Vec<u8>>,
    pub(crate) extras: Option<Vec<u8>>,
    pub(crate) scope: Option<String>,
    pub(crate) expires_at: Option<i64>,
    pub(crate) refresh_expires_at: Option<i64>,
}

/// Whose turn it is to refresh, and a number that grows for as long as that one lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) owner: String,
    pub(crate) beat: i64,
}

/// A refresh that was begun: with which tokens, and when.
#[derive(Clone)]
pub(crate) struct Intent {
    pub(crate) generation: i64,
    pub(crate) fingerprint: String,
    pub(crate) at: i64,
}

/// What a refresh comes to when it brings no tokens.
pub(crate) struct Outcome {
    /// `None` leaves the status as it is.
    pub(crate) status: Option<(&'static str, String)>,
    pub(crate) retry_at: Option<i64>,
    pub(crate) failures: i64,
    /// The service may have got the request: what it did isn't known.
    pub(crate) keep_intent: bool,
}

/// What became of a new name.
pub(crate) enum Renamed {
    Done,
    Unknown,
    Taken,
}

/// A row of `log`.
#[derive(Clone)]
pub(crate) struct LogRow {
    pub(crate) id: String,
    pub(crate) at: i64,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) outcome: String,
    pub(crate) subject: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) detail: Option<String>,
}
