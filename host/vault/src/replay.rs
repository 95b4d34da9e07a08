//! Whether a connection was put back to an earlier state.
//!
//! A sealed value opens in its own place and generation only. A whole row from before, with its generation, is as good as it was then:
//! only somebody who has seen a later one can tell. So a process remembers the generations of the tokens that it has unsealed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::store::ConnectionRow;
use crate::vault::Inner;
use crate::{Error, Result};

/// Connections that are remembered. Beyond that some are forgotten.
const MOST: usize = 20_000;

/// The highest generation of each connection that this process has unsealed.
#[derive(Default)]
pub(crate) struct Seen(Mutex<HashMap<String, i64>>);

impl Seen {
    /// These tokens are genuine.
    pub(crate) fn note(&self, row: &ConnectionRow) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(highest) = seen.get_mut(&row.id) {
            *highest = row.generation.max(*highest);
            return;
        }
        if seen.len() >= MOST
            && let Some(other) = seen.keys().next().cloned()
        {
            seen.remove(&other);
        }
        seen.insert(row.id.clone(), row.generation);
    }

    /// A person signed in again, to whatever there was before.
    pub(crate) fn forget(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    fn is_newer_than(&self, row: &ConnectionRow) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&row.id).is_some_and(|highest| *highest > row.generation)
    }
}

impl Inner {
    /// The row, unless this process has seen later tokens than its.
    pub(crate) async fn current(&self, row: ConnectionRow) -> Result<ConnectionRow> {
        if !self.seen.is_newer_than(&row) {
            return Ok(row);
        }
        // Perhaps it was read before those. What is read from now on wasn't.
        let (id, name) = (row.id, row.name);
        match self.store.connection_by_id(&id).await? {
            Some(row) if self.seen.is_newer_than(&row) => Err(Error::Replayed { name, store: self.store.name().to_owned() }),
            Some(row) => {
                self.know(&row.sealed.data_key).await?;
                Ok(row)
            }
            None => Err(self.unknown_connection(&name).await?),
        }
    }
}
