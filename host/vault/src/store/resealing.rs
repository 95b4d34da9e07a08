//! The statements that replace keys, and a client's secrets. Each compares what it replaces: others go on writing at the same time.

use super::database::{Step, Written};
use super::queries::{WRAP_KEY, clients, connections, line, wrapped};
use super::rows::{client, connection};
use super::value::{Value, values};
use super::{ClientRow, ConnectionRow, KeyRow, Lease, LogRow, Sealed, Store};
use crate::Result;

/// Rows that are read and written at once.
const BATCH: i64 = 100;

/// Held until the transaction ends, so that of two that count the keys the second counts those of the first.
const LOCK_KEYS: &str = "UPDATE data_keys SET created_at = created_at WHERE id = $1";

const ADD_DATA_KEY: &str = "INSERT INTO data_keys (id, created_at) SELECT $1, $2 WHERE (SELECT COUNT(*) FROM wrapped_keys) = $3";

const RESEAL_CONNECTION: &str = "UPDATE connections SET data_key = $2, options = $3, access_token = $4, refresh_token = $5, extras = $6 \
    WHERE id = $1 AND generation = $7 AND data_key = $8";

const RESEAL_CLIENT: &str = "UPDATE clients SET data_key = $2, secrets = $3 WHERE id = $1 AND data_key = $4 AND secrets = $5";

const RESEAL_VALUE: &str =
    "UPDATE storage SET data_key = $3, value = $4 WHERE provider = $1 AND name = $2 AND data_key = $5 AND value = $6";

const CHANGE_SECRETS: &str = "UPDATE clients SET secret_names = $2, secrets = $3, data_key = $4, updated_at = $5 \
    WHERE id = $1 AND data_key = $6 AND secrets = $7";

/// A sealed value of `storage`.
pub(crate) struct StoredSeal {
    pub(crate) provider: String,
    pub(crate) name: String,
    pub(crate) value: Vec<u8>,
    pub(crate) data_key: String,
}

/// A refresh that is under way.
pub(crate) struct Held {
    pub(crate) connection: String,
    pub(crate) lease: Lease,
}

impl Store {
    /// A new data key and further wraps of those that there are. `Nothing` or `Conflict` where `known` isn't what there is any more.
    pub(crate) async fn add_data_key(&self, known: &[KeyRow], wraps: &[KeyRow], log: LogRow) -> Result<Written> {
        let Some((newest, new)) = known.first().zip(wraps.first()) else { return Ok(Written::Nothing) };
        let many = i64::try_from(known.len()).unwrap_or(i64::MAX);
        let add = values![&new.data_key, new.created_at, many];
        let mut steps = vec![Step::needed(LOCK_KEYS, values![&newest.data_key]), Step::needed(ADD_DATA_KEY, add)];
        steps.extend(wraps.iter().map(|key| Step::needed(WRAP_KEY, wrapped(key))));
        steps.push(line(&log));
        self.0.write(&steps, None).await
    }

    /// Removes data keys, and master keys from those that stay. `Conflict` while a row is sealed with one of them.
    pub(crate) async fn remove_keys(&self, data: &[String], masters: &[String], log: LogRow) -> Result<Written> {
        let data = data.iter().map(|id| Step::also("DELETE FROM data_keys WHERE id = $1", values![id]));
        let masters = masters.iter().map(|id| Step::also("DELETE FROM wrapped_keys WHERE master_id = $1", values![id]));
        let mut steps: Vec<_> = data.chain(masters).collect();
        steps.push(line(&log));
        self.0.write(&steps, None).await
    }

    /// Connections after this id that another key sealed, in the order of their ids.
    pub(crate) async fn connections_sealed_before(&self, data_key: &str, after: &str) -> Result<Vec<ConnectionRow>> {
        let sql = connections!("WHERE data_key <> $1 AND id > $2 ORDER BY id LIMIT $3");
        self.many(sql, values![data_key, after, BATCH], connection).await
    }

    pub(crate) async fn clients_sealed_before(&self, data_key: &str, after: &str) -> Result<Vec<ClientRow>> {
        let sql = clients!("WHERE data_key <> $1 AND id > $2 ORDER BY id LIMIT $3");
        self.many(sql, values![data_key, after, BATCH], client).await
    }

    pub(crate) async fn values_sealed_before(&self, data_key: &str, after: (&str, &str)) -> Result<Vec<StoredSeal>> {
        let sql = "SELECT provider, name, value, data_key FROM storage WHERE data_key <> $1 \
            AND (provider > $2 OR (provider = $2 AND name > $3)) ORDER BY provider, name LIMIT $4";
        let read = |row: &mut super::value::Row| {
            Ok(StoredSeal { provider: row.text()?, name: row.text()?, value: row.bytes()?, data_key: row.text()? })
        };
        self.many(sql, values![data_key, after.0, after.1, BATCH], read).await
    }

    /// Whoever changed a row meanwhile has sealed it anew.
    pub(crate) async fn reseal_connections(&self, rows: &[(ConnectionRow, Sealed)]) -> Result<Written> {
        let step = |(row, new): &(ConnectionRow, Sealed)| {
            let (new, old) = (values![&row.id, &new.data_key, &new.options, &new.access, &new.refresh, &new.extras], &row.sealed.data_key);
            Step::also(RESEAL_CONNECTION, both(new, values![row.generation, old]))
        };
        self.0.write(&rows.iter().map(step).collect::<Vec<_>>(), None).await
    }

    pub(crate) async fn reseal_clients(&self, rows: &[(ClientRow, StoredSeal)]) -> Result<Written> {
        let step = |(row, new): &(ClientRow, StoredSeal)| {
            Step::also(RESEAL_CLIENT, values![&row.id, &new.data_key, &new.value, &row.data_key, &row.secrets])
        };
        self.0.write(&rows.iter().map(step).collect::<Vec<_>>(), None).await
    }

    pub(crate) async fn reseal_values(&self, rows: &[(StoredSeal, StoredSeal)]) -> Result<Written> {
        let step = |(old, new): &(StoredSeal, StoredSeal)| {
            Step::also(RESEAL_VALUE, values![&old.provider, &old.name, &new.data_key, &new.value, &old.data_key, &old.value])
        };
        self.0.write(&rows.iter().map(step).collect::<Vec<_>>(), None).await
    }

    /// Who refreshes at the moment.
    pub(crate) async fn leases(&self) -> Result<Vec<Held>> {
        let sql = "SELECT id, lease_owner, lease_beat FROM connections WHERE lease_owner IS NOT NULL";
        self.many(sql, vec![], |row| Ok(Held { connection: row.text()?, lease: Lease { owner: row.text()?, beat: row.integer()? } })).await
    }

    /// A client's other secrets, in place of those that it has in `before`. `Nothing` where it has others by now.
    pub(crate) async fn change_secrets(&self, before: &ClientRow, row: &ClientRow, log: LogRow) -> Result<Written> {
        let new = values![&row.id, &row.secret_names, &row.secrets, &row.data_key, row.updated_at];
        let step = Step::needed(CHANGE_SECRETS, both(new, values![&before.data_key, &before.secrets]));
        self.logged(step, log, None).await
    }
}

fn both(mut first: Vec<Value>, second: Vec<Value>) -> Vec<Value> {
    first.extend(second);
    first
}
