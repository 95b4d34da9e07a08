//! Sealing: what the store keeps of a secret.
//!
//! A sealed value is one byte of version, a nonce of 24 random bytes, and the output of XChaCha20-Poly1305. Its associated data is its
//! [`Place`]: a value that is moved to another row or column, or put back from before a refresh, doesn't open. A place holds the
//! provider too, so that nobody who can write to the file gets a token sent to another service.

use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut as _, KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::key::{Key, MasterKey};
use crate::store::KeyRow;
use crate::{Error, Result};

const VERSION: u8 = 1;
const NONCE: usize = 24;
const HEAD: usize = 1 + NONCE;
const TAG: usize = 16;

/// Random bytes from the system: for names and chance. A key makes its own, in its own place.
pub(crate) fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::Random(error.to_string()))?;
    Ok(bytes)
}

/// A new row's id: 16 random bytes in hex.
pub(crate) fn random_id() -> Result<String> {
    Ok(random()?.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}

/// Where a sealed value stands. It opens nowhere else.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) table: &'static str,
    pub(crate) row: &'a str,
    pub(crate) column: &'a str,
    pub(crate) provider: &'a str,
    /// Grows with every change of a connection's tokens; 0 where nothing is ever replaced by an older value.
    pub(crate) generation: i64,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        for part in [self.table, self.row, self.column, self.provider] {
            // Lengths, so that no two places have the same bytes.
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes.extend_from_slice(&self.generation.to_le_bytes());
        bytes
    }
}

/// Seals and unseals with a data key.
pub(crate) struct Sealer {
    id: String,
    key: Key,
}

impl Sealer {
    pub(crate) fn new(id: String, key: Key) -> Self {
        Self { id, key }
    }

    /// With a new data key.
    pub(crate) fn random() -> Result<Self> {
        Ok(Self::new(random_id()?, Key::random()?))
    }

    /// What rows that it seals call it.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What the store keeps of it.
    pub(crate) fn wrap(&self, master: &MasterKey, master_number: i64, created_at: i64) -> Result<KeyRow> {
        let (data_key, master_id) = (self.id.clone(), master.id());
        let wrapped = seal(master.key(), key_place(&data_key, &master_id), self.key.as_slice())?;
        Ok(KeyRow { data_key, master_id, wrapped, master_hint: master.hint().map(str::to_owned), master_number, created_at })
    }

    /// `None`: the master key is another, or the wrapped key was tampered with.
    pub(crate) fn unwrap(master: &MasterKey, row: &KeyRow) -> Option<Self> {
        let bytes = unseal(master.key(), key_place(&row.data_key, &row.master_id), &row.wrapped)?;
        Some(Self::new(row.data_key.clone(), Key::copied(&bytes)?))
    }

    pub(crate) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        seal(&self.key, place, plain)
    }

    /// `None`: it was tampered with, or is not from this place.
    pub(crate) fn unseal(&self, place: Place<'_>, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        unseal(&self.key, place, sealed)
    }

    /// Tells secrets apart without a word about them. Keyed, so that it can't be compared across stores.
    pub(crate) fn fingerprint(&self, secret: &[u8]) -> String {
        let digest = Sha256::new().chain_update(b"jeton fingerprint\0").chain_update(self.key.as_slice()).chain_update(secret).finalize();
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn key_place<'a>(data_key: &'a str, master_id: &'a str) -> Place<'a> {
    Place { table: "keys", row: data_key, column: "wrapped", provider: master_id, generation: 0 }
}

fn seal(key: &Key, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
    let mut nonce = XNonce::default();
    getrandom::fill(&mut nonce).map_err(|error| Error::Random(error.to_string()))?;
    // All of it reserved at once: the plaintext is encrypted where it stands and leaves no copy behind.
    let mut sealed = Vec::with_capacity(HEAD + plain.len() + TAG);
    sealed.push(VERSION);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let tag = XChaCha20Poly1305::new(key.as_slice().try_into().map_err(|_| too_long())?)
        .encrypt_inout_detached(&nonce, &place.bytes(), InOutBuf::from(sealed.get_mut(HEAD..).unwrap_or_default()))
        .map_err(|_| too_long())?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

fn unseal(key: &Key, place: Place<'_>, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (&version, rest) = sealed.split_first()?;
    let (nonce, rest) = rest.split_at_checked(NONCE)?;
    let (body, tag) = rest.split_at_checked(rest.len().checked_sub(TAG)?)?;
    if version != VERSION {
        return None;
    }
    let mut plain = Zeroizing::new(body.to_vec());
    XChaCha20Poly1305::new(key.as_slice().try_into().ok()?)
        .decrypt_inout_detached(
            &XNonce::try_from(nonce).ok()?,
            &place.bytes(),
            InOutBuf::from(plain.as_mut_slice()),
            &Tag::try_from(tag).ok()?,
        )
        .ok()?;
    Some(plain)
}

/// The cipher's only complaint; it takes 256 GiB to hear it.
fn too_long() -> Error {
    Error::StorageLimit("the value is too long to be sealed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'static> = Place { table: "connections", row: "r1", column: "access_token", provider: "box", generation: 7 };

    #[test]
    fn what_was_sealed_opens_in_its_place_and_in_no_other() {
        let sealer = Sealer::random().unwrap();
        let sealed = sealer.seal(PLACE, b"token").unwrap();
        assert_eq!(sealer.unseal(PLACE, &sealed).unwrap().as_slice(), b"token");
        for other in [
            Place { table: "clients", ..PLACE },
            Place { row: "r2", ..PLACE },
            Place { column: "refresh_token", ..PLACE },
            Place { provider: "evil", ..PLACE },
            Place { generation: 6, ..PLACE },
        ] {
            assert!(sealer.unseal(other, &sealed).is_none());
        }
        assert!(Sealer::random().unwrap().unseal(PLACE, &sealed).is_none());
    }

    #[test]
    fn every_changed_bit_and_every_missing_byte_is_noticed() {
        let sealer = Sealer::random().unwrap();
        let sealed = sealer.seal(PLACE, b"token").unwrap();
        for index in 0..sealed.len() {
            assert!(sealer.unseal(PLACE, &sealed[..index]).is_none());
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(sealer.unseal(PLACE, &changed).is_none());
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_the_same_way_twice() {
        let sealer = Sealer::random().unwrap();
        assert_ne!(sealer.seal(PLACE, b"token").unwrap(), sealer.seal(PLACE, b"token").unwrap());
    }

    #[test]
    fn places_with_the_same_letters_differ() {
        let (a, b) = (Place { row: "ab", column: "c", ..PLACE }, Place { row: "a", column: "bc", ..PLACE });
        assert_ne!(a.bytes(), b.bytes());
    }
}
