//! Every statement of the store. `$1` in place of `?`, since PostgreSQL takes only that.

use futures_util::future::BoxFuture;
use sqlx::{Connection as _, Row as _, query};

use super::SqliteStore;
use super::rows::{self, Statement};
use crate::Result;
use crate::store::{ClientRow, ConnectionRow, Intent, Outcome, Renamed, SealedTokens, Store};
use jeton_runtime::Account;

const INSERT_CONNECTION: &str = "INSERT INTO connections (id, access_token, refresh_token, extras, scope, expires_at, \
    refresh_expires_at, generation, name, provider, client, grant_kind, scopes, subject, options, account_id, account_login, \
    account_name, status, status_reason, status_at, retry_at, created_at, updated_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24) \
    ON CONFLICT (name) DO NOTHING";

/// An ongoing refresh of the tokens before loses its lease: it can't finish, since the generation has changed.
const REPLACE_CONNECTION: &str = "UPDATE connections SET access_token = $2, refresh_token = $3, extras = $4, scope = $5, \
    expires_at = $6, refresh_expires_at = $7, generation = $8, name = $9, provider = $10, client = $11, grant_kind = $12, \
    scopes = $13, subject = $14, options = $15, account_id = $16, account_login = $17, account_name = $18, status = $19, \
    status_reason = $20, status_at = $21, retry_at = $22, created_at = $23, updated_at = $24, lease_owner = NULL, \
    lease_until = NULL, intent_generation = NULL, intent_fingerprint = NULL, intent_at = NULL \
    WHERE id = $1 AND generation = $8 - 1";

const NAME_ACCOUNT: &str = "UPDATE connections SET account_id = $2, account_login = $3, account_name = $4, updated_at = $5 WHERE name = $1";

/// A revoked connection has no tokens, and whoever refreshes it at the moment can't bring any back.
const REVOKE_CONNECTION: &str = "UPDATE connections SET access_token = NULL, refresh_token = NULL, extras = NULL, expires_at = NULL, \
    refresh_expires_at = NULL, generation = generation + 1, status = 'revoked', status_reason = $2, status_at = $3, \
    retry_at = NULL, lease_owner = NULL, lease_until = NULL, intent_generation = NULL, intent_fingerprint = NULL, \
    intent_at = NULL, updated_at = $3 WHERE name = $1";

/// Generation, status and lease are compared and set in one statement, which runs alone: nothing was missed since the row was read.
const BEGIN_REFRESH: &str = "UPDATE connections SET lease_owner = $3, lease_until = $4, intent_generation = $2, \
    intent_fingerprint = $5, intent_at = $6 \
    WHERE id = $1 AND generation = $2 AND status = $7 AND (lease_owner IS NULL OR lease_until <= $6)";

/// Whoever's lease it is: tokens that a service gave are worth more than a lease that ran out.
const FINISH_REFRESH: &str = "UPDATE connections SET access_token = $2, refresh_token = $3, extras = $4, scope = $5, \
    expires_at = $6, refresh_expires_at = $7, generation = $8 + 1, status = 'active', status_reason = NULL, status_at = $9, \
    retry_at = NULL, lease_owner = NULL, lease_until = NULL, intent_generation = NULL, intent_fingerprint = NULL, \
    intent_at = NULL, updated_at = $9 WHERE id = $1 AND generation = $8";

const ABANDON_REFRESH: &str = "UPDATE connections SET lease_owner = NULL, lease_until = NULL, \
    intent_generation = CASE WHEN $4 THEN intent_generation END, intent_fingerprint = CASE WHEN $4 THEN intent_fingerprint END, \
    intent_at = CASE WHEN $4 THEN intent_at END, status = COALESCE($5, status), \
    status_reason = CASE WHEN $5 IS NULL THEN status_reason ELSE $6 END, \
    status_at = CASE WHEN $5 IS NULL THEN status_at ELSE $8 END, retry_at = CASE WHEN $5 IS NULL THEN retry_at ELSE $7 END, \
    updated_at = $8 WHERE id = $1 AND generation = $2 AND lease_owner = $3";

const KEEP: &str = "INSERT INTO storage (provider, name, value, expires_at) SELECT $1, $2, $3, $4 \
    WHERE (SELECT COUNT(*) FROM storage WHERE provider = $1 AND name <> $2) < $5 \
    ON CONFLICT (provider, name) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at";

