//! The master key from a passphrase: Argon2id (RFC 9106), with what it needs besides the passphrase in the store.
//!
//! That is not secret, but whoever can write to the store may have changed it: costs have bounds.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use jeton_runtime::Secret;
use zeroize::Zeroizing;

use super::{Key, KeySource, MasterKey};
use crate::seal::random;
use crate::store::KeyRow;
use crate::{Error, Result};

/// The fewest bytes of a new passphrase. A store that was copied can be guessed at for years.
const SHORTEST: usize = 12;

/// The second recommendation of RFC 9106, section 4: 64 MiB, three passes, four lanes.
const COST: Cost = Cost { memory: 64 * 1024, passes: 3, lanes: 4 };

/// What a store may ask for: a GiB and some seconds.
const MOST: Cost = Cost { memory: 1024 * 1024, passes: 16, lanes: 16 };

/// Salts of one store that are tried. There are two while a key is replaced.
const MOST_HINTS: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    /// In KiB.
    memory: u32,
    passes: u32,
    lanes: u32,
}

#[derive(Debug, PartialEq, Eq)]
struct Hint {
    cost: Cost,
    salt: Vec<u8>,
}

impl Hint {
    fn new() -> Result<Self> {
        Ok(Self { cost: COST, salt: random()?.iter().take(16).copied().collect() })
    }

    /// `argon2id$v=19$m=65536,t=3,p=4$SALT`, as in the PHC string format.
    fn to_text(&self) -> String {
        let Cost { memory, passes, lanes } = self.cost;
        format!("argon2id$v=19$m={memory},t={passes},p={lanes}${}", STANDARD_NO_PAD.encode(&self.salt))
    }

    /// `None` for what this Jeton doesn't write and doesn't dare to compute.
    fn from_text(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("argon2id$v=19$m=")?;
        let (costs, salt) = rest.split_once('$')?;
        let (memory, costs) = costs.split_once(",t=")?;
        let (passes, lanes) = costs.split_once(",p=")?;
        let cost = Cost { memory: memory.parse().ok()?, passes: passes.parse().ok()?, lanes: lanes.parse().ok()? };
        let bounded = cost.memory <= MOST.memory && cost.passes <= MOST.passes && cost.lanes <= MOST.lanes;
        let salt = STANDARD_NO_PAD.decode(salt).ok()?;
        (bounded && (8..=64).contains(&salt.len())).then_some(Self { cost, salt })
    }
}

/// Whether the store has a passphrase at all.
pub(crate) fn is_used(rows: &[KeyRow]) -> bool {
    rows.iter().any(|row| row.master_hint.is_some())
}

/// The store's master key that this passphrase makes, if it does.
pub(super) async fn find(source: &KeySource, passphrase: &Secret, rows: &[KeyRow]) -> Result<Option<MasterKey>> {
    let mut tried: Vec<&str> = vec![];
    let mut strange = false;
    for row in rows {
        let Some(text) = row.master_hint.as_deref() else { continue };
        if tried.contains(&text) || tried.len() >= MOST_HINTS {
            continue;
        }
        tried.push(text);
        let Some(hint) = Hint::from_text(text) else {
            strange = true;
            continue;
        };
        let master = derive(source, passphrase, hint).await?;
        if rows.iter().any(|row| row.master_id == master.id()) {
            return Ok(Some(master));
        }
    }
    match strange {
        true => Err(source.error(
            "the store says in a strange way how the key is made of it".to_owned(),
            "A newer Jeton may have written that; else it was tampered with: restore a backup of the store",
        )),
        false => Ok(None),
    }
}

/// A new master key of this passphrase.
pub(super) async fn create(source: &KeySource, passphrase: &Secret) -> Result<MasterKey> {
    if passphrase.reveal().len() < SHORTEST {
        let what = format!("is too short: at least {SHORTEST} characters are needed");
        return Err(source.error(what, "Take several words that nobody would guess together"));
    }
    derive(source, passphrase, Hint::new()?).await
}

async fn derive(source: &KeySource, passphrase: &Secret, hint: Hint) -> Result<MasterKey> {
    let passphrase = passphrase.clone();
    // It takes long on purpose: not on a thread that others wait for.
    let made = tokio::task::spawn_blocking(move || hash(&passphrase, &hint).map(|key| MasterKey { key, hint: Some(hint.to_text()) }));
    let made = made.await.map_err(|error| error.to_string()).and_then(|made| made);
    made.map_err(|what| source.error(format!("no key can be made of it: {what}"), "It takes 64 MiB of memory: see that there is as much"))
}

fn hash(passphrase: &Secret, hint: &Hint) -> Result<Key, String> {
    let Cost { memory, passes, lanes } = hint.cost;
    let params = Params::new(memory, passes, lanes, Some(32)).map_err(|error| error.to_string())?;
    let mut blocks: Zeroizing<Vec<Block>> = Zeroizing::new(vec![]);
    blocks.try_reserve_exact(params.block_count()).map_err(|error| error.to_string())?;
    blocks.resize(params.block_count(), Block::default());
    let mut key = Key::empty();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2
        .hash_password_into_with_memory(passphrase.reveal(), &hint.salt, key.fill(), blocks.as_mut_slice())
        .map_err(|error| error.to_string())?;
    Ok(key)
}

/// It is the passphrase of another store, or was mistyped.
pub(crate) fn wrong(store: &str, lost: String) -> Error {
    Error::WrongPassphrase { store: store.to_owned(), lost }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_comes_back_as_it_was() {
        let hint = Hint::new().unwrap();
        assert_eq!(Hint::from_text(&hint.to_text()), Some(hint));
    }

    #[test]
    fn a_store_that_was_tampered_with_cant_ask_for_a_tebibyte() {
        let salt = "AAAAAAAAAAAAAAAAAAAAAA";
        assert!(Hint::from_text(&format!("argon2id$v=19$m=65536,t=3,p=4${salt}")).is_some());
        for text in [
            format!("argon2id$v=19$m=1073741824,t=3,p=4${salt}"),
            format!("argon2id$v=19$m=65536,t=4000000000,p=4${salt}"),
            format!("argon2id$v=19$m=65536,t=3,p=16777215${salt}"),
            format!("argon2id$v=19$m=99999999999999999999,t=3,p=4${salt}"),
            format!("argon2i$v=19$m=65536,t=3,p=4${salt}"),
            format!("argon2id$v=16$m=65536,t=3,p=4${salt}"),
            "argon2id$v=19$m=65536,t=3,p=4$AAAA".to_owned(),
            "argon2id$v=19$m=65536,t=3,p=4$?".to_owned(),
            String::new(),
        ] {
            assert_eq!(Hint::from_text(&text), None, "{text}");
        }
    }

    #[test]
    fn the_same_passphrase_and_salt_make_the_same_key_and_others_make_others() {
        let hash = |text: &str, salt: u8| {
            let hint = Hint { cost: Cost { memory: 64, passes: 3, lanes: 4 }, salt: vec![salt; 16] };
            super::hash(&Secret::new("passphrase", text), &hint).unwrap().as_slice().to_vec()
        };
        assert_eq!(hash("a passphrase", 1), hash("a passphrase", 1));
        assert_ne!(hash("a passphrase", 1), hash("a passphrase", 2));
        assert_ne!(hash("a passphrase", 1), hash("another one", 1));
    }
}
