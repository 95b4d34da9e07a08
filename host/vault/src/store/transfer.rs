//! All of a store, a page at a time: into a backup as it is, and out of one row by row.

use super::database::{Purpose, Session, Step, Written};
use super::queries::{INSERT_CLIENT, INSERT_CONNECTION, REPLACE_CLIENT, REPLACE_CONNECTION, clients, connections, line};
use super::rows::{client, connection, log_row, whole};
use super::value::{Damaged, Row, Value, values};
use super::{ClientRow, ConnectionRow, LogRow, Store};
use crate::{Error, Result};

/// A table as a backup has it. What it is sorted by comes first in its columns.
struct Table {
    page: &'static str,
    insert: &'static str,
    /// How many columns it is sorted by.
    sorted_by: usize,
}

macro_rules! table {
    ($name:literal by $key:literal, $columns:literal, $values:literal) => {
        Table {
            page: concat!("SELECT ", $key, ", ", $columns, " FROM ", $name, " WHERE ", $key, " > $1 ORDER BY ", $key, " LIMIT 200"),
            insert: concat!("INSERT INTO ", $name, " (", $key, ", ", $columns, ") VALUES ($1, ", $values, ")"),
            sorted_by: 1,
        }
    };
    ($name:literal by $first:literal and $second:literal, $columns:literal, $values:literal) => {
        Table {
            page: concat!(
                "SELECT ",
                $first,
                ", ",
                $second,
                ", ",
                $columns,
                " FROM ",
                $name,
                " WHERE (",
                $first,
                ", ",
                $second,
                ") > ($1, $2) \
                 ORDER BY ",
                $first,
                ", ",
                $second,
                " LIMIT 200"
            ),
            insert: concat!("INSERT INTO ", $name, " (", $first, ", ", $second, ", ", $columns, ") VALUES ($1, $2, ", $values, ")"),
            sorted_by: 2,
        }
    };
}

/// In an order in which no row names one that isn't there yet. Leases stay behind: nobody refreshes a backup.
const TABLES: [Table; 6] = [
    table!("data_keys" by "id", "created_at", "$2"),
    table!("wrapped_keys" by "data_key" and "master_id", "wrapped, master_hint, master_number", "$3, $4, $5"),
    table!(
        "clients" by "id",
        "name, provider, client_id, settings, secret_names, secrets, data_key, created_at, updated_at",
        "$2, $3, $4, $5, $6, $7, $8, $9, $10"
    ),
    table!(
        "connections" by "id",
        "name, provider, client, grant_kind, scopes, subject, account_id, account_login, account_name, data_key, options, access_token, \
         refresh_token, extras, scope, expires_at, refresh_expires_at, generation, status, status_reason, status_at, retry_at, failures, \
         intent_generation, intent_fingerprint, intent_at, created_at, updated_at, account_extras",
        "$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, \
         $30"
    ),
    table!("storage" by "provider" and "name", "value, data_key, expires_at", "$3, $4, $5"),
    table!("log" by "id", "at, actor, action, outcome, subject, name, provider, detail", "$2, $3, $4, $5, $6, $7, $8, $9"),
];

/// Copies every row as it is. How many there were in each table.
pub(crate) async fn copy_all(from: &mut dyn Session, to: &mut dyn Session) -> Result<[u64; 6]> {
    let mut counts = [0; 6];
    for (table, count) in TABLES.iter().zip(&mut counts) {
        let mut after = vec![Value::from(""); table.sorted_by];
        loop {
            let rows = from.read(table.page, &after).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let values = row.into_values();
                after = values.iter().take(table.sorted_by).cloned().collect();
                to.write(&Step::needed(table.insert, values)).await?;
                *count += 1;
            }
        }
    }
    Ok(counts)
}

/// A provider's value, as it is kept.
pub(crate) struct ValueRow {
    pub(crate) provider: String,
    pub(crate) name: String,
    pub(crate) value: Vec<u8>,
    pub(crate) data_key: String,
    pub(crate) expires_at: i64,
}

/// What is read for a restore: a store as it was at one moment, a page at a time.
pub(crate) struct Source {
    session: Box<dyn Session>,
    damaged: Error,
}

impl Source {
    pub(crate) async fn clients_after(&mut self, id: &str) -> Result<Vec<ClientRow>> {
        self.page(clients!("WHERE id > $1 ORDER BY id LIMIT 200"), values![id], client).await
    }

    pub(crate) async fn connections_after(&mut self, id: &str) -> Result<Vec<ConnectionRow>> {
        self.page(connections!("WHERE id > $1 ORDER BY id LIMIT 200"), values![id], connection).await
    }

    pub(crate) async fn values_after(&mut self, provider: &str, name: &str) -> Result<Vec<ValueRow>> {
        let sql = "SELECT provider, name, value, data_key, expires_at FROM storage WHERE (provider, name) > ($1, $2) \
            ORDER BY provider, name LIMIT 200";
        let value = |row: &mut Row| {
            let (provider, name, value, data_key) = (row.text()?, row.text()?, row.bytes()?, row.text()?);
            Ok(ValueRow { provider, name, value, data_key, expires_at: row.integer()? })
        };
        self.page(sql, values![provider, name], value).await
    }

    pub(crate) async fn log_after(&mut self, id: &str) -> Result<Vec<LogRow>> {
        let sql = "SELECT id, at, actor, action, outcome, subject, name, provider, detail FROM log WHERE id > $1 ORDER BY id LIMIT 200";
        self.page(sql, values![id], log_row).await
    }