impl SqliteStore {
    async fn write(&self, statement: Statement) -> Result<bool> {
        let mut writer = self.writer().await?;
        let done = statement.execute(&mut *writer).await.map_err(|error| self.trouble(&error))?;
        Ok(done.rows_affected() > 0)
    }

    async fn read_connection(&self, statement: Statement) -> Result<Option<ConnectionRow>> {
        let mut reader = self.reader().await?;
        let row = statement.fetch_optional(&mut *reader).await.map_err(|error| self.trouble(&error))?;
        row.as_ref().map(rows::connection).transpose().map_err(|error| self.trouble(&error))
    }
}

impl Store for SqliteStore {
    fn insert_client<'a>(&'a self, row: &'a ClientRow) -> BoxFuture<'a, Result<bool>> {
        let statement = query(
            "INSERT INTO clients (id, name, provider, client_id, settings, secret_names, secrets, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (name) DO NOTHING",
        )
        .bind(row.id.clone())
        .bind(row.name.clone())
        .bind(row.provider.clone())
        .bind(row.client_id.clone())
        .bind(row.settings.clone())
        .bind(row.secret_names.clone())
        .bind(row.secrets.clone())
        .bind(row.created_at)
        .bind(row.updated_at);
        Box::pin(self.write(statement))
    }

    fn client<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<ClientRow>>> {
        Box::pin(async move {
            let mut reader = self.reader().await?;
            let row = query("SELECT * FROM clients WHERE name = $1").bind(name).fetch_optional(&mut *reader).await;
            let row = row.map_err(|error| self.trouble(&error))?;
            row.as_ref().map(rows::client).transpose().map_err(|error| self.trouble(&error))
        })
    }

