//! From the columns of the statements to rows, and back. The order is that of the statements.

use super::value::{Damaged, Row, Value, values};
use super::{ClientRow, ConnectionRow, Intent, KeyRow, Lease, LogRow, Sealed};
use crate::Result;

/// `$1` to `$27` of a connection that is written whole. Lease and intent are only written by a refresh.
pub(super) fn whole(row: &ConnectionRow) -> Vec<Value> {
    let mut values = vec![Value::from(&row.id)];
    values.extend(replaced(&row.sealed));
    values.extend(values![
        row.generation,
        &row.name,
        &row.provider,
        &row.client,
        &row.grant_kind,
        &row.scopes,
        &row.subject,
        &row.account_id,
        &row.account_login,
        &row.account_name,
        &row.status,
        &row.status_reason,
        row.status_at,
        row.retry_at,
        row.failures,
        row.created_at,
        row.updated_at,
        &row.account_extras,
    ]);
    values
}

/// `$2` to `$9`
pub(super) fn replaced(sealed: &Sealed) -> Vec<Value> {
    values![
        &sealed.data_key,
        &sealed.options,
        &sealed.access,
        &sealed.refresh,
        &sealed.extras,
        &sealed.scope,
        sealed.expires_at,
        sealed.refresh_expires_at,
    ]
}

pub(super) fn key(row: &mut Row) -> Result<KeyRow, Damaged> {
    Ok(KeyRow {
        data_key: row.text()?,
        master_id: row.text()?,
        wrapped: row.bytes()?,
        master_hint: row.maybe_text()?,
        master_number: row.integer()?,
        created_at: row.integer()?,
    })
}

pub(super) fn client(row: &mut Row) -> Result<ClientRow, Damaged> {
    Ok(ClientRow {
        id: row.text()?,
        name: row.text()?,
        provider: row.text()?,
        client_id: row.text()?,
        settings: row.text()?,
        secret_names: row.text()?,
        secrets: row.bytes()?,
        data_key: row.text()?,
        created_at: row.integer()?,
        updated_at: row.integer()?,
    })
}

pub(super) fn connection(row: &mut Row) -> Result<ConnectionRow, Damaged> {
    Ok(ConnectionRow {
        id: row.text()?,
        name: row.text()?,
        provider: row.text()?,
        client: row.text()?,
        grant_kind: row.text()?,
        scopes: row.text()?,
        subject: row.maybe_text()?,
        account_id: row.maybe_text()?,
        account_login: row.maybe_text()?,
        account_name: row.maybe_text()?,
        account_extras: row.maybe_text()?,
        sealed: Sealed {
            data_key: row.text()?,
            options: row.bytes()?,
            access: row.maybe_bytes()?,
            refresh: row.maybe_bytes()?,
            extras: row.maybe_bytes()?,
            scope: row.maybe_text()?,
            expires_at: row.maybe_integer()?,
            refresh_expires_at: row.maybe_integer()?,
        },
        generation: row.integer()?,
        status: row.text()?,
        status_reason: row.maybe_text()?,
        status_at: row.integer()?,
        retry_at: row.maybe_integer()?,
        failures: row.integer()?,
        lease: lease(row)?,
        intent: intent(row)?,
        created_at: row.integer()?,
        updated_at: row.integer()?,
    })
}

fn lease(row: &mut Row) -> Result<Option<Lease>, Damaged> {
    let (owner, beat) = (row.maybe_text()?, row.integer()?);
    Ok(owner.map(|owner| Lease { owner, beat }))
}

fn intent(row: &mut Row) -> Result<Option<Intent>, Damaged> {
    let (generation, fingerprint, at) = (row.maybe_integer()?, row.maybe_text()?, row.maybe_integer()?);
    Ok(match (generation, fingerprint, at) {
        (Some(generation), Some(fingerprint), Some(at)) => Some(Intent { generation, fingerprint, at }),
        _ => None,
    })
}

pub(super) fn log_row(row: &mut Row) -> Result<LogRow, Damaged> {
    Ok(LogRow {
        id: row.text()?,
        at: row.integer()?,
        actor: row.text()?,
        action: row.text()?,
        outcome: row.text()?,
        subject: row.maybe_text()?,
        name: row.maybe_text()?,
        provider: row.maybe_text()?,
        detail: row.maybe_text()?,
    })
}
