//! Where the master key comes from.
//!
//! The master key seals one thing, the store's data key. It is made once, together with the store; a store that exists never gets a
//! new one, since that could unseal nothing.

pub(crate) mod file;
#[cfg(feature = "keyring")]
mod keyring;

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::seal::{Key, random};
use crate::{Error, Result};

/// Where the master key is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

impl KeySource {
    /// The key, or `None` where there is none. Reads, and never writes.
    pub(crate) async fn load(&self) -> Result<Option<MasterKey>> {
        match self {
            Self::File(path) => file::load(path),
            #[cfg(feature = "keyring")]
            Self::Keyring { service, account } => keyring::load(self, service, account).await,
            #[cfg(not(feature = "keyring"))]
            Self::Keyring { .. } => Err(self.left_out()),
        }
    }

    /// A new key, unless another process was faster: then that one's.
    pub(crate) async fn create(&self) -> Result<MasterKey> {
        let key = MasterKey(random()?);
        match self {
            Self::File(path) => file::create(path, key),
            #[cfg(feature = "keyring")]
            Self::Keyring { service, account } => keyring::create(self, service, account, key).await,
            #[cfg(not(feature = "keyring"))]
            Self::Keyring { .. } => Err(self.left_out()),
        }
    }

    /// What errors call it.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::File(path) => format!("the key file {}", path.display()),
            Self::Keyring { service, account } => format!("the keyring entry {service}/{account}"),
        }
    }

    #[cfg(not(feature = "keyring"))]
    fn left_out(&self) -> Error {
        self.error("this Jeton was built without keyrings".to_owned(), "Build it with the feature `keyring`, or use a key file")
    }

    fn error(&self, what: String, hint: impl Into<String>) -> Error {
        Error::Key { key: self.describe(), what, hint: hint.into() }
    }
}

/// 32 random bytes that wrap data keys.
pub(crate) struct MasterKey(Key);

impl MasterKey {
    pub(crate) fn bytes(&self) -> &Key {
        &self.0
    }

    /// Tells keys apart and says nothing about them: the key is random, so its hash can't be searched for.
    pub(crate) fn id(&self) -> String {
        let digest = Sha256::new().chain_update(b"jeton master key\0").chain_update(self.0.as_slice()).finalize();
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_slice()))
    }

    fn from_text(text: &[u8]) -> Option<Self> {
        // Room for what a longer text would decode to, so that nothing is left behind by a reallocation.
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
        STANDARD.decode_vec(text.trim_ascii(), &mut bytes).ok()?;
        let mut key = Key::default();
        if bytes.len() != key.len() {
            return None;
        }
        key.copy_from_slice(&bytes);
        Some(Self(key))
    }
}
