//! What the vault asks of a database. A store sees sealed bytes only, and decides nothing.
//!
//! Whatever may race with another process is one method and one durable transaction, so that no store needs a lock between calls.
//! Times are seconds since 1970.

pub(crate) mod sqlite;

use futures_util::future::BoxFuture;
use jeton_runtime::Account;

use crate::Result;

/// A row of `clients`.
pub(crate) struct ClientRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) provider: String,
    pub(crate) client_id: String,
    pub(crate) settings: String,
    pub(crate) secret_names: String,
    pub(crate) secrets: Vec<u8>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// A row of `connections`.
pub(crate) struct ConnectionRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) provider: String,
    pub(crate) client: String,
    pub(crate) grant_kind: String,
    pub(crate) scopes: String,
    pub(crate) subject: Option<String>,
    pub(crate) options: Vec<u8>,
    pub(crate) account_id: Option<String>,
    pub(crate) account_login: Option<String>,
    pub(crate) account_name: Option<String>,
    pub(crate) tokens: SealedTokens,
    pub(crate) generation: i64,
    pub(crate) status: String,
    pub(crate) status_reason: Option<String>,
    pub(crate) status_at: i64,
    pub(crate) retry_at: Option<i64>,
    pub(crate) lease: Option<(String, i64)>,
    pub(crate) intent: Option<Intent>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// The part of a connection that a refresh replaces.
#[derive(Clone)]
pub(crate) struct SealedTokens {
    pub(crate) access: Option<Vec<u8>>,
    pub(crate) refresh: Option<Vec<u8>>,
    pub(crate) extras: Option<Vec<u8>>,
    pub(crate) scope: Option<String>,
    pub(crate) expires_at: Option<i64>,
    pub(crate) refresh_expires_at: Option<i64>,
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
    /// The service may have got the request: what it did isn't known.
    pub(crate) keep_intent: bool,
}

/// What became of a new name.
pub(crate) enum Renamed {
    Done,
    Unknown,
    Taken,
}

/// A database with the tables of `migrations/`. "Whether" in a method's comment is what its `bool` says.
pub(crate) trait Store: Send + Sync {
    /// Whether the name was free.
    fn insert_client<'a>(&'a self, row: &'a ClientRow) -> BoxFuture<'a, Result<bool>>;
    fn client<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<ClientRow>>>;
    fn clients(&self) -> BoxFuture<'_, Result<Vec<ClientRow>>>;
    /// Another registration under the same name and id. Whether it was there.
    fn replace_client<'a>(&'a self, row: &'a ClientRow) -> BoxFuture<'a, Result<bool>>;
    /// Whether it was there and no connection used it.
    fn remove_client<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool>>;

    /// Whether the name was free.
    fn insert_connection<'a>(&'a self, row: &'a ConnectionRow) -> BoxFuture<'a, Result<bool>>;
    /// A new sign-in in place of an old one. Whether the row was still of the generation before `row`'s.
    fn replace_connection<'a>(&'a self, row: &'a ConnectionRow) -> BoxFuture<'a, Result<bool>>;
    fn connection<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<ConnectionRow>>>;
    fn connection_by_id<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<ConnectionRow>>>;
    fn connections(&self) -> BoxFuture<'_, Result<Vec<ConnectionRow>>>;
    fn rename_connection<'a>(&'a self, name: &'a str, to: &'a str, now: i64) -> BoxFuture<'a, Result<Renamed>>;
    /// Whether it was there.
    fn remove_connection<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool>>;
    /// Erases the tokens. Whether it was there.
    fn revoke_connection<'a>(&'a self, name: &'a str, reason: &'a str, now: i64) -> BoxFuture<'a, Result<bool>>;
    /// Whose the connection is. Whether it was there.
    fn name_account<'a>(&'a self, name: &'a str, account: &'a Account, now: i64) -> BoxFuture<'a, Result<bool>>;

    /// Takes the lease and writes the intent. Whether nobody else had the lease, and tokens and status were still as in `row`.
    fn begin_refresh<'a>(&'a self, row: &'a ConnectionRow, intent: &'a Intent, owner: &'a str, until: i64) -> BoxFuture<'a, Result<bool>>;
    /// The tokens that replace those of `generation`; clears intent and lease. Whether they still were the latest.
    fn finish_refresh<'a>(&'a self, id: &'a str, generation: i64, tokens: &'a SealedTokens, now: i64) -> BoxFuture<'a, Result<bool>>;
    /// Gives the lease back without tokens. Whether those of `generation` still were the latest.
    fn abandon_refresh<'a>(
        &'a self,
        id: &'a str,
        generation: i64,
        owner: &'a str,
        outcome: &'a Outcome,
        now: i64,
    ) -> BoxFuture<'a, Result<bool>>;

    /// A value that hasn't expired.
    fn stored<'a>(&'a self, provider: &'a str, name: &'a str, now: i64) -> BoxFuture<'a, Result<Option<Vec<u8>>>>;
    /// Keeps a value and forgets what expired. Whether the provider had fewer than `most` others.
    fn keep<'a>(
        &'a self,
        provider: &'a str,
        name: &'a str,
        value: &'a [u8],
        expires_at: i64,
        now: i64,
        most: i64,
    ) -> BoxFuture<'a, Result<bool>>;
    fn forget<'a>(&'a self, provider: &'a str, name: &'a str) -> BoxFuture<'a, Result<()>>;
}
