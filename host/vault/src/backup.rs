//! Backups: a store in a file, as it was at one moment, and the way back into a store that is in use.
//!
//! A backup is sealed as the store was, with the same keys, and the master key isn't in it. It is a store of its own: what is restored is
//! read from a [`Vault`] that was opened on it, so that any store can be restored into any other, also from SQLite to PostgreSQL.

use std::collections::BTreeSet;
use std::path::Path;

use jeton_runtime::Remedy;

use crate::clients::secrets_place;
use crate::seal::random_id;
use crate::sealed_tokens::{ACCESS_TOKEN, EXTRAS, OPTIONS, REFRESH_TOKEN, place};
use crate::store::sqlite::NewFile;
use crate::store::{ClientRow, ConnectionRow, Restore, Sealed, ValueRow, Written, copy_all};
use crate::vault::{Inner, Row};
use crate::{Error, Result, Vault, clock, storage};

/// Names in an error; what more there are is counted.
const NAMED: usize = 10;

/// A connection that was removed since the backup comes back with tokens that count as newer than any that it had until then.
const LATER: i64 = 1 << 20;

/// Tries, where keys or rows are replaced meanwhile.
const TRIES: usize = 5;

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contents {
    /// Clients.
    pub clients: u64,
    /// Connections.
    pub connections: u64,
    /// Values that providers keep.
    pub values: u64,
    /// Lines of the log.
    pub log: u64,
}

impl Vault {
    /// Writes all of the store, as it is at one moment, into a new file of mode 0600, while others go on using it.
    ///
    /// [`Error::FileExists`] where there is one of that name. To drop this future is safe: no file is left behind.
    pub async fn backup(&self, file: &Path) -> Result<Contents> {
        let mut new = NewFile::begin(file).await?;
        let mut source = self.0.store.source().await?;
        let [_, _, clients, connections, values, log] = copy_all(source.session(), new.session()?).await?;
        drop(source);
        new.finish().await?;
        let line = self.0.log("backup", "ok")?.detail(format!("into {}", file.display()));
        // The backup is there, also where the store itself can't be written.
        if let Err(error) = self.0.store.note(&line).await {
            tracing::warn!(%error, "the backup isn't in the log");
        }
        Ok(Contents { clients, connections, values, log })
    }

    /// Takes clients, connections, providers' values and the log out of another store, in one transaction. Others go on using this one.
    ///
    /// [`Error::Occupied`] where a connection or client is there already, unless `replace` says that it is to be overwritten. Clients
    /// with the same client id and providers' values that are there stay as they are without a word. Everything is sealed anew, with
    /// this store's key, and as of a generation that was never before, so that a refresh which is under way can't mix with it.
    ///
    /// To drop this future is safe: nothing or all was written.
    pub async fn restore(&self, from: &Vault, replace: bool) -> Result<Contents> {
        for _ in 0..TRIES {
            let restoring = Restoring {
                from: &from.0,
                into: &self.0,
                to: self.0.store.restore().await?,
                replace,
                taken: Taken::default(),
                foreign: Taken::default(),
                written: BTreeSet::new(),
            };
            if let Some(contents) = restoring.all().await? {
                return Ok(contents);
            }
            // Sealed with a key that was replaced meanwhile, or somebody changed the rows.
            self.0.reload_keys().await?;
        }
        Err(Error::Store {
            store: self.0.store.name().to_owned(),
            what: "was changed while it was restored".to_owned(),
            hint: "Nothing was restored. Try again".to_owned(),
            remedy: Remedy::Retry,
        })
    }
}

/// A restore that is under way.
struct Restoring<'a> {
    from: &'a Inner,
    into: &'a Inner,
    to: Restore,
    replace: bool,
    /// What is there already.
    taken: Taken,
    /// The same, of another provider.
    foreign: Taken,
    /// Ids of connections that got the tokens of one with another name or id.
    written: BTreeSet<String>,
}

/// The first few, and how many more there are.
#[derive(Default)]
struct Taken {
    named: Vec<String>,
    more: usize,
}

impl Taken {
    fn push(&mut self, what: String) {
        match self.named.len() < NAMED {
            true => self.named.push(what),
            false => self.more += 1,
        }
    }

    fn into_error(mut self, store: &str, replaceable: bool) -> Option<Error> {
        if self.more > 0 {
            self.named.push(format!("{} more", self.more));
        }
        let taken = self.named;
        (!taken.is_empty()).then(|| Error::Occupied { store: store.to_owned(), taken, replaceable })
    }
}

/// Something was changed meanwhile.
struct Again;