    fn clients(&self) -> BoxFuture<'_, Result<Vec<ClientRow>>> {
        Box::pin(async move {
            let mut reader = self.reader().await?;
            let rows = query("SELECT * FROM clients ORDER BY name").fetch_all(&mut *reader).await;
            let rows = rows.map_err(|error| self.trouble(&error))?;
            rows.iter().map(rows::client).collect::<sqlx::Result<_>>().map_err(|error| self.trouble(&error))
        })
    }

    fn replace_client<'a>(&'a self, row: &'a ClientRow) -> BoxFuture<'a, Result<bool>> {
        let statement =
            query("UPDATE clients SET client_id = $2, settings = $3, secret_names = $4, secrets = $5, updated_at = $6 WHERE id = $1")
                .bind(row.id.clone())
                .bind(row.client_id.clone())
                .bind(row.settings.clone())
                .bind(row.secret_names.clone())
                .bind(row.secrets.clone())
                .bind(row.updated_at);
        Box::pin(self.write(statement))
    }

    fn remove_client<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool>> {
        let unused = "DELETE FROM clients WHERE name = $1 AND NOT EXISTS (SELECT 1 FROM connections WHERE client = $1)";
        Box::pin(self.write(query(unused).bind(name.to_owned())))
    }

    fn insert_connection<'a>(&'a self, row: &'a ConnectionRow) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.write(rows::bind_connection(query(INSERT_CONNECTION), row)))
    }

    fn replace_connection<'a>(&'a self, row: &'a ConnectionRow) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.write(rows::bind_connection(query(REPLACE_CONNECTION), row)))
    }

    fn connection<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<ConnectionRow>>> {
        Box::pin(self.read_connection(query("SELECT * FROM connections WHERE name = $1").bind(name.to_owned())))
    }

    fn connection_by_id<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<ConnectionRow>>> {
        Box::pin(self.read_connection(query("SELECT * FROM connections WHERE id = $1").bind(id.to_owned())))
    }

    fn connections(&self) -> BoxFuture<'_, Result<Vec<ConnectionRow>>> {
        Box::pin(async move {
            let mut reader = self.reader().await?;
            let rows = query("SELECT * FROM connections ORDER BY name").fetch_all(&mut *reader).await;
            let rows = rows.map_err(|error| self.trouble(&error))?;
            rows.iter().map(rows::connection).collect::<sqlx::Result<_>>().map_err(|error| self.trouble(&error))
        })
    }

    fn rename_connection<'a>(&'a self, name: &'a str, to: &'a str, now: i64) -> BoxFuture<'a, Result<Renamed>> {
        Box::pin(async move {
            let mut writer = self.writer().await?;
            let done = query("UPDATE connections SET name = $2, updated_at = $3 WHERE name = $1")
                .bind(name)
                .bind(to)
                .bind(now)
                .execute(&mut *writer)
                .await;
            match done {
                Ok(done) if done.rows_affected() > 0 => Ok(Renamed::Done),
                Ok(_) => Ok(Renamed::Unknown),
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(Renamed::Taken),
                Err(error) => Err(self.trouble(&error)),
            }
        })
    }

    fn remove_connection<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.write(query("DELETE FROM connections WHERE name = $1").bind(name.to_owned())))
    }

    fn revoke_connection<'a>(&'a self, name: &'a str, reason: &'a str, now: i64) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.write(query(REVOKE_CONNECTION).bind(name.to_owned()).bind(reason.to_owned()).bind(now)))
    }

    fn name_account<'a>(&'a self, name: &'a str, account: &'a Account, now: i64) -> BoxFuture<'a, Result<bool>> {
        let statement =
            query(NAME_ACCOUNT).bind(name.to_owned()).bind(account.id.clone()).bind(account.login.clone()).bind(account.name.clone());
        Box::pin(self.write(statement.bind(now)))
    }

    fn begin_refresh<'a>(&'a self, row: &'a ConnectionRow, intent: &'a Intent, owner: &'a str, until: i64) -> BoxFuture<'a, Result<bool>> {
        let statement = query(BEGIN_REFRESH)
            .bind(row.id.clone())
            .bind(intent.generation)
            .bind(owner.to_owned())
            .bind(until)
            .bind(intent.fingerprint.clone())
            .bind(intent.at)
            .bind(row.status.clone());
        Box::pin(self.write(statement))
    }

    fn finish_refresh<'a>(&'a self, id: &'a str, generation: i64, tokens: &'a SealedTokens, now: i64) -> BoxFuture<'a, Result<bool>> {
        let statement = rows::bind_tokens(query(FINISH_REFRESH).bind(id.to_owned()), tokens).bind(generation).bind(now);
        Box::pin(self.write(statement))
    }

    fn abandon_refresh<'a>(
        &'a self,
        id: &'a str,
        generation: i64,
        owner: &'a str,
        outcome: &'a Outcome,
        now: i64,
    ) -> BoxFuture<'a, Result<bool>> {
        let (status, reason) = outcome.status.clone().unzip();
        let statement = query(ABANDON_REFRESH)
            .bind(id.to_owned())
            .bind(generation)
            .bind(owner.to_owned())
            .bind(outcome.keep_intent)
            .bind(status)
            .bind(reason)
            .bind(outcome.retry_at)
            .bind(now);
        Box::pin(self.write(statement))
    }

    fn stored<'a>(&'a self, provider: &'a str, name: &'a str, now: i64) -> BoxFuture<'a, Result<Option<Vec<u8>>>> {
        Box::pin(async move {
            let mut reader = self.reader().await?;
            let row = query("SELECT value FROM storage WHERE provider = $1 AND name = $2 AND expires_at > $3")
                .bind(provider)
                .bind(name)
                .bind(now)
                .fetch_optional(&mut *reader)
                .await
                .map_err(|error| self.trouble(&error))?;
            row.map(|row| row.try_get(0)).transpose().map_err(|error| self.trouble(&error))
        })
    }

    fn keep<'a>(
        &'a self,
        provider: &'a str,
        name: &'a str,
        value: &'a [u8],
        expires_at: i64,
        now: i64,
        most: i64,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let mut writer = self.writer().await?;
            let work = async {
                let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
                query("DELETE FROM storage WHERE expires_at <= $1").bind(now).execute(&mut *transaction).await?;
                let kept = query(KEEP).bind(provider).bind(name).bind(value).bind(expires_at).bind(most).execute(&mut *transaction).await?;
                transaction.commit().await?;
                Ok(kept.rows_affected() > 0)
            };
            work.await.map_err(|error: sqlx::Error| self.trouble(&error))
        })
    }

    fn forget<'a>(&'a self, provider: &'a str, name: &'a str) -> BoxFuture<'a, Result<()>> {
        let statement = query("DELETE FROM storage WHERE provider = $1 AND name = $2");
        Box::pin(async move { self.write(statement.bind(provider.to_owned()).bind(name.to_owned())).await.map(drop) })
    }
}
