//! A token that is still valid, read from an SQLite store in one question, without a thread, a runtime or a pool.
//!
//! That is what a command does that is started for every token. It shares the seal, the key file and the rules with [`Vault`](crate::Vault),
//! but not `sqlx`, whose connection is a thread of its own, which takes longer to start than the row takes to read.

use std::path::Path;
use std::time::Duration;

use jeton_runtime::TokenType;
use rusqlite::{Connection, OpenFlags, Row};

use crate::key::MasterKey;
use crate::key::file;
use crate::refresh::lasts;
use crate::seal::{Place, Sealer};
use crate::sealed_tokens::{ACCESS_TOKEN, CONNECTIONS, EXTRAS, secret};
use crate::store::sqlite::APPLICATION;
use crate::store::{KeyRow, VERSION};
use crate::{AccessToken, ConnectionName, clock, pairs};

/// The connection's token, and the key that it is sealed with.
const QUESTION: &str = "SELECT data_key, wrapped, id, provider, generation, access_token, expires_at, scope, extras \
    FROM connections JOIN wrapped_keys USING (data_key) WHERE name = ?1 AND master_id = ?2";

/// The connection's access token, where the store in this file has one that is valid for at least `min_valid`.
///
/// `None` for everything else: an expired token, a store that doesn't exist, a key that doesn't fit. Ask [`Vault`](crate::Vault) then; it
/// says what is wrong or refreshes.
pub fn glance(store: &Path, key_file: &Path, name: &ConnectionName, min_valid: Duration) -> Option<AccessToken> {
    let master = file::load(key_file).ok()??;
    let database = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX).ok()?;
    let found = database.query_one(QUESTION, [name.as_str(), &master.id()], |row| Found::read(row, &master)).ok()?;
    // After the row: versions only grow, so one that is right now was right then.
    let is = |mark: &str, value: i64| database.pragma_query_value(None, mark, |row| row.get::<_, i64>(0)) == Ok(value);
    if !is("user_version", VERSION) || !is("application_id", APPLICATION) {
        return None;
    }
    if !lasts(found.expires_at, clock::now(), clock::after(0, min_valid)) {
        return None;
    }
    let place = |column| Place { table: CONNECTIONS, row: &found.id, column, provider: &found.provider, generation: found.generation };
    let sealer = Sealer::unwrap(&master, &found.key)?;
    let plain = sealer.unseal(place(ACCESS_TOKEN), &found.sealed?)?;
    let extras = pairs::decode_text(&sealer.unseal(place(EXTRAS), &found.extras?)?)?;
    Some(AccessToken {
        secret: secret("access-token", plain),
        token_type: TokenType::of(&extras),
        expires_at: found.expires_at.and_then(clock::system_time),
        scope: found.scope,
    })
}

struct Found {
    key: KeyRow,
    id: String,
    provider: String,
    generation: i64,
    sealed: Option<Vec<u8>>,
    expires_at: Option<i64>,
    scope: Option<String>,
    extras: Option<Vec<u8>>,
}

impl Found {
    fn read(row: &Row<'_>, master: &MasterKey) -> rusqlite::Result<Self> {
        let (data_key, wrapped) = (row.get(0)?, row.get(1)?);
        Ok(Self {
            key: KeyRow { data_key, master_id: master.id(), wrapped, master_hint: None, master_number: 0, created_at: 0 },
            id: row.get(2)?,
            provider: row.get(3)?,
            generation: row.get(4)?,
            sealed: row.get(5)?,
            expires_at: row.get(6)?,
            scope: row.get(7)?,
            extras: row.get(8)?,
        })
    }
}
