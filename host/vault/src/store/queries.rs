//! Every statement of the store. SQLite and PostgreSQL take the same ones.

use jeton_runtime::Account;

use super::database::{Step, Written};
use super::rows::{client, connection, key, log_row, replaced, whole};
use super::value::{Damaged, Row, Value, values};
use super::{ClientRow, ConnectionRow, Intent, KeyRow, Lease, LogRow, Outcome, Renamed, Sealed, Store};
use crate::Result;

macro_rules! clients {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, provider, client_id, settings, secret_names, secrets, data_key, created_at, updated_at FROM clients ",
            $rest
        )
    };
}

macro_rules! connections {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, provider, client, grant_kind, scopes, subject, account_id, account_login, account_name, account_extras, \
             data_key, options, access_token, refresh_token, extras, scope, expires_at, refresh_expires_at, generation, status, status_reason, \
             status_at, retry_at, failures, lease_owner, lease_beat, intent_generation, intent_fingerprint, intent_at, created_at, \
             updated_at FROM connections ",
            $rest
        )
    };
}

pub(super) use clients;
pub(super) use connections;

pub(super) const WRAP_KEY: &str =
    "INSERT INTO wrapped_keys (data_key, master_id, wrapped, master_hint, master_number) VALUES ($1, $2, $3, $4, $5)";

pub(super) const INSERT_CLIENT: &str = "INSERT INTO clients (id, name, provider, client_id, settings, secret_names, secrets, data_key, created_at, \
    updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (name) DO NOTHING";

pub(super) const REPLACE_CLIENT: &str = "UPDATE clients SET client_id = $2, settings = $3, secret_names = $4, secrets = $5, data_key = $6, \
    updated_at = $7 WHERE id = $1";

pub(super) const INSERT_CONNECTION: &str = "INSERT INTO connections (id, data_key, options, access_token, refresh_token, extras, scope, expires_at, \
    refresh_expires_at, generation, name, provider, client, grant_kind, scopes, subject, account_id, account_login, account_name, \
    status, status_reason, status_at, retry_at, failures, created_at, updated_at, account_extras) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27) \
    ON CONFLICT (name) DO NOTHING";

/// An ongoing refresh of the tokens before loses its lease: it can't finish, since the generation has changed.
pub(super) const REPLACE_CONNECTION: &str = "UPDATE connections SET data_key = $2, options = $3, access_token = $4, refresh_token = $5, \
    extras = $6, scope = $7, expires_at = $8, refresh_expires_at = $9, generation = $10, name = $11, provider = $12, client = $13, \
    grant_kind = $14, scopes = $15, subject = $16, account_id = $17, account_login = $18, account_name = $19, status = $20, \
    status_reason = $21, status_at = $22, retry_at = $23, failures = $24, created_at = $25, updated_at = $26, account_extras = $27, \
    lease_owner = NULL, intent_generation = NULL, intent_fingerprint = NULL, intent_at = NULL WHERE id = $1 AND generation = $10 - 1";

/// The new extras were made of those that are compared.
const NAME_ACCOUNT: &str = "UPDATE connections SET account_id = $3, account_login = $4, account_name = $5, account_extras = $6, \
    updated_at = $7 WHERE name = $1 AND COALESCE(account_extras, '') = COALESCE($2, '')";

/// A revoked connection has no tokens, and whoever refreshes it at the moment can't bring any back.
const REVOKE_CONNECTION: &str = "UPDATE connections SET access_token = NULL, refresh_token = NULL, extras = NULL, expires_at = NULL, \
    refresh_expires_at = NULL, generation = generation + 1, status = 'revoked', status_reason = $2, status_at = $3, \
    retry_at = NULL, failures = 0, lease_owner = NULL, intent_generation = NULL, intent_fingerprint = NULL, intent_at = NULL, \
    updated_at = $3 WHERE name = $1";

/// All is compared and set in one statement, which runs alone: nothing was missed since the row was read.
const BEGIN_REFRESH: &str = "UPDATE connections SET lease_owner = $3, lease_beat = lease_beat + 1, intent_generation = $2, \
    intent_fingerprint = $4, intent_at = $5 WHERE id = $1 AND generation = $2 AND status = $6 \
    AND (lease_owner IS NULL OR (lease_owner = $7 AND lease_beat = $8))";

const RENEW_LEASE: &str = "UPDATE connections SET lease_beat = lease_beat + 1 WHERE id = $1 AND lease_owner = $2";

