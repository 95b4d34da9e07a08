//! The vault itself: a store, and what unseals it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::data_keys::DataKeys;
use crate::refresh::Refreshing;
use crate::replay::Seen;
use crate::seal::Sealer;
use crate::store::postgres::Postgres;
use crate::store::sqlite::Sqlite;
use crate::store::{LogRow, Store};
use crate::{Error, KeySource, Options, Result, StoreSource, clock};

/// Clients and connections, sealed at rest. Copies share one store and one refresh for each connection.
///
/// What is secret is unsealed when it is asked for. Everything else can be read even where a sealed value was tampered with.
#[derive(Clone)]
pub struct Vault(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) keys: DataKeys,
    pub(crate) options: Options,
    pub(crate) refreshing: Mutex<HashMap<String, Refreshing>>,
    pub(crate) seen: Seen,
}

impl Vault {
    /// Opens a store. On first use makes it, its key, and the folders they are in.
    ///
    /// A store that exists never gets a new key, and a file that is something else is left as it is.
    pub async fn open(store: impl Into<StoreSource>, key: KeySource) -> Result<Self> {
        Options::default().open(store, key).await
    }

    /// Opens a store and makes nothing: [`Error::NoStore`] where there is none.
    pub async fn open_existing(store: impl Into<StoreSource>, key: KeySource) -> Result<Self> {
        Options::default().open_existing(store, key).await
    }
}

impl Options {
    /// [`Vault::open`] with these options.
    pub async fn open(&self, store: impl Into<StoreSource>, key: KeySource) -> Result<Vault> {
        let store = store.into();
        match self.open_existing(store.clone(), key.clone()).await {
            Err(Error::NoStore(_)) => {}
            other => return other,
        }
        let master = match key.find(&[]).await? {
            Some(master) => master,
            None => key.create().await?,
        };
        let first = Sealer::random()?.wrap(&master, 0, clock::now())?;
        match &store {
            StoreSource::File(path) => Sqlite::create(path, &first).await?,
            StoreSource::Postgres(url) => Postgres::create(url, self, &first).await?,
        }
        // Opened like any other, for another process may have been faster.
        self.open_existing(store, key).await
    }

    /// [`Vault::open_existing`] with these options.
    pub async fn open_existing(&self, store: impl Into<StoreSource>, key: KeySource) -> Result<Vault> {
        let store = match store.into() {
            StoreSource::File(path) => Store::new(Sqlite::open(&path).await?),
            StoreSource::Postgres(url) => Store::new(Postgres::open(&url, self).await?),
        };
        let keys = DataKeys::load(&store, key).await?;
        Ok(Vault(Arc::new(Inner { store, keys, options: self.clone(), refreshing: Mutex::default(), seen: Seen::default() })))
    }
}

impl Inner {
    pub(crate) fn tampered(&self, row: &Row<'_>, column: &str) -> Error {
        let (what, instead) = match row {
            Row::Connection(name) => ("connection", format!("sign in again under the name {name:?}")),
            Row::Client(_) => ("client", "enter the client's secrets again".to_owned()),
            Row::Storage(_) => ("provider", "sign in again".to_owned()),
        };
        let (Row::Connection(name) | Row::Client(name) | Row::Storage(name)) = row;
        let what = format!("the {} of the {what} {name:?}", column.replace('_', " "));
        Error::Tampered { what, store: self.store.name().to_owned(), instead }
    }

    /// A line for the log: what is done, and with what outcome.
    pub(crate) fn log(&self, action: &str, outcome: &str) -> Result<LogRow> {
        Ok(LogRow {
            id: clock::ordered_id()?,
            at: clock::now(),
            actor: self.options.actor.clone(),
            action: action.to_owned(),
            outcome: outcome.to_owned(),
            subject: None,
            name: None,
            provider: None,
            detail: None,
        })
    }
}

impl LogRow {
    pub(crate) fn about(mut self, subject: &str, name: &str, provider: &str) -> Self {
        (self.subject, self.name, self.provider) = (Some(subject.to_owned()), Some(name.to_owned()), Some(provider.to_owned()));
        self
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// Whose row it is, for the person who reads the error.
pub(crate) enum Row<'a> {
    Connection(&'a str),
    Client(&'a str),
    Storage(&'a str),
}

/// The name that was perhaps meant.
pub(crate) fn closest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let scored = known.map(|known| (strsim::jaro_winkler(&name.to_lowercase(), &known.to_lowercase()), known));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}
