//! Another master key and another data key, while the store is in use.
//!
//! | step | what opens the store after it | killed here, the next attempt |
//! |---|---|---|
//! | the new master key is made, beside the old one | the old | takes it up |
//! | one transaction: a new data key, and every data key under both master keys | the old and the new | goes on |
//! | the new master key takes the old one's place | the old and the new | goes on |
//! | every row is sealed with the new data key, in batches | the old and the new | goes on |
//! | one transaction: the old keys leave the store | the new | has nothing to do |
//!
//! Others refresh, sign in and read all the while. A row that they write with the old data key is found by the last step, which the
//! database refuses as long as there is one; what they write after it is refused, and they do it again with the new key. A refresh that
//! began before is waited for: the process that makes it may know the old master key alone.

mod sweep;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::data_keys::opens;
use crate::key::MasterKey;
use crate::seal::Sealer;
use crate::store::{KeyRow, Written};
use crate::vault::Inner;
use crate::{Error, KeySource, Result, Vault, clock};

/// What [`Vault::rekey`] did.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Rekeyed {
    /// How many rows were sealed anew: connections, clients and providers' values.
    pub rows: usize,
    /// Where the old master key is kept, if this is a place of Jeton's: for other stores that share it, and for backups.
    pub old_key: Option<String>,
}

impl Vault {
    /// Replaces the master key and the data key, and seals every row anew, while other processes go on using the store.
    ///
    /// The new master key is `to`'s: made there where there is none, and beside the present one where `to` is where that is. Afterwards
    /// it alone opens the store, and this vault goes on with it. Vaults elsewhere whose key is in a file or a keyring notice; others
    /// say that they must be restarted.
    ///
    /// It may be interrupted at any time, by dropping this future too: both keys open the store then, and a further call finishes it.
    /// One that was begun to another `to` is only given up if `anew` says so.
    pub async fn rekey(&self, to: KeySource, anew: bool) -> Result<Rekeyed> {
        self.0.rekey(to, anew).await
    }
}

impl Inner {
    async fn rekey(&self, to: KeySource, anew: bool) -> Result<Rekeyed> {
        let from = self.keys.source();
        let current = self.present(&from).await?;
        let next = Arc::new(to.next(&from, &current, &self.store.keys().await?).await?);
        let old = self.admit(&to, &current, &next, anew).await?;
        self.reload_keys().await?;
        let old_key = to.switch(&from, &current, &next).await?.map(|source| source.describe());
        self.follow(to, next).await?;

        let mut rows = 0;
        loop {
            let resealed = self.reseal_all().await?;
            rows += resealed.rows;
            resealed.outcome?;
            self.refreshes_end().await?;
            let log = self.log("rekey", "ok")?;
            if self.store.remove_keys(&old.data, &old.masters, log).await? == Written::Done {
                return Ok(Rekeyed { rows, old_key });
            }
            // Somebody wrote a row with an old key meanwhile.
        }
    }

    /// The master key in place, which another process may have replaced a moment ago.
    async fn present(&self, from: &KeySource) -> Result<Arc<MasterKey>> {
        self.reload_keys().await?;
        if from.can_change() {
            let rows = self.store.keys().await?;
            if let Some(master) = from.find(&rows).await?.filter(|master| opens(master, &rows)) {
                self.follow(from.clone(), Arc::new(master)).await?;
            }
        }
        Ok(self.keys.master())
    }

    /// Lets the new master key open the store too, with a new data key, unless an earlier attempt did.
    async fn admit(&self, to: &KeySource, current: &Arc<MasterKey>, next: &MasterKey, anew: bool) -> Result<Old> {
        loop {
            let rows = self.store.keys().await?;
            if !opens(current, &rows) {
                let what = "was replaced by somebody else at the same time".to_owned();
                return Err(Error::Key {
                    key: self.keys.source().describe(),
                    what,
                    hint: "See what it is now, and begin again".to_owned(),
                });
            }
            let (here, there) = (current.id(), next.id());
            let latest = rows.iter().max_by_key(|row| row.master_number);
            let begun = latest.filter(|row| row.master_id != here && row.master_id != there);
            if let Some(other) = begun.filter(|_| !anew) {
                let what = format!("is not the one that an unfinished `jeton rekey` leads to, which is {}", other.master_id);
                let hint = "Finish that first, with the --to of then. If that key is lost, give it up with --anew".to_owned();
                return Err(Error::Key { key: to.describe(), what, hint });
            }
            if opens(next, &rows) {
                return Ok(Old::of(&rows, &there, true));
            }
            let wraps = self.wraps(&rows, current, next)?;
            let log = self.log("rekey", "begun")?;
            if self.store.add_data_key(&rows, &wraps, log).await? == Written::Done {
                return Ok(Old::of(&rows, &there, false));
            }
            self.reload_keys().await?;
        }
    }

    /// A new data key under both master keys, first, and the old ones under the new master key.
    fn wraps(&self, rows: &[KeyRow], current: &MasterKey, next: &MasterKey) -> Result<Vec<KeyRow>> {
        let (here, there) = (current.id(), next.id());
        let number = |id: &str| rows.iter().find(|row| row.master_id == id).map(|row| row.master_number);
        let last = rows.iter().map(|row| row.master_number).max().unwrap_or_default();
        let new_number = number(&there).unwrap_or_else(|| last.saturating_add(1));
        // Newer than all others, whatever the clock says.
        let newest = rows.iter().map(|row| row.created_at).max().unwrap_or_default();
        let now = clock::now().max(newest.saturating_add(1));
        let new = Sealer::random()?;
        let mut wraps = vec![new.wrap(current, number(&here).unwrap_or_default(), now)?, new.wrap(next, new_number, now)?];
        for row in rows.iter().filter(|row| row.master_id == here) {
            if !rows.iter().any(|other| other.data_key == row.data_key && other.master_id == there) {
                let sealer = Sealer::unwrap(current, row).ok_or_else(|| self.tampered_key())?;
                wraps.push(sealer.wrap(next, new_number, row.created_at)?);
            }
        }
        Ok(wraps)
    }

    fn tampered_key(&self) -> Error {
        let instead = "move it away and sign in again".to_owned();
        Error::Tampered { what: "the store's data key".to_owned(), store: self.store.name().to_owned(), instead }
    }
}

/// What leaves the store in the end: what was there when the new keys came, and nothing that came later.
struct Old {
    data: Vec<String>,
    masters: Vec<String>,
}

impl Old {
    /// `rows` with the new data key in the first place if that was `admitted` already, else without it.
    fn of(rows: &[KeyRow], next: &str, admitted: bool) -> Self {
        let newest = rows.first().filter(|_| admitted).map(|row| row.data_key.as_str());
        let data: BTreeSet<_> = rows.iter().map(|row| row.data_key.as_str()).filter(|id| Some(*id) != newest).collect();
        let masters: BTreeSet<_> = rows.iter().map(|row| row.master_id.as_str()).filter(|id| *id != next).collect();
        let owned = |ids: BTreeSet<&str>| ids.into_iter().map(str::to_owned).collect();
        Self { data: owned(data), masters: owned(masters) }
    }
}