/// Whoever's lease it is: tokens that a service gave are worth more than a lease that was taken over. Who took it over keeps it, and its
/// intent stays: it has used the same refresh token, and what it gets for it, or would have got, may be worth more still.
const FINISH_REFRESH: &str = "UPDATE connections SET data_key = $2, options = $3, access_token = $4, refresh_token = $5, extras = $6, \
    scope = $7, expires_at = $8, refresh_expires_at = $9, generation = $10 + 1, status = 'active', status_reason = NULL, \
    status_at = $11, retry_at = NULL, failures = 0, updated_at = $11, \
    lease_owner = CASE WHEN lease_owner = $13 THEN NULL ELSE lease_owner END, \
    intent_generation = CASE WHEN lease_owner = $13 OR intent_generation IS NULL THEN NULL ELSE $10 + 1 END, \
    intent_fingerprint = CASE WHEN lease_owner = $13 THEN NULL ELSE intent_fingerprint END, \
    intent_at = CASE WHEN lease_owner = $13 THEN NULL ELSE intent_at END \
    WHERE id = $1 AND generation = $10 AND data_key = $12";

const RELEASE_LEASE: &str = "UPDATE connections SET lease_owner = NULL WHERE id = $1 AND lease_owner = $2";

const ABANDON_REFRESH: &str = "UPDATE connections SET lease_owner = NULL, \
    intent_generation = CASE WHEN $4 THEN intent_generation END, intent_fingerprint = CASE WHEN $4 THEN intent_fingerprint END, \
    intent_at = CASE WHEN $4 THEN intent_at END, failures = $5, status = COALESCE($6, status), \
    status_reason = CASE WHEN $6 IS NULL THEN status_reason ELSE $7 END, \
    status_at = CASE WHEN $6 IS NULL THEN status_at ELSE $9 END, retry_at = CASE WHEN $6 IS NULL THEN retry_at ELSE $8 END, \
    updated_at = $9 WHERE id = $1 AND generation = $2 AND lease_owner = $3";

const KEEP: &str = "INSERT INTO storage (provider, name, value, data_key, expires_at) SELECT $1, $2, $3, $4, $5 \
    WHERE (SELECT COUNT(*) FROM storage WHERE provider = $1 AND name <> $2) < $6 \
    ON CONFLICT (provider, name) DO UPDATE SET value = excluded.value, data_key = excluded.data_key, expires_at = excluded.expires_at";

pub(super) const LOG: &str = "INSERT INTO log (id, at, actor, action, outcome, subject, name, provider, detail) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// A store's first data key. Changes nothing where there is one.
pub(super) fn first_key(key: &KeyRow) -> [Step; 2] {
    let insert = "INSERT INTO data_keys (id, created_at) SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM data_keys)";
    [Step::needed(insert, values![&key.data_key, key.created_at]), Step::needed(WRAP_KEY, wrapped(key))]
}

/// A line of the log, in the transaction that does what it says.
pub(super) fn line(log: &LogRow) -> Step {
    let line = values![&log.id, log.at, &log.actor, &log.action, &log.outcome, &log.subject, &log.name, &log.provider, &log.detail];
    Step::needed(LOG, line)
}

/// `$1` to `$5` of a wrapped key.
pub(super) fn wrapped(key: &KeyRow) -> Vec<Value> {
    values![&key.data_key, &key.master_id, &key.wrapped, &key.master_hint, key.master_number]
}

impl Store {
    /// The data keys, the newest first, each for every master key that opens it.
    pub(crate) async fn keys(&self) -> Result<Vec<KeyRow>> {
        let sql = "SELECT data_key, master_id, wrapped, master_hint, master_number, created_at FROM wrapped_keys \
            JOIN data_keys ON data_keys.id = data_key ORDER BY created_at DESC, data_key, master_number DESC";
        self.many(sql, vec![], key).await
    }

    /// Whether the name was free.
    pub(crate) async fn insert_client(&self, row: &ClientRow, log: LogRow) -> Result<Written> {
        let values = values![
            &row.id,
            &row.name,
            &row.provider,
            &row.client_id,
            &row.settings,
            &row.secret_names,
            &row.secrets,
            &row.data_key,
            row.created_at,
            row.updated_at,
        ];
        self.logged(Step::needed(INSERT_CLIENT, values), log, None).await
    }

    pub(crate) async fn client(&self, name: &str) -> Result<Option<ClientRow>> {
        self.one(clients!("WHERE name = $1"), values![name], client).await
    }

    pub(crate) async fn clients(&self) -> Result<Vec<ClientRow>> {
        self.many(clients!("ORDER BY name"), vec![], client).await
    }

    /// Another registration under the same name and id. Whether it was there.
    pub(crate) async fn replace_client(&self, row: &ClientRow, log: LogRow) -> Result<Written> {
        let values = values![&row.id, &row.client_id, &row.settings, &row.secret_names, &row.secrets, &row.data_key, row.updated_at,];
        self.logged(Step::needed(REPLACE_CLIENT, values), log, None).await
    }

