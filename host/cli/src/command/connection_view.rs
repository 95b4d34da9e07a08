//! A connection as people and programs see it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use jeton_runtime::Account;
use jeton_vault::{ConnectionInfo, Status};
use serde_json::{Value, json};

use crate::show_time::{relative, rfc3339};

/// `Ada Lovelace (ada@example.com)`, or as much of it as is known.
pub fn account(account: &Account) -> String {
    match (&account.name, &account.login) {
        (Some(name), Some(login)) => format!("{name} ({login})"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => account.id.clone(),
    }
}

/// The same for programs, with what the provider says besides: a drive's id.
pub fn account_as_json(account: &Account) -> Value {
    let extras: BTreeMap<_, _> = account.extras.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    json!({ "id": account.id, "login": account.login, "name": account.name, "extras": extras })
}

/// In a word.
pub fn status(connection: &ConnectionInfo) -> &'static str {
    match connection.status {
        Status::Active => "active",
        Status::Retry { .. } => "retry",
        Status::Reauthorize { .. } => "reauthorize",
        Status::Revoked { .. } => "revoked",
    }
}

/// Why the status is what it is.
pub fn reason(connection: &ConnectionInfo) -> Option<&str> {
    match &connection.status {
        Status::Retry { reason, .. } | Status::Reauthorize { reason, .. } => Some(reason),
        Status::Active | Status::Revoked { .. } => None,
    }
}

/// When the access token expires, for people.
pub fn expiry(connection: &ConnectionInfo) -> String {
    match (connection.expires_at, &connection.status) {
        (_, Status::Revoked { .. }) => "—".to_owned(),
        (Some(at), _) => relative(at, SystemTime::now()),
        (None, _) => "never".to_owned(),
    }
}

/// What was asked for and wasn't granted: some services let people leave scopes out.
pub fn not_granted(connection: &ConnectionInfo) -> Vec<&str> {
    let Some(scope) = &connection.scope else { return vec![] };
    let granted: Vec<_> = scope.split([' ', ',']).collect();
    connection.scopes.iter().map(String::as_str).filter(|asked| !granted.contains(asked)).collect()
}

/// All of it.
pub fn as_json(connection: &ConnectionInfo) -> Value {
    let account = connection.account.as_ref();
    json!({
        "name": connection.name.as_str(),
        "provider": connection.provider,
        "client": connection.client.as_str(),
        "grant": connection.grant.name(),
        "scopes": connection.scopes,
        "scope": connection.scope,
        "account": account.map(account_as_json),
        "status": status(connection),
        "reason": reason(connection),
        "refreshable": connection.refreshable,
        "expires_at": connection.expires_at.map(rfc3339),
        "refresh_expires_at": connection.refresh_expires_at.map(rfc3339),
        "created_at": connection.created_at.map(rfc3339),
        "updated_at": connection.updated_at.map(rfc3339),
    })
}
