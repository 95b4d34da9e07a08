//! From SQLite's rows to the store's, and back.

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Result, Row as _, Sqlite};

use crate::store::{ClientRow, ConnectionRow, Intent, SealedTokens};

pub(super) type Statement = Query<'static, Sqlite, SqliteArguments>;

pub(super) fn client(row: &SqliteRow) -> Result<ClientRow> {
    Ok(ClientRow {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        provider: row.try_get("provider")?,
        client_id: row.try_get("client_id")?,
        settings: row.try_get("settings")?,
        secret_names: row.try_get("secret_names")?,
        secrets: row.try_get("secrets")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

pub(super) fn connection(row: &SqliteRow) -> Result<ConnectionRow> {
    let lease_owner: Option<String> = row.try_get("lease_owner")?;
    let fingerprint: Option<String> = row.try_get("intent_fingerprint")?;
    let intent = match fingerprint {
        Some(fingerprint) => Some(Intent { fingerprint, generation: row.try_get("intent_generation")?, at: row.try_get("intent_at")? }),
        None => None,
    };
    Ok(ConnectionRow {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        provider: row.try_get("provider")?,
        client: row.try_get("client")?,
        grant_kind: row.try_get("grant_kind")?,
        scopes: row.try_get("scopes")?,
        subject: row.try_get("subject")?,
        options: row.try_get("options")?,
        account_id: row.try_get("account_id")?,
        account_login: row.try_get("account_login")?,
        account_name: row.try_get("account_name")?,
        tokens: SealedTokens {
            access: row.try_get("access_token")?,
            refresh: row.try_get("refresh_token")?,
            extras: row.try_get("extras")?,
            scope: row.try_get("scope")?,
            expires_at: row.try_get("expires_at")?,
            refresh_expires_at: row.try_get("refresh_expires_at")?,
        },
        generation: row.try_get("generation")?,
        status: row.try_get("status")?,
        status_reason: row.try_get("status_reason")?,
        status_at: row.try_get("status_at")?,
        retry_at: row.try_get("retry_at")?,
        lease: lease_owner.zip(row.try_get("lease_until")?),
        intent,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

/// Binds `$1` to `$24`: what [`INSERT`](super::queries) and its neighbour write. Lease and intent are only written by a refresh.
pub(super) fn bind_connection(query: Statement, row: &ConnectionRow) -> Statement {
    bind_tokens(query.bind(row.id.clone()), &row.tokens)
        .bind(row.generation)
        .bind(row.name.clone())
        .bind(row.provider.clone())
        .bind(row.client.clone())
        .bind(row.grant_kind.clone())
        .bind(row.scopes.clone())
        .bind(row.subject.clone())
        .bind(row.options.clone())
        .bind(row.account_id.clone())
        .bind(row.account_login.clone())
        .bind(row.account_name.clone())
        .bind(row.status.clone())
        .bind(row.status_reason.clone())
        .bind(row.status_at)
        .bind(row.retry_at)
        .bind(row.created_at)
        .bind(row.updated_at)
}

/// Binds the next six.
pub(super) fn bind_tokens(query: Statement, tokens: &SealedTokens) -> Statement {
    query
        .bind(tokens.access.clone())
        .bind(tokens.refresh.clone())
        .bind(tokens.extras.clone())
        .bind(tokens.scope.clone())
        .bind(tokens.expires_at)
        .bind(tokens.refresh_expires_at)
}
