//! The tokens of a connection, into their row and out of it.

use jeton_runtime::{CurrentTokens, Secret, Tokens};
use zeroize::Zeroizing;

use crate::seal::Place;
use crate::store::{ConnectionRow, Sealed};
use crate::vault::{Inner, Row};
use crate::{Result, clock, pairs};

pub(crate) const CONNECTIONS: &str = "connections";
pub(crate) const ACCESS_TOKEN: &str = "access_token";
pub(crate) const REFRESH_TOKEN: &str = "refresh_token";
pub(crate) const EXTRAS: &str = "extras";
pub(crate) const OPTIONS: &str = "options";

/// A column of this row. Tokens and extras belong to a generation; the options stay as they are through all of them.
pub(crate) fn place<'a>(row: &'a ConnectionRow, column: &'a str, generation: i64) -> Place<'a> {
    let generation = if column == OPTIONS { 0 } else { generation };
    Place { table: CONNECTIONS, row: &row.id, column, provider: &row.provider, generation }
}

impl Inner {
    /// `new` over `before`, for `row` as it will be in `generation`: what the service doesn't mention goes on.
    ///
    /// `options` is in plain: a row is sealed with one key, and that has perhaps been replaced.
    pub(crate) fn seal_tokens(
        &self,
        row: &ConnectionRow,
        generation: i64,
        options: &[u8],
        before: &CurrentTokens,
        new: &Tokens,
        given_at: i64,
    ) -> Result<Sealed> {
        let sealer = self.keys.newest();
        let seal = |column, plain: &[u8]| sealer.seal(place(row, column, generation), plain);
        let refresh = new.refresh.as_ref().or(before.refresh.as_ref());
        let extras = merged(&before.extras, &new.extras);
        let extras = extras.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        Ok(Sealed {
            data_key: sealer.id().to_owned(),
            options: seal(OPTIONS, options)?,
            access: Some(seal(ACCESS_TOKEN, new.access.reveal())?),
            refresh: refresh.map(|secret| seal(REFRESH_TOKEN, secret.reveal())).transpose()?,
            extras: Some(seal(EXTRAS, &pairs::encode(extras))?),
            scope: new.scope.clone().or_else(|| before.scope.clone()),
            expires_at: new.expires_in.map(|life| clock::after(given_at, life)),
            refresh_expires_at: match (&new.refresh, new.refresh_expires_in) {
                (_, Some(life)) => Some(clock::after(given_at, life)),
                (None, None) => row.sealed.refresh_expires_at,
                (Some(_), None) => None,
            },
        })
    }

    /// What was asked for besides scopes, encoded.
    pub(crate) fn unseal_options(&self, row: &ConnectionRow) -> Result<Zeroizing<Vec<u8>>> {
        self.unseal_column(row, OPTIONS, &row.sealed.options)
    }

    fn unseal_column(&self, row: &ConnectionRow, column: &'static str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.unseal(&row.sealed.data_key, place(row, column, row.generation), sealed, &Row::Connection(&row.name))
    }

    pub(crate) fn unseal_extras(&self, row: &ConnectionRow) -> Result<Vec<(String, String)>> {
        let tampered = || self.tampered(&Row::Connection(&row.name), EXTRAS);
        match (&row.sealed.extras, &row.sealed.access) {
            (Some(sealed), _) => {
                let plain = self.unseal_column(row, EXTRAS, sealed)?;
                pairs::decode_text(&plain).ok_or_else(tampered)
            }
            // Revoked: they were erased together.
            (None, None) => Ok(vec![]),
            (None, Some(_)) => Err(tampered()),
        }
    }

    pub(crate) fn unseal_tokens(&self, row: &ConnectionRow) -> Result<CurrentTokens> {
        let extras = self.unseal_extras(row)?;
        Ok(CurrentTokens {
            access: self.unseal_token(row, ACCESS_TOKEN, "access-token", row.sealed.access.as_deref())?,
            refresh: self.unseal_token(row, REFRESH_TOKEN, "refresh-token", row.sealed.refresh.as_deref())?,
            scope: row.sealed.scope.clone(),
            extras,
        })
    }

    pub(crate) fn unseal_access(&self, row: &ConnectionRow) -> Result<Option<Secret>> {
        self.unseal_token(row, ACCESS_TOKEN, "access-token", row.sealed.access.as_deref())
    }

    fn unseal_token(&self, row: &ConnectionRow, column: &'static str, kind: &'static str, sealed: Option<&[u8]>) -> Result<Option<Secret>> {
        let Some(sealed) = sealed else { return Ok(None) };
        let plain = self.unseal_column(row, column, sealed)?;
        self.seen.note(row);
        Ok(Some(secret(kind, plain)))
    }
}

/// What is kept of a connection: the newer of each, and what the service doesn't mention any more.
pub(crate) fn merged<'e>(before: &'e [(String, String)], new: &'e [(String, String)]) -> Vec<(String, String)> {
    let kept = before.iter().filter(|(name, _)| !new.iter().any(|(newer, _)| newer == name));
    kept.chain(new).cloned().collect()
}

/// Moved, not copied: the secret overwrites these very bytes when it is dropped.
pub(crate) fn secret(kind: &'static str, mut plain: Zeroizing<Vec<u8>>) -> Secret {
    Secret::new(kind, std::mem::take(&mut *plain))
}
