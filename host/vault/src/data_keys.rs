//! The keys that rows are sealed with, as far as this process knows them.
//!
//! There are several while `rekey` replaces one. A row names the key that it is sealed with, and the store keeps every key that a row
//! names: a process that seals with a key which was replaced meanwhile is told so by the store, and does it again with the new one.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use zeroize::Zeroizing;

use crate::key::{MasterKey, passphrase};
use crate::seal::{Place, Sealer};
use crate::store::{KeyRow, Store};
use crate::vault::{Inner, Row};
use crate::{Error, KeySource, Result};

pub(crate) struct DataKeys(RwLock<Known>);

struct Known {
    source: KeySource,
    /// What opened the keys. It is asked for again only where it doesn't open the newest any more.
    master: Arc<MasterKey>,
    /// What is sealed from now on.
    newest: Arc<Sealer>,
    /// Also those that are gone from the store: somebody may hold a row that was read before.
    all: HashMap<String, Arc<Sealer>>,
}

impl DataKeys {
    pub(crate) async fn load(store: &Store, source: KeySource) -> Result<Self> {
        Ok(Self(RwLock::new(Known::load(store, &source).await?)))
    }

    pub(crate) fn newest(&self) -> Arc<Sealer> {
        self.known().newest.clone()
    }

    pub(crate) fn source(&self) -> KeySource {
        self.known().source.clone()
    }

    pub(crate) fn master(&self) -> Arc<MasterKey> {
        self.known().master.clone()
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Sealer>> {
        self.known().all.get(id).cloned()
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, known: Known) {
        let mut before = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Known { source, master, newest, all } = known;
        (before.source, before.master, before.newest) = (source, master, newest);
        before.all.extend(all);
    }
}

impl Known {
    async fn load(store: &Store, source: &KeySource) -> Result<Self> {
        let mut rows = store.keys().await?;
        loop {
            if rows.is_empty() {
                return Err(Error::NoStore(store.name().to_owned()));
            }
            let found = match source.find(&rows).await? {
                Some(master) if opens(&master, &rows) => return Self::open(store, source.clone(), Arc::new(master), &rows),
                found => found,
            };
            // Perhaps both were replaced between the look at the store and the one at the key.
            let again = store.keys().await?;
            if ids(&again).eq(ids(&rows)) {
                return Err(unfit(store, source, found, &rows).await?);
            }
            rows = again;
        }
    }

    fn open(store: &Store, source: KeySource, master: Arc<MasterKey>, rows: &[KeyRow]) -> Result<Self> {
        let id = master.id();
        let mut newest = None;
        let mut all = HashMap::new();
        for row in rows.iter().filter(|row| row.master_id == id) {
            let sealer = Arc::new(Sealer::unwrap(&master, row).ok_or_else(|| tampered(store))?);
            newest.get_or_insert_with(|| sealer.clone());
            all.insert(row.data_key.clone(), sealer);
        }
        let newest = newest.ok_or_else(|| tampered(store))?;
        Ok(Self { source, master, newest, all })
    }
}

/// Whether it is the store's master key, or one of its two: one that was replaced doesn't open what came later.
pub(crate) fn opens(master: &MasterKey, rows: &[KeyRow]) -> bool {
    let id = master.id();
    let newest = rows.first().map(|row| &row.data_key);
    rows.iter().any(|row| row.master_id == id && Some(&row.data_key) == newest)
}

fn ids(rows: &[KeyRow]) -> impl Iterator<Item = (&str, &str)> {
    rows.iter().map(|row| (row.data_key.as_str(), row.master_id.as_str()))
}

/// Why the key doesn't open the store.
async fn unfit(store: &Store, source: &KeySource, found: Option<MasterKey>, rows: &[KeyRow]) -> Result<Error> {
    let name = store.name().to_owned();
    let expected = rows.first().map(|row| row.master_id.clone()).unwrap_or_default();
    let key = source.describe();
    Ok(match (source, found) {
        (_, Some(found)) => {
            let hint = match source.kept(&expected).await {
                Some(kept) => format!("The store's key was replaced, and is kept: use {}", kept.describe()),
                None => format!("Use the key that belongs to {name}, or the store that belongs to this key"),
            };
            Error::WrongKey { key, store: name, found: found.id(), expected, hint }
        }
        (KeySource::Passphrase(_), None) if passphrase::is_used(rows) => passphrase::wrong(&name, inventory(store).await?),
        (KeySource::Passphrase(_), None) => {
            let what = format!("doesn't open the store {name}, which has another kind of key");
            Error::Key { key, what, hint: "Say where its key is: with `--key`, a key file, the keyring or the environment".to_owned() }
        }
        (_, None) => Error::KeyMissing { key, hint: source.get_back(), store: name, lost: inventory(store).await? },
    })
}

impl Inner {
    /// Sealed with a key that this process knows.
    pub(crate) fn unseal(&self, data_key: &str, place: Place<'_>, sealed: &[u8], row: &Row<'_>) -> Result<Zeroizing<Vec<u8>>> {
        let plain = self.keys.get(data_key).and_then(|sealer| sealer.unseal(place, sealed));
        plain.ok_or_else(|| self.tampered(row, place.column))
    }

    /// Looks for the key in the store where this process doesn't know it: somebody has replaced keys since.
    pub(crate) async fn know(&self, data_key: &str) -> Result<()> {
        match self.keys.get(data_key) {
            Some(_) => Ok(()),
            None => self.reload_keys().await,
        }
    }

    /// Reads the keys again.
    pub(crate) async fn reload_keys(&self) -> Result<()> {
        let (source, master) = (self.keys.source(), self.keys.master());
        let rows = self.store.keys().await?;
        let replaced = |key| {
            let what = format!("opens the store {} no longer: the key was replaced while this process ran", self.store.name());
            Error::Key { key, what, hint: "Restart this process with the key of now".to_owned() }
        };
        let known = if opens(&master, &rows) {
            Known::open(&self.store, source, master, &rows)
        } else if source.can_change() {
            Known::load(&self.store, &source).await.map_err(|error| match error {
                Error::WrongKey { key, .. } | Error::KeyMissing { key, .. } => replaced(key),
                error => error,
            })
        } else {
            Err(replaced(source.describe()))
        };
        self.keys.learn(known?);
        Ok(())
    }

    /// From now on the key comes from there.
    pub(crate) async fn follow(&self, source: KeySource, master: Arc<MasterKey>) -> Result<()> {
        let rows = self.store.keys().await?;
        self.keys.learn(Known::open(&self.store, source, master, &rows)?);
        Ok(())
    }
}

fn tampered(store: &Store) -> Error {
    let instead = "move it away and sign in again".to_owned();
    Error::Tampered { what: "the store's data key".to_owned(), store: store.name().to_owned(), instead }
}

/// What a store holds, without its key.
async fn inventory(store: &Store) -> Result<String> {
    let clients: Vec<_> = store.clients().await?.into_iter().map(|row| row.name).collect();
    let connections = store.connection_names().await?;
    let list = |what: &str, names: Vec<String>| match names.len() {
        0 => format!("no {what}s"),
        1 => format!("the {what} {}", names.join(", ")),
        many => format!("{many} {what}s ({})", names.join(", ")),
    };
    Ok(format!("{} and {}", list("client", clients), list("connection", connections)))
}
