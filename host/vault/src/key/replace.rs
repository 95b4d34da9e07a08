//! How one master key comes to stand in the place of another, whenever the process is killed.
//!
//! The new key is made beside the old one, durably, before the store hears of it. It takes the old one's place when it opens the
//! store; the old one does too, until the very end. Afterwards the old one is kept under a name that says which it was: another store may
//! share the key, and a backup of this one needs it.

use super::{KeySource, MasterKey, passphrase};
use crate::store::KeyRow;
use crate::{Error, Result};

/// What the key that is to come is called, beside the one in place.
const NEXT: &str = "new";

impl KeySource {
    /// The key to come: the one of an attempt that was interrupted, or a new one.
    pub(crate) async fn next(&self, from: &Self, current: &MasterKey, rows: &[KeyRow]) -> Result<MasterKey> {
        let next = match self {
            Self::Passphrase(text) => match self.find(rows).await? {
                Some(begun) if begun.id() != current.id() => begun,
                // Also for the same passphrase again: with another salt it makes another key.
                _ => passphrase::create(self, text).await?,
            },
            Self::Given { .. } => match self.find(rows).await? {
                Some(given) => given,
                None => return Err(self.error("is missing".to_owned(), "Set it to a new key: `openssl rand -base64 32` makes one")),
            },
            _ if self.same_place(from) => self.beside(NEXT).made(current).await?,
            _ => match self.find(rows).await? {
                Some(there) => there,
                None => self.create().await?,
            },
        };
        match next.id() == current.id() {
            true => Err(self.error("has the key that the store is sealed with now".to_owned(), "Name another place for the new key")),
            false => Ok(next),
        }
    }

    /// Puts the new key in the old one's place, where they have the same. Where the old one is kept then.
    pub(crate) async fn switch(&self, from: &Self, current: &MasterKey, next: &MasterKey) -> Result<Option<Self>> {
        if !self.can_change() || !self.same_place(from) {
            return Ok(None);
        }
        let old = self.beside(&current.id());
        if !old.put(current).await? {
            return Err(old.error("has another key than the one of this name".to_owned(), "Move it away, and begin again"));
        }
        match (self, self.beside(NEXT)) {
            (Self::File(path), Self::File(new)) => super::file::replace(&new, path)?,
            #[cfg(feature = "keyring")]
            (Self::Keyring { service, account }, Self::Keyring { account: new, .. }) => {
                super::keyring::set(self, service, account, next).await?;
                super::keyring::remove(self, service, &new).await?;
            }
            _ => {}
        }
        match self.find(&[]).await? {
            Some(there) if there.id() == next.id() => Ok(Some(old)),
            _ => Err(self.error("was replaced by something else at the same time".to_owned(), "Begin again")),
        }
    }

    /// Where the key with this fingerprint is kept, if it was replaced here before.
    pub(crate) async fn kept(&self, id: &str) -> Option<Self> {
        let old = self.beside(id);
        let found = if old.can_change() { old.find(&[]).await.ok()?? } else { return None };
        (found.id() == id).then_some(old)
    }

    /// The key here, made if need be. One that is in place already was left behind by an attempt that was interrupted.
    async fn made(&self, current: &MasterKey) -> Result<MasterKey> {
        match self.find(&[]).await? {
            Some(there) if there.id() != current.id() => return Ok(there),
            Some(_) => self.remove().await?,
            None => {}
        }
        self.create().await
    }

    async fn remove(&self) -> Result<()> {
        match self {
            Self::File(path) => std::fs::remove_file(path).map_err(|error| {
                let what = format!("can't be removed: {error}");
                Error::Key { key: self.describe(), what, hint: "Check who owns the folder".to_owned() }
            }),
            #[cfg(feature = "keyring")]
            Self::Keyring { service, account } => super::keyring::remove(self, service, account).await,
            _ => Ok(()),
        }
    }

    fn same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(a), Self::File(b)) => a == b,
            (Self::Keyring { service: a, account: x }, Self::Keyring { service: b, account: y }) => (a, x) == (b, y),
            _ => false,
        }
    }

    fn beside(&self, suffix: &str) -> Self {
        match self {
            Self::File(path) => {
                let mut path = path.as_os_str().to_owned();
                path.push(format!(".{suffix}"));
                Self::File(path.into())
            }
            Self::Keyring { service, account } => Self::Keyring { service: service.clone(), account: format!("{account}.{suffix}") },
            other => other.clone(),
        }
    }
}