    async fn page<T>(&mut self, sql: &'static str, values: Vec<Value>, read: impl Fn(&mut Row) -> Result<T, Damaged>) -> Result<Vec<T>> {
        let rows = self.session.read(sql, &values).await?;
        rows.into_iter().map(|mut row| read(&mut row)).collect::<Result<_, _>>().map_err(|Damaged| self.damaged.clone())
    }

    /// For [`copy_all`].
    pub(crate) fn session(&mut self) -> &mut dyn Session {
        &mut *self.session
    }
}

/// What a restore writes, in one transaction.
pub(crate) struct Restore {
    session: Box<dyn Session>,
    damaged: Error,
}

impl Restore {
    pub(crate) async fn client(&mut self, id: &str, name: &str) -> Result<Option<ClientRow>> {
        let sql = clients!("WHERE id = $1 OR name = $2 ORDER BY CASE WHEN name = $2 THEN 0 ELSE 1 END LIMIT 1");
        self.one(sql, values![id, name], client).await
    }

    /// The connection of this id, else the one of this name.
    pub(crate) async fn connection(&mut self, id: &str, name: &str) -> Result<Option<ConnectionRow>> {
        let sql = connections!("WHERE id = $1 OR name = $2 ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END LIMIT 1");
        self.one(sql, values![id, name], connection).await
    }

    pub(crate) async fn insert_client(&mut self, row: &ClientRow) -> Result<Written> {
        let ClientRow { id, name, provider, client_id, settings, secret_names, secrets, data_key, created_at, updated_at } = row;
        let values = values![id, name, provider, client_id, settings, secret_names, secrets, data_key, *created_at, *updated_at];
        self.session.write(&Step::needed(INSERT_CLIENT, values)).await
    }

    pub(crate) async fn replace_client(&mut self, row: &ClientRow) -> Result<Written> {
        let values = values![&row.id, &row.client_id, &row.settings, &row.secret_names, &row.secrets, &row.data_key, row.updated_at];
        self.session.write(&Step::needed(REPLACE_CLIENT, values)).await
    }

    pub(crate) async fn insert_connection(&mut self, row: &ConnectionRow) -> Result<Written> {
        self.session.write(&Step::needed(INSERT_CONNECTION, whole(row))).await
    }

    /// `Nothing` where the row there isn't of the generation before any more.
    pub(crate) async fn replace_connection(&mut self, row: &ConnectionRow) -> Result<Written> {
        self.session.write(&Step::needed(REPLACE_CONNECTION, whole(row))).await
    }

    /// A provider's value, where there is none of its name.
    pub(crate) async fn keep(&mut self, row: &ValueRow) -> Result<Written> {
        let sql = "INSERT INTO storage (provider, name, value, data_key, expires_at) VALUES ($1, $2, $3, $4, $5) \
            ON CONFLICT (provider, name) DO NOTHING";
        let values = values![&row.provider, &row.name, &row.value, &row.data_key, row.expires_at];
        self.session.write(&Step::needed(sql, values)).await
    }

    /// A line of the log, where it isn't there already.
    pub(crate) async fn log(&mut self, row: &LogRow) -> Result<Written> {
        let sql = "INSERT INTO log (id, at, actor, action, outcome, subject, name, provider, detail) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING";
        self.session.write(&Step { sql, ..line(row) }).await
    }

    pub(crate) async fn commit(self) -> Result<()> {
        self.session.commit().await
    }

    async fn one<T>(&mut self, sql: &'static str, values: Vec<Value>, read: impl Fn(&mut Row) -> Result<T, Damaged>) -> Result<Option<T>> {
        let row = self.session.read(sql, &values).await?.pop();
        row.map(|mut row| read(&mut row)).transpose().map_err(|Damaged| self.damaged.clone())
    }
}

impl Store {
    pub(crate) async fn source(&self) -> Result<Source> {
        Ok(Source { session: self.0.session(Purpose::Snapshot).await?, damaged: self.0.damaged() })
    }

    pub(crate) async fn restore(&self) -> Result<Restore> {
        Ok(Restore { session: self.0.session(Purpose::Change).await?, damaged: self.0.damaged() })
    }

    /// A line of the log alone.
    pub(crate) async fn note(&self, row: &LogRow) -> Result<()> {
        self.0.write(&[line(row)], None).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Row as _};

    use super::TABLES;
    use crate::store::MIGRATIONS;

    /// A column or a table that a later migration adds must not be missing in backups.
    #[tokio::test]
    async fn a_backup_has_every_column_of_every_table() {
        let mut sql = sqlx::SqliteConnection::connect(":memory:").await.unwrap();
        for migration in MIGRATIONS {
            sqlx::raw_sql(migration).execute(&mut sql).await.unwrap();
        }
        let columns = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'";
        let rows = sqlx::query(columns).fetch_all(&mut sql).await.unwrap();
        assert!(rows.len() > 40);
        for row in rows {
            let (table, column): (String, String) = (row.get(0), row.get(1));
            let insert = TABLES.iter().map(|table| table.insert).find(|insert| insert.starts_with(&format!("INSERT INTO {table} (")));
            let words = insert.unwrap_or_else(|| panic!("{table} is missing")).split(|c: char| !c.is_alphanumeric() && c != '_');
            let there = words.into_iter().any(|word| word == column);
            assert_eq!(there, !column.starts_with("lease_"), "{table}.{column}");
        }
        for table in TABLES {
            sqlx::query(table.page).bind("").bind("").fetch_all(&mut sql).await.unwrap();
            let columns = table.insert.split(['(', ')']).nth(1).unwrap().split(", ").count();
            assert!(table.insert.ends_with(&format!("${columns})")), "{}", table.insert);
        }
    }
}
