//! Small values of the providers' own, for the runtime's `storage` capability.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jeton_runtime::{MOST_VALUES, Storage, StorageError};

use crate::seal::Place;
use crate::store::{StoredRow, Written};
use crate::vault::Row;
use crate::{Error, Result, Vault, clock};

const LONGEST_NAME: usize = 128;
const LONGEST_VALUE: usize = 4096;

impl Vault {
    /// A provider's value whose time isn't over.
    pub async fn stored(&self, provider: &str, name: &str) -> Result<Option<String>> {
        let Some((sealed, data_key)) = self.0.store.stored(provider, name, clock::now()).await? else { return Ok(None) };
        self.0.know(&data_key).await?;
        let plain = self.0.unseal(&data_key, place(provider, name), &sealed, &Row::Storage(provider))?;
        let text = std::str::from_utf8(&plain).map_err(|_| self.0.tampered(&Row::Storage(provider), name))?;
        Ok(Some(text.to_owned()))
    }

    /// Keeps a value for a provider, in place of the one before. [`Error::StorageLimit`] where it is too much.
    pub async fn keep(&self, provider: &str, name: &str, value: &str, life: Duration) -> Result<()> {
        if name.is_empty() || name.len() > LONGEST_NAME || value.len() > LONGEST_VALUE {
            let limits = format!("a name has 1 to {LONGEST_NAME} bytes, a value at most {LONGEST_VALUE}");
            return Err(Error::StorageLimit(limits));
        }
        let now = clock::now();
        let most = i64::try_from(MOST_VALUES).unwrap_or(i64::MAX);
        loop {
            let sealer = self.0.keys.newest();
            let sealed = sealer.seal(place(provider, name), value.as_bytes())?;
            let row = StoredRow { provider, name, value: &sealed, data_key: sealer.id(), expires_at: clock::after(now, life) };
            match self.0.store.keep(row, now, most).await? {
                Written::Done => return Ok(()),
                Written::Nothing => return Err(Error::StorageLimit(format!("a provider may keep at most {MOST_VALUES} values"))),
                Written::Conflict => self.0.reload_keys().await?,
            }
        }
    }

    /// Forgets a provider's value, if there is one.
    pub async fn forget(&self, provider: &str, name: &str) -> Result<()> {
        self.0.store.forget(provider, name).await
    }

    /// Forgets all that a provider kept, so that a later one of the same id doesn't read it.
    pub async fn forget_provider(&self, provider: &str) -> Result<()> {
        let mut log = self.0.log("forget-provider", "ok")?;
        log.provider = Some(provider.to_owned());
        self.0.store.forget_all(provider, log).await
    }
}

impl Storage for Vault {
    fn get<'a>(&'a self, provider: &'a str, name: &'a str) -> BoxFuture<'a, Result<Option<String>, StorageError>> {
        Box::pin(async move { self.stored(provider, name).await.map_err(told) })
    }

    fn set<'a>(&'a self, provider: &'a str, name: &'a str, value: &'a str, life: Duration) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move { self.keep(provider, name, value, life).await.map_err(told) })
    }

    fn delete<'a>(&'a self, provider: &'a str, name: &'a str) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move { self.forget(provider, name).await.map_err(told) })
    }
}

/// What the provider hears. It needs no path of this machine's.
fn told(error: Error) -> StorageError {
    match error {
        Error::StorageLimit(_) => StorageError::Full,
        error => {
            tracing::warn!(%error, "a provider's value");
            StorageError::Other("the host's store doesn't work at the moment".to_owned())
        }
    }
}

pub(crate) fn place<'a>(provider: &'a str, name: &'a str) -> Place<'a> {
    Place { table: "storage", row: name, column: "value", provider, generation: 0 }
}