    /// Whether it was there and no connection used it.
    pub(crate) async fn remove_client(&self, name: &str, log: LogRow) -> Result<bool> {
        let sql = "DELETE FROM clients WHERE name = $1 AND NOT EXISTS (SELECT 1 FROM connections WHERE client = $1)";
        Ok(self.logged(Step::needed(sql, values![name]), log, None).await?.done())
    }

    /// The names of the connections that use a client.
    pub(crate) async fn users(&self, client: &str) -> Result<Vec<String>> {
        self.many("SELECT name FROM connections WHERE client = $1 ORDER BY name", values![client], |row| row.text()).await
    }

    /// Whether the name was free.
    pub(crate) async fn insert_connection(&self, row: &ConnectionRow, log: LogRow) -> Result<Written> {
        self.logged(Step::needed(INSERT_CONNECTION, whole(row)), log, None).await
    }

    /// A new sign-in in place of an old one. Whether the row was still of the generation before `row`'s.
    pub(crate) async fn replace_connection(&self, row: &ConnectionRow, log: LogRow) -> Result<Written> {
        self.logged(Step::needed(REPLACE_CONNECTION, whole(row)), log, Some(&row.id)).await
    }

    pub(crate) async fn connection(&self, name: &str) -> Result<Option<ConnectionRow>> {
        self.one(connections!("WHERE name = $1"), values![name], connection).await
    }

    pub(crate) async fn connection_by_id(&self, id: &str) -> Result<Option<ConnectionRow>> {
        self.one(connections!("WHERE id = $1"), values![id], connection).await
    }

    pub(crate) async fn connections(&self) -> Result<Vec<ConnectionRow>> {
        self.many(connections!("ORDER BY name"), vec![], connection).await
    }

    /// The names of all connections.
    pub(crate) async fn connection_names(&self) -> Result<Vec<String>> {
        self.many("SELECT name FROM connections ORDER BY name", vec![], |row| row.text()).await
    }

    pub(crate) async fn rename_connection(&self, name: &str, to: &str, now: i64, log: LogRow) -> Result<Renamed> {
        let step = Step::needed("UPDATE connections SET name = $2, updated_at = $3 WHERE name = $1", values![name, to, now]);
        Ok(match self.logged(step, log, None).await? {
            Written::Done => Renamed::Done,
            Written::Nothing => Renamed::Unknown,
            Written::Conflict => Renamed::Taken,
        })
    }

    /// Whether it was there.
    pub(crate) async fn remove_connection(&self, name: &str, log: LogRow) -> Result<bool> {
        let step = Step::needed("DELETE FROM connections WHERE name = $1", values![name]);
        Ok(self.logged(step, log, None).await?.done())
    }

    /// Erases the tokens. Whether it was there.
    pub(crate) async fn revoke_connection(&self, name: &str, reason: &str, now: i64, log: LogRow) -> Result<bool> {
        let changed = log.subject.clone();
        let step = Step::needed(REVOKE_CONNECTION, values![name, reason, now]);
        Ok(self.logged(step, log, changed.as_deref()).await?.done())
    }

    /// Whose the connection is. `false` if it is gone, or its account's extras are others by now than in `row`.
    pub(crate) async fn name_account(&self, row: &ConnectionRow, account: &Account, extras: Option<&str>, now: i64) -> Result<bool> {
        let values = values![&row.name, &row.account_extras, &account.id, &account.login, &account.name, extras, now];
        Ok(self.0.write(&[Step::needed(NAME_ACCOUNT, values)], None).await?.done())
    }

    /// Takes the lease and writes the intent. Whether nobody else had the lease, or it was still `lapsed`, and tokens and status were
    /// still as in `row`.
    pub(crate) async fn begin_refresh(&self, row: &ConnectionRow, intent: &Intent, owner: &str, lapsed: Option<&Lease>) -> Result<bool> {
        let values = values![
            &row.id,
            intent.generation,
            owner,
            &intent.fingerprint,
            intent.at,
            &row.status,
            lapsed.map(|lease| lease.owner.as_str()),
            lapsed.map(|lease| lease.beat),
        ];
        Ok(self.0.write(&[Step::needed(BEGIN_REFRESH, values)], None).await?.done())
    }

    /// Lets the others see that this owner lives. Whether the lease was still this one's.
    pub(crate) async fn renew_lease(&self, id: &str, owner: &str) -> Result<bool> {
        Ok(self.0.write(&[Step::needed(RENEW_LEASE, values![id, owner])], None).await?.done())
    }

    /// Gives the lease back and changes nothing else.
    pub(crate) async fn release_lease(&self, id: &str, owner: &str) -> Result<()> {
        self.0.write(&[Step::also(RELEASE_LEASE, values![id, owner])], None).await.map(drop)
    }

