//! The vault itself: a store, and what unseals it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use zeroize::Zeroizing;

use crate::refresh::Refreshing;
use crate::seal::{Place, Sealer};
use crate::store::Store;
use crate::store::sqlite::SqliteStore;
use crate::{Error, KeySource, Result, clock};

/// Clients and connections, sealed at rest. Copies share one store and one refresh for each connection.
///
/// What is secret is unsealed when it is asked for. Everything else can be read even where a sealed value was tampered with.
#[derive(Clone)]
pub struct Vault(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Box<dyn Store>,
    pub(crate) path: PathBuf,
    sealer: Sealer,
    pub(crate) refreshing: Mutex<HashMap<String, Refreshing>>,
}

impl Vault {
    /// Opens the store in this file. On first use makes it, its key, and the folders they are in.
    ///
    /// A store that exists never gets a new key, and a file that is something else is left as it is.
    pub async fn open(path: &Path, key: KeySource) -> Result<Self> {
        match Self::open_existing(path, key.clone()).await {
            Err(Error::NoStore(_)) => {}
            other => return other,
        }
        let master = match key.load().await? {
            Some(master) => master,
            None => key.create().await?,
        };
        SqliteStore::create(path, &Sealer::generate(&master)?, clock::now()).await?;
        // Opened like any other, for another process may have been faster.
        Self::open_existing(path, key).await
    }

    /// Opens the store in this file and makes nothing: [`Error::NoStore`] where there is none.
    pub async fn open_existing(path: &Path, key: KeySource) -> Result<Self> {
        let (store, wrapped) = SqliteStore::open(path).await?;
        let path = path.to_owned();
        let Some(master) = key.load().await? else {
            return Err(Error::KeyMissing { key: key.describe(), path, lost: inventory(&store).await? });
        };
        if master.id() != wrapped.master_id {
            let (found, expected) = (master.id(), wrapped.master_id);
            return Err(Error::WrongKey { key: key.describe(), path, found, expected });
        }
        let Some(sealer) = Sealer::unwrap(&master, &wrapped) else {
            let instead = "move it away and sign in again".to_owned();
            return Err(Error::Tampered { what: "the store's data key".to_owned(), path, instead });
        };
        Ok(Self(Arc::new(Inner { store: Box::new(store), path, sealer, refreshing: Mutex::default() })))
    }
}

impl Inner {
    pub(crate) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        self.sealer.seal(place, plain)
    }

    pub(crate) fn unseal(&self, place: Place<'_>, sealed: &[u8], row: &Row<'_>) -> Result<Zeroizing<Vec<u8>>> {
        self.sealer.unseal(place, sealed).ok_or_else(|| self.tampered(row, place.column))
    }

    pub(crate) fn tampered(&self, row: &Row<'_>, column: &str) -> Error {
        let (what, instead) = match row {
            Row::Connection(name) => ("connection", format!("sign in again under the name {name:?}")),
            Row::Client(_) => ("client", "enter the client's secrets again".to_owned()),
            Row::Storage(_) => ("provider", "sign in again".to_owned()),
        };
        let (Row::Connection(name) | Row::Client(name) | Row::Storage(name)) = row;
        let what = format!("the {} of the {what} {name:?}", column.replace('_', " "));
        Error::Tampered { what, path: self.path.clone(), instead }
    }

    pub(crate) fn fingerprint(&self, secret: &[u8]) -> String {
        self.sealer.fingerprint(secret)
    }
}

/// Whose row it is, for the person who reads the error.
pub(crate) enum Row<'a> {
    Connection(&'a str),
    Client(&'a str),
    Storage(&'a str),
}

/// What a store holds, without its key.
async fn inventory(store: &dyn Store) -> Result<String> {
    let clients: Vec<_> = store.clients().await?.into_iter().map(|row| row.name).collect();
    let connections: Vec<_> = store.connections().await?.into_iter().map(|row| row.name).collect();
    let list = |what: &str, names: Vec<String>| match names.len() {
        0 => format!("no {what}s"),
        1 => format!("the {what} {}", names.join(", ")),
        many => format!("{many} {what}s ({})", names.join(", ")),
    };
    Ok(format!("{} and {}", list("client", clients), list("connection", connections)))
}

/// The name that was perhaps meant.
pub(crate) fn closest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let scored = known.map(|known| (strsim::jaro_winkler(&name.to_lowercase(), &known.to_lowercase()), known));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}
