//! Where the master key comes from.
//!
//! The master key seals one thing, the store's data keys. It is made once, together with the store; a store that exists never gets a
//! new one, since that could unseal nothing, unless by [`Vault::rekey`](crate::Vault::rekey).

pub(crate) mod file;
#[cfg(feature = "keyring")]
mod keyring;
mod page;
pub(crate) mod passphrase;
mod replace;

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jeton_runtime::Secret;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::store::KeyRow;
use crate::{Error, Result};
pub(crate) use page::Key;

/// Where the master key is kept.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeySource {
    /// A file of mode 0600: 32 bytes in base64.
    File(PathBuf),
    /// An entry of the operating system's keyring. Needs the feature `keyring`.
    Keyring {
        /// The entry's service: "jeton".
        service: String,
        /// The entry's account: what tells several stores apart.
        account: String,
    },
    /// Whoever opens the vault has it: from the environment, or from a service that keeps keys.
    Given {
        /// What errors call it: "the environment variable JETON_MASTER_KEY".
        name: String,
        /// 32 bytes in base64. `None` where there is none: then it can be said what is lost without it.
        key: Option<Secret>,
    },
    /// A passphrase: Argon2id makes the key of it. Takes 64 MiB and a tenth of a second, once for each [`Vault`](crate::Vault).
    Passphrase(Secret),
}

impl KeySource {
    /// The key, or `None` where there is none, or a passphrase is wrong. Reads, and never writes.
    ///
    /// `rows` is what the store keeps: a passphrase's salt is in it.
    pub(crate) async fn find(&self, rows: &[KeyRow]) -> Result<Option<MasterKey>> {
        match self {
            Self::File(path) => file::load(path),
            #[cfg(feature = "keyring")]
            Self::Keyring { service, account } => keyring::load(self, service, account).await,
            #[cfg(not(feature = "keyring"))]
            Self::Keyring { .. } => Err(self.left_out()),
            Self::Given { key: Some(key), .. } => self.parse(key.reveal(), "Make one with `openssl rand -base64 32`").map(Some),
            Self::Given { key: None, .. } => Ok(None),
            Self::Passphrase(passphrase) => passphrase::find(self, passphrase, rows).await,
        }
    }

    /// A new key, unless another process was faster: then that one's.
    pub(crate) async fn create(&self) -> Result<MasterKey> {
        match self {
            Self::File(_) | Self::Keyring { .. } => {
                let key = MasterKey::random()?;
                match self.put(&key).await? {
                    true => Ok(key),
                    false => self.find(&[]).await?.ok_or_else(|| self.not_kept()),
                }
            }
            Self::Given { .. } => Err(self.error("is missing".to_owned(), "Set it to a new key: `openssl rand -base64 32` makes one")),
            Self::Passphrase(passphrase) => passphrase::create(self, passphrase).await,
        }
    }

    /// Keeps the key where there is none. Whether it is this one that is kept now.
    async fn put(&self, key: &MasterKey) -> Result<bool> {
        match self {
            Self::File(path) => file::put(path, key),
            #[cfg(feature = "keyring")]
            Self::Keyring { service, account } => keyring::put(self, service, account, key).await,
            #[cfg(not(feature = "keyring"))]
            Self::Keyring { .. } => Err(self.left_out()),
            Self::Given { .. } | Self::Passphrase(_) => Err(self.not_kept()),
        }
    }

    /// Whether a key that was put there by somebody else is noticed.
    pub(crate) fn can_change(&self) -> bool {
        matches!(self, Self::File(_) | Self::Keyring { .. })
    }

    /// What errors call it.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::File(path) => format!("the key file {}", path.display()),
            Self::Keyring { service, account } => format!("the keyring entry {service}/{account}"),
            Self::Given { name, .. } => name.clone(),
            Self::Passphrase(_) => "the passphrase".to_owned(),
        }
    }

    /// What to do where it is missing.
    pub(crate) fn get_back(&self) -> String {
        match self {
            Self::Given { .. } => format!("Set {} to the key of this store, from where you keep it", self.describe()),
            _ => format!("Put {} back from a backup", self.describe()),
        }
    }

    #[cfg(not(feature = "keyring"))]
    fn left_out(&self) -> Error {
        self.error("this Jeton was built without keyrings".to_owned(), "Build it with the feature `keyring`, or use a key file")
    }

    fn not_kept(&self) -> Error {
        self.error("keeps no key".to_owned(), "Use a key file instead")
    }

    fn parse(&self, text: &[u8], hint: &str) -> Result<MasterKey> {
        match MasterKey::from_text(text) {
            Some(key) => Ok(key),
            None => Err(self.error("is not a key: 32 bytes in base64 are expected".to_owned(), hint)),
        }
    }

    fn error(&self, what: String, hint: impl Into<String>) -> Error {
        Error::Key { key: self.describe(), what, hint: hint.into() }
    }
}

/// 32 bytes that wrap data keys.
pub(crate) struct MasterKey {
    key: Key,
    /// What made it of a passphrase.
    hint: Option<String>,
}

impl MasterKey {
    fn random() -> Result<Self> {
        Ok(Self { key: Key::random()?, hint: None })
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Tells keys apart and says nothing about them: the key is random, so its hash can't be searched for. To guess a passphrase by it
    /// takes as much as to guess by what the key sealed.
    pub(crate) fn id(&self) -> String {
        let digest = Sha256::new().chain_update(b"jeton master key\0").chain_update(self.key.as_slice()).finalize();
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// A line. All of its room is there at once: text that grows leaves copies behind.
    fn to_line(&self) -> Zeroizing<String> {
        let mut line = Zeroizing::new(String::with_capacity(64));
        STANDARD.encode_string(self.key.as_slice(), &mut line);
        line.push('\n');
        line
    }

    fn from_text(text: &[u8]) -> Option<Self> {
        // Room for what a longer text would decode to, so that nothing is left behind by a reallocation.
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
        STANDARD.decode_vec(text.trim_ascii(), &mut bytes).ok()?;
        Some(Self { key: Key::copied(&bytes)?, hint: None })
    }
}