impl Restoring<'_> {
    /// `None` where it is to be done again.
    async fn all(mut self) -> Result<Option<Contents>> {
        let mut contents = Contents::default();
        if let Err(Again) = self.rows(&mut contents).await? {
            return Ok(None);
        }
        let store = self.into.store.name();
        if let Some(error) = self.foreign.into_error(store, false).or_else(|| self.taken.into_error(store, true)) {
            return Err(error);
        }
        let (file, all) = (self.from.store.name(), contents.connections);
        let line = self.into.log("restore", "ok")?.detail(format!("{all} connections from {file}"));
        self.to.log(&line).await?;
        self.to.commit().await?;
        Ok(Some(contents))
    }

    async fn rows(&mut self, contents: &mut Contents) -> Result<Result<(), Again>> {
        let mut source = self.from.store.source().await?;
        let mut after = String::new();
        loop {
            let page = source.clients_after(&after).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.id);
            for row in page {
                match self.client(row).await? {
                    Written::Done => contents.clients += 1,
                    Written::Nothing => {}
                    Written::Conflict => return Ok(Err(Again)),
                }
            }
        }
        after.clear();
        loop {
            let page = source.connections_after(&after).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.id);
            for row in page {
                match self.connection(row).await? {
                    Written::Done => contents.connections += 1,
                    Written::Nothing => {}
                    Written::Conflict => return Ok(Err(Again)),
                }
            }
        }
        let (mut provider, mut name) = (String::new(), String::new());
        loop {
            let page = source.values_after(&provider, &name).await?;
            let Some(last) = page.last() else { break };
            (provider, name) = (last.provider.clone(), last.name.clone());
            for row in page.into_iter().filter(|row| row.expires_at > clock::now()) {
                match self.value(row).await? {
                    Written::Done => contents.values += 1,
                    Written::Nothing => {}
                    Written::Conflict => return Ok(Err(Again)),
                }
            }
        }
        after.clear();
        loop {
            let page = source.log_after(&after).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.id);
            for row in page {
                contents.log += u64::from(self.to.log(&row).await?.done());
            }
        }
        Ok(Ok(()))
    }

    async fn client(&mut self, before: ClientRow) -> Result<Written> {
        let there = self.to.client(&before.id, &before.name).await?;
        let there = match there {
            // Of the same id under another name: a copy that somebody made.
            Some(there) if there.name != before.name => Err(random_id()?),
            Some(there) => Ok(there),
            None => Err(before.id.clone()),
        };
        match &there {
            Ok(there) if there.provider != before.provider => {
                self.foreign.push(format!("a client {:?} of {}", there.name, there.provider));
                return Ok(Written::Nothing);
            }
            Ok(there) if !self.replace => {
                if there.client_id != before.client_id {
                    self.taken.push(format!("a client {:?} with another client id", there.name));
                }
                return Ok(Written::Nothing);
            }
            _ => {}
        }
        let plain = self.from.unseal(&before.data_key, secrets_place(&before), &before.secrets, &Row::Client(&before.name))?;
        let id = match &there {
            Ok(there) => there.id.clone(),
            Err(id) => id.clone(),
        };
        let mut row = ClientRow { id, updated_at: clock::now(), ..before };
        let sealer = self.into.keys.newest();
        row.secrets = sealer.seal(secrets_place(&row), &plain)?;
        sealer.id().clone_into(&mut row.data_key);
        match there {
            Ok(_) => self.to.replace_client(&row).await,
            // `Nothing`: somebody has just taken the name.
            Err(_) => Ok(if self.to.insert_client(&row).await?.done() { Written::Done } else { Written::Conflict }),
        }
    }

    async fn connection(&mut self, before: ConnectionRow) -> Result<Written> {
        let there = self.to.connection(&before.id, &before.name).await?;
        if let Some(there) = &there
            && (!self.replace || self.written.contains(&there.id))
        {
            self.taken.push(format!("a connection {:?}", there.name));
            return Ok(Written::Nothing);
        }
        let mut row = ConnectionRow { generation: before.generation.saturating_add(LATER), updated_at: clock::now(), ..before.clone() };
        if let Some(there) = &there {
            // The one that is there gets the tokens, and keeps the name that it has by now.
            (row.id, row.name) = (there.id.clone(), there.name.clone());
            row.generation = there.generation.saturating_add(1);
        }
        row.sealed = self.seal_anew(&before, &row)?;
        let written = match there {
            Some(_) => self.to.replace_connection(&row).await?,
            None => self.to.insert_connection(&row).await?,
        };
        if (&row.id, &row.name) != (&before.id, &before.name) {
            self.written.insert(row.id);
        }
        // `Nothing`: a refresh has just ended, or somebody has taken the name.
        Ok(if written.done() { Written::Done } else { Written::Conflict })
    }

    fn seal_anew(&self, before: &ConnectionRow, row: &ConnectionRow) -> Result<Sealed> {
        let sealer = self.into.keys.newest();
        let again = |column, sealed: &[u8]| {
            let from = place(before, column, before.generation);
            let plain = self.from.unseal(&before.sealed.data_key, from, sealed, &Row::Connection(&before.name))?;
            sealer.seal(place(row, column, row.generation), &plain)
        };
        let maybe = |column, sealed: &Option<Vec<u8>>| sealed.as_deref().map(|sealed| again(column, sealed)).transpose();
        Ok(Sealed {
            data_key: sealer.id().to_owned(),
            options: again(OPTIONS, &before.sealed.options)?,
            access: maybe(ACCESS_TOKEN, &before.sealed.access)?,
            refresh: maybe(REFRESH_TOKEN, &before.sealed.refresh)?,
            extras: maybe(EXTRAS, &before.sealed.extras)?,
            ..before.sealed.clone()
        })
    }

    async fn value(&mut self, mut row: ValueRow) -> Result<Written> {
        let place = storage::place(&row.provider, &row.name);
        let plain = self.from.unseal(&row.data_key, place, &row.value, &Row::Storage(&row.provider))?;
        let sealer = self.into.keys.newest();
        row.value = sealer.seal(place, &plain)?;
        sealer.id().clone_into(&mut row.data_key);
        self.to.keep(&row).await
    }
}
