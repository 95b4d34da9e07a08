//! Which connections are due to be refreshed, by index: a page at a time, those that wait longest first.
//!
//! Those with a refresh token, and those whose grant can be repeated without a person.

use super::Store;
use super::value::{Damaged, Row, values};
use crate::Result;

/// A connection that may be due.
#[derive(Clone, Debug)]
pub(crate) struct DueRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) generation: i64,
    /// What the page is sorted by.
    pub(crate) at: i64,
}

/// Why a connection may be due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Its access token expires.
    Expiry,
    /// Its tokens were got long ago. For an active connection `status_at` is when that was.
    Idle,
    /// The last try failed, and its pause is over.
    Again,
}

const EXPIRY: &str = "SELECT id, name, generation, expires_at FROM connections \
    WHERE provider = $1 AND status = 'active' AND expires_at <= $2 AND (expires_at, id) > ($3, $4) AND (refresh_token IS NOT NULL OR grant_kind IN ('client-credentials', 'jwt-bearer')) \
    ORDER BY expires_at, id LIMIT 100";

const IDLE: &str = "SELECT id, name, generation, status_at FROM connections \
    WHERE provider = $1 AND status = 'active' AND status_at <= $2 AND (status_at, id) > ($3, $4) AND (refresh_token IS NOT NULL OR grant_kind IN ('client-credentials', 'jwt-bearer')) \
    ORDER BY status_at, id LIMIT 100";

const AGAIN: &str = "SELECT id, name, generation, status_at FROM connections \
    WHERE provider = $1 AND status = 'retry' AND (status_at, id) > ($3, $4) AND (refresh_token IS NOT NULL OR grant_kind IN ('client-credentials', 'jwt-bearer')) \
    AND (retry_at IS NULL OR retry_at <= $5) AND (expires_at IS NULL OR expires_at <= $2) \
    ORDER BY status_at, id LIMIT 100";

impl Store {
    /// The providers that have clients, and so perhaps connections.
    pub(crate) async fn providers(&self) -> Result<Vec<String>> {
        self.many("SELECT DISTINCT provider FROM clients ORDER BY provider", vec![], |row| row.text()).await
    }

    /// A provider's connections behind this one that were due by `until`. Those with a service in trouble are due when that has passed.
    pub(crate) async fn due(&self, why: Why, provider: &str, until: i64, after: (i64, &str), now: i64) -> Result<Vec<DueRow>> {
        let mut values = values![provider, until, after.0, after.1];
        let sql = match why {
            Why::Expiry => EXPIRY,
            Why::Idle => IDLE,
            Why::Again => {
                values.push(now.into());
                AGAIN
            }
        };
        self.many(sql, values, due).await
    }
}

fn due(row: &mut Row) -> Result<DueRow, Damaged> {
    Ok(DueRow { id: row.text()?, name: row.text()?, generation: row.integer()?, at: row.integer()? })
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Row as _};

    use super::{AGAIN, EXPIRY, IDLE};
    use crate::store::MIGRATIONS;

    #[tokio::test]
    async fn what_is_due_is_found_by_index_and_not_by_reading_the_table() {
        let mut sql = sqlx::SqliteConnection::connect(":memory:").await.unwrap();
        for migration in MIGRATIONS {
            sqlx::raw_sql(migration).execute(&mut sql).await.unwrap();
        }
        for (statement, index) in [
            (EXPIRY, "connections_by_expiry (provider=? AND status=? AND expires_at"),
            (IDLE, "connections_by_update (provider=? AND status=? AND status_at"),
            (AGAIN, "connections_by_update (provider=? AND status=? AND status_at"),
        ] {
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
            let plan = sqlx::query(explain).fetch_all(&mut sql).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
            assert!(plan[0].starts_with("SEARCH connections USING INDEX") && plan[0].contains(index), "{plan:?}");
            assert!(plan.iter().all(|step| !step.contains("SCAN")), "{plan:?}");
        }
    }
}
