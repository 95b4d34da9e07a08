//! Seals rows with the newest data key that another one sealed.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::Result;
use crate::clients::secrets_place;
use crate::sealed_tokens::{ACCESS_TOKEN, EXTRAS, OPTIONS, REFRESH_TOKEN, place};
use crate::storage;
use crate::store::{ClientRow, ConnectionRow, Lease, Sealed, StoredSeal, Written};
use crate::vault::{Inner, Row};

/// How often it is looked whether refreshes have ended.
const LOOK: Duration = Duration::from_millis(50);

/// What a sweep came to.
pub(crate) struct Resealed {
    pub(crate) rows: usize,
    /// The first row that can't be unsealed. The others are done all the same.
    pub(crate) outcome: Result<()>,
}

impl Resealed {
    /// Counts a row, or keeps why it isn't done.
    fn take<T>(&mut self, row: Result<T>) -> Option<T> {
        match row {
            Ok(row) => {
                self.rows += 1;
                Some(row)
            }
            Err(error) => {
                if self.outcome.is_ok() {
                    self.outcome = Err(error);
                }
                None
            }
        }
    }
}

impl Inner {
    /// Every row, once.
    pub(super) async fn reseal_all(&self) -> Result<Resealed> {
        // Somebody may have added a key since.
        self.reload_keys().await?;
        let mut done = Resealed { rows: 0, outcome: Ok(()) };
        self.reseal_clients(&mut done).await?;
        self.reseal_connections(&mut done).await?;
        self.reseal_values(&mut done).await?;
        Ok(done)
    }

    async fn reseal_connections(&self, done: &mut Resealed) -> Result<()> {
        let mut after = String::new();
        loop {
            let rows = self.store.connections_sealed_before(self.keys.newest().id(), &after).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            last.id.clone_into(&mut after);
            let mut new = vec![];
            for row in rows {
                self.know(&row.sealed.data_key).await?;
                let sealed = self.connection_resealed(&row);
                new.extend(done.take(sealed).map(|sealed| (row, sealed)));
            }
            self.settled(self.store.reseal_connections(&new).await?).await?;
        }
    }

    async fn reseal_clients(&self, done: &mut Resealed) -> Result<()> {
        let mut after = String::new();
        loop {
            let rows = self.store.clients_sealed_before(self.keys.newest().id(), &after).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            last.id.clone_into(&mut after);
            let mut new = vec![];
            for row in rows {
                self.know(&row.data_key).await?;
                let sealed = self.client_resealed(&row);
                new.extend(done.take(sealed).map(|sealed| (row, sealed)));
            }
            self.settled(self.store.reseal_clients(&new).await?).await?;
        }
    }

    async fn reseal_values(&self, done: &mut Resealed) -> Result<()> {
        let mut after = (String::new(), String::new());
        loop {
            let rows = self.store.values_sealed_before(self.keys.newest().id(), (&after.0, &after.1)).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = (last.provider.clone(), last.name.clone());
            let mut new = vec![];
            for row in rows {
                self.know(&row.data_key).await?;
                let sealed = self.value_resealed(&row);
                new.extend(done.take(sealed).map(|sealed| (row, sealed)));
            }
            self.settled(self.store.reseal_values(&new).await?).await?;
        }
    }

    /// A key that is gone is known of, before the rows that it was for are looked at again.
    async fn settled(&self, written: Written) -> Result<()> {
        match written {
            Written::Conflict => self.reload_keys().await,
            Written::Done | Written::Nothing => Ok(()),
        }
    }

    fn connection_resealed(&self, row: &ConnectionRow) -> Result<Sealed> {
        let sealer = self.keys.newest();
        let again = |column: &'static str, sealed: &[u8]| {
            let place = place(row, column, row.generation);
            let plain = self.unseal(&row.sealed.data_key, place, sealed, &Row::Connection(&row.name))?;
            sealer.seal(place, &plain)
        };
        let maybe = |column, sealed: &Option<Vec<u8>>| sealed.as_deref().map(|sealed| again(column, sealed)).transpose();
        Ok(Sealed {
            data_key: sealer.id().to_owned(),
            options: again(OPTIONS, &row.sealed.options)?,
            access: maybe(ACCESS_TOKEN, &row.sealed.access)?,
            refresh: maybe(REFRESH_TOKEN, &row.sealed.refresh)?,
            extras: maybe(EXTRAS, &row.sealed.extras)?,
            ..row.sealed.clone()
        })
    }

    fn client_resealed(&self, row: &ClientRow) -> Result<StoredSeal> {
        let (sealer, place) = (self.keys.newest(), secrets_place(row));
        let plain = self.unseal(&row.data_key, place, &row.secrets, &Row::Client(&row.name))?;
        let (provider, name) = (row.provider.clone(), row.name.clone());
        Ok(StoredSeal { provider, name, value: sealer.seal(place, &plain)?, data_key: sealer.id().to_owned() })
    }

    fn value_resealed(&self, row: &StoredSeal) -> Result<StoredSeal> {
        let (sealer, place) = (self.keys.newest(), storage::place(&row.provider, &row.name));
        let plain = self.unseal(&row.data_key, place, &row.value, &Row::Storage(&row.provider))?;
        let (provider, name) = (row.provider.clone(), row.name.clone());
        Ok(StoredSeal { provider, name, value: sealer.seal(place, &plain)?, data_key: sealer.id().to_owned() })
    }

    /// Waits for the refreshes that are under way now. One whose owner shows no sign of life for the length of a lease was killed.
    pub(super) async fn refreshes_end(&self) -> Result<()> {
        let mut open: Option<HashMap<String, (Lease, Instant)>> = None;
        loop {
            let now = Instant::now();
            let mut held: HashMap<_, _> = self.store.leases().await?.into_iter().map(|held| (held.connection, held.lease)).collect();
            let waiting = match open {
                None => held.into_iter().map(|(id, lease)| (id, (lease, now))).collect(),
                Some(before) => {
                    let same = |(id, (seen, since)): (String, (Lease, Instant))| {
                        let lease = held.remove(&id).filter(|lease| lease.owner == seen.owner)?;
                        let since = if lease == seen { since } else { now };
                        (now.duration_since(since) < self.options.lease).then_some((id, (lease, since)))
                    };
                    before.into_iter().filter_map(same).collect::<HashMap<_, _>>()
                }
            };
            if waiting.is_empty() {
                return Ok(());
            }
            open = Some(waiting);
            sleep(LOOK).await;
        }
    }
}
