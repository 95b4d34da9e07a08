//! What happened, for people: who did what to which connection, when, and what came of it. No secrets, and nothing is ever changed in it.

use std::time::SystemTime;

use crate::store::LogRow;
use crate::{Result, Vault, clock};

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEntry {
    /// When.
    pub at: Option<SystemTime>,
    /// Who: a user and process, or a server.
    pub actor: String,
    /// What: "sign-in", "refresh", "revoke", "rename", "remove", "add-client" and so on.
    pub action: String,
    /// "ok", or what came of it: "retry", "reauthorize", "failed".
    pub outcome: String,
    /// The connection's or client's name at that time.
    pub name: Option<String>,
    /// The id of its provider.
    pub provider: Option<String>,
    /// What else is to be said.
    pub detail: Option<String>,
}

impl Vault {
    /// What happened to a connection or client, the newest first: by its name now or then, also after it was renamed or removed.
    pub async fn log(&self, name: &str, most: u32) -> Result<Vec<LogEntry>> {
        let subject = self.0.store.connection(name).await?.map(|row| row.id);
        let rows = self.0.store.log(subject.as_deref(), name, i64::from(most)).await?;
        Ok(rows.into_iter().map(LogEntry::from).collect())
    }

    /// What happened at all, the newest first.
    pub async fn whole_log(&self, most: u32) -> Result<Vec<LogEntry>> {
        let rows = self.0.store.whole_log(i64::from(most)).await?;
        Ok(rows.into_iter().map(LogEntry::from).collect())
    }
}

impl From<LogRow> for LogEntry {
    fn from(row: LogRow) -> Self {
        Self {
            at: clock::system_time(row.at),
            actor: row.actor,
            action: row.action,
            outcome: row.outcome,
            name: row.name,
            provider: row.provider,
            detail: row.detail,
        }
    }
}
