//! `storage`: small values of a provider's own. The host keeps each provider's apart by the id in its manifest.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use wasmtime::Result as Trapped;

use crate::bindings::jeton::provider::storage::{Error, Host};
use crate::call::Call;
use crate::scrub::scrub;

const LONGEST_NAME: usize = 128;
const LONGEST_VALUE: usize = 4096;
const LONGEST_LIFE: u64 = 90 * 24 * 60 * 60;

/// How many values one provider may keep.
pub const MOST_VALUES: usize = 256;

/// Why a value wasn't kept or found.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// This provider keeps [`MOST_VALUES`] already.
    #[error("a provider may keep at most {MOST_VALUES} values")]
    Full,
    /// The store's own trouble.
    #[error("{0}")]
    Other(String),
}

/// Keeps providers' values. Every method takes the provider's id, and must keep the providers apart.
pub trait Storage: Send + Sync + 'static {
    /// A value whose time isn't over.
    fn get<'a>(&'a self, provider: &'a str, name: &'a str) -> BoxFuture<'a, Result<Option<String>, StorageError>>;
    /// Keeps a value, in place of the one before.
    fn set<'a>(&'a self, provider: &'a str, name: &'a str, value: &'a str, life: Duration) -> BoxFuture<'a, Result<(), StorageError>>;
    /// Forgets a value, if there is one.
    fn delete<'a>(&'a self, provider: &'a str, name: &'a str) -> BoxFuture<'a, Result<(), StorageError>>;
}

/// Keeps values as long as the process lives.
#[derive(Default)]
pub struct MemoryStorage(Mutex<HashMap<String, Values>>);

/// One provider's: name → value, and until when.
type Values = HashMap<String, (String, Instant)>;

impl MemoryStorage {
    fn with<T>(&self, provider: &str, work: impl FnOnce(&mut Values) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let values = all.entry(provider.to_owned()).or_default();
        values.retain(|_, (_, until)| *until > Instant::now());
        work(values)
    }
}

impl Storage for MemoryStorage {
    fn get<'a>(&'a self, provider: &'a str, name: &'a str) -> BoxFuture<'a, Result<Option<String>, StorageError>> {
        Box::pin(async move { Ok(self.with(provider, |values| values.get(name).map(|(value, _)| value.clone()))) })
    }

    fn set<'a>(&'a self, provider: &'a str, name: &'a str, value: &'a str, life: Duration) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move {
            self.with(provider, |values| {
                if values.len() >= MOST_VALUES && !values.contains_key(name) {
                    return Err(StorageError::Full);
                }
                values.insert(name.to_owned(), (value.to_owned(), Instant::now() + life));
                Ok(())
            })
        })
    }

    fn delete<'a>(&'a self, provider: &'a str, name: &'a str) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move {
            self.with(provider, |values| values.remove(name));
            Ok(())
        })
    }
}

impl From<StorageError> for Error {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Full => Self::Limit(error.to_string()),
            StorageError::Other(text) => Self::Other(text),
        }
    }
}

impl Call {
    /// Values are sealed, their names aren't: no live secret may stand in one.
    fn name(&mut self, name: &str) -> Trapped<String> {
        self.count_searched(name.len())?;
        Ok(scrub(name, &self.live).into_owned())
    }
}

impl Host for Call {
    async fn get(&mut self, name: String) -> Trapped<Result<Option<String>, Error>> {
        let name = self.name(&name)?;
        Ok(self.lent.storage.get(&self.loaded.manifest.id, &name).await.map_err(Error::from))
    }

    async fn set(&mut self, name: String, value: String, time_to_live: u64) -> Trapped<Result<(), Error>> {
        if name.is_empty() || name.len() > LONGEST_NAME || value.len() > LONGEST_VALUE || time_to_live > LONGEST_LIFE {
            let limits = format!("name at most {LONGEST_NAME} bytes, value {LONGEST_VALUE} bytes, time to live {LONGEST_LIFE} seconds");
            return Ok(Err(Error::Limit(limits)));
        }
        let name = self.name(&name)?;
        let life = Duration::from_secs(time_to_live);
        Ok(self.lent.storage.set(&self.loaded.manifest.id, &name, &value, life).await.map_err(Error::from))
    }

    async fn delete(&mut self, name: String) -> Trapped<Result<(), Error>> {
        let name = self.name(&name)?;
        Ok(self.lent.storage.delete(&self.loaded.manifest.id, &name).await.map_err(Error::from))
    }
}