    /// The tokens that replace those of `row`; clears intent and lease, unless the lease is no longer `owner`'s. Whether `row` had the
    /// latest, sealed with the latest key.
    pub(crate) async fn finish_refresh(&self, row: &ConnectionRow, sealed: &Sealed, owner: &str, now: i64, log: LogRow) -> Result<Written> {
        let mut values = vec![Value::from(&row.id)];
        values.extend(replaced(sealed));
        values.extend(values![row.generation, now, &row.sealed.data_key, owner]);
        self.logged(Step::needed(FINISH_REFRESH, values), log, Some(&row.id)).await
    }

    /// Gives the lease back without tokens. Whether those of `row` still were the latest, and the lease `owner`'s.
    pub(crate) async fn abandon_refresh(&self, row: &ConnectionRow, owner: &str, outcome: &Outcome, now: i64, log: LogRow) -> Result<bool> {
        let (status, reason) = outcome.status.as_ref().map(|(status, reason)| (*status, reason.as_str())).unzip();
        let values = values![&row.id, row.generation, owner, outcome.keep_intent, outcome.failures, status, reason, outcome.retry_at, now,];
        Ok(self.logged(Step::needed(ABANDON_REFRESH, values), log, Some(&row.id)).await?.done())
    }

    /// A provider's value that hasn't expired, and what it is sealed with.
    pub(crate) async fn stored(&self, provider: &str, name: &str, now: i64) -> Result<Option<(Vec<u8>, String)>> {
        let sql = "SELECT value, data_key FROM storage WHERE provider = $1 AND name = $2 AND expires_at > $3";
        self.one(sql, values![provider, name, now], |row| Ok((row.bytes()?, row.text()?))).await
    }

    /// Keeps a value and forgets what expired. `Nothing` where the provider has `most` others.
    pub(crate) async fn keep(&self, value: StoredRow<'_>, now: i64, most: i64) -> Result<Written> {
        let steps = [
            Step::also("DELETE FROM storage WHERE expires_at <= $1", values![now]),
            Step::needed(KEEP, values![value.provider, value.name, value.value, value.data_key, value.expires_at, most]),
        ];
        self.0.write(&steps, None).await
    }

    pub(crate) async fn forget(&self, provider: &str, name: &str) -> Result<()> {
        let step = Step::also("DELETE FROM storage WHERE provider = $1 AND name = $2", values![provider, name]);
        self.0.write(&[step], None).await.map(drop)
    }

    /// All that a provider kept.
    pub(crate) async fn forget_all(&self, provider: &str, log: LogRow) -> Result<()> {
        let step = Step::also("DELETE FROM storage WHERE provider = $1", values![provider]);
        self.logged(step, log, None).await.map(drop)
    }

    /// What happened to a connection or client, by its id or by the name that it had then, the newest first.
    pub(crate) async fn log(&self, subject: Option<&str>, name: &str, most: i64) -> Result<Vec<LogRow>> {
        let sql = "SELECT id, at, actor, action, outcome, subject, name, provider, detail FROM log \
            WHERE subject = $1 OR name = $2 OR subject IN (SELECT subject FROM log WHERE name = $2) ORDER BY at DESC, id DESC LIMIT $3";
        self.many(sql, values![subject, name, most], log_row).await
    }

    /// What happened at all, the newest first.
    pub(crate) async fn whole_log(&self, most: i64) -> Result<Vec<LogRow>> {
        let sql = "SELECT id, at, actor, action, outcome, subject, name, provider, detail FROM log ORDER BY id DESC LIMIT $1";
        self.many(sql, values![most], log_row).await
    }

    pub(super) async fn logged(&self, step: Step, log: LogRow, changed: Option<&str>) -> Result<Written> {
        self.0.write(&[step, line(&log)], changed).await
    }

    pub(super) async fn many<T>(
        &self,
        sql: &'static str,
        values: Vec<Value>,
        read: impl Fn(&mut Row) -> Result<T, Damaged>,
    ) -> Result<Vec<T>> {
        let rows = self.0.read(sql, &values).await?;
        rows.into_iter().map(|mut row| read(&mut row)).collect::<Result<_, _>>().map_err(|Damaged| self.0.damaged())
    }

    pub(super) async fn one<T>(
        &self,
        sql: &'static str,
        values: Vec<Value>,
        read: impl Fn(&mut Row) -> Result<T, Damaged>,
    ) -> Result<Option<T>> {
        Ok(self.many(sql, values, read).await?.pop())
    }
}

/// A provider's value, to be kept.
pub(crate) struct StoredRow<'a> {
    pub(crate) provider: &'a str,
    pub(crate) name: &'a str,
    pub(crate) value: &'a [u8],
    pub(crate) data_key: &'a str,
    pub(crate) expires_at: i64,
}
