//! The tokens of a connection, into their row and out of it.

use jeton_runtime::{CurrentTokens, Secret, Tokens};
use zeroize::Zeroizing;

use crate::seal::Place;
use crate::store::{ConnectionRow, SealedTokens};
use crate::vault::{Inner, Row};
use crate::{Result, clock, pairs};

pub(crate) const CONNECTIONS: &str = "connections";
pub(crate) const ACCESS_TOKEN: &str = "access_token";
pub(crate) const REFRESH_TOKEN: &str = "refresh_token";
pub(crate) const EXTRAS: &str = "extras";
pub(crate) const OPTIONS: &str = "options";

/// A column of this row. Tokens and extras belong to the row's generation; the options stay as they are through all of them.
pub(crate) fn place<'a>(row: &'a ConnectionRow, column: &'a str) -> Place<'a> {
    let generation = if column == OPTIONS { 0 } else { row.generation };
    Place { table: CONNECTIONS, row: &row.id, column, provider: &row.provider, generation }
}

impl Inner {
    /// `new` over `before`, for `row` as it will be in `generation`: what the service doesn't mention goes on.
    pub(crate) fn seal_tokens(
        &self,
        row: &ConnectionRow,
        generation: i64,
        before: &CurrentTokens,
        new: &Tokens,
        now: i64,
    ) -> Result<SealedTokens> {
        let seal = |column, plain: &[u8]| self.seal(Place { generation, ..place(row, column) }, plain);
        let refresh = new.refresh.as_ref().or(before.refresh.as_ref());
        let kept = before.extras.iter().filter(|(name, _)| !new.extras.iter().any(|(newer, _)| newer == name));
        let extras = kept.chain(&new.extras).map(|(name, value)| (name.as_str(), value.as_bytes()));
        Ok(SealedTokens {
            access: Some(seal(ACCESS_TOKEN, new.access.reveal())?),
            refresh: refresh.map(|secret| seal(REFRESH_TOKEN, secret.reveal())).transpose()?,
            extras: Some(seal(EXTRAS, &pairs::encode(extras))?),
            scope: new.scope.clone().or_else(|| before.scope.clone()),
            expires_at: new.expires_in.map(|life| clock::after(now, life)),
            refresh_expires_at: match (&new.refresh, new.refresh_expires_in) {
                (_, Some(life)) => Some(clock::after(now, life)),
                (None, None) => row.tokens.refresh_expires_at,
                (Some(_), None) => None,
            },
        })
    }

    pub(crate) fn unseal_tokens(&self, row: &ConnectionRow) -> Result<CurrentTokens> {
        let tampered = || self.tampered(&Row::Connection(&row.name), EXTRAS);
        let extras = match (&row.tokens.extras, &row.tokens.access) {
            (Some(sealed), _) => {
                let plain = self.unseal(place(row, EXTRAS), sealed, &Row::Connection(&row.name))?;
                pairs::decode_text(&plain).ok_or_else(tampered)?
            }
            // Revoked: they were erased together.
            (None, None) => vec![],
            (None, Some(_)) => return Err(tampered()),
        };
        Ok(CurrentTokens {
            access: self.unseal_token(row, ACCESS_TOKEN, "access-token", row.tokens.access.as_deref())?,
            refresh: self.unseal_token(row, REFRESH_TOKEN, "refresh-token", row.tokens.refresh.as_deref())?,
            scope: row.tokens.scope.clone(),
            extras,
        })
    }

    pub(crate) fn unseal_access(&self, row: &ConnectionRow) -> Result<Option<Secret>> {
        self.unseal_token(row, ACCESS_TOKEN, "access-token", row.tokens.access.as_deref())
    }

    fn unseal_token(&self, row: &ConnectionRow, column: &'static str, kind: &'static str, sealed: Option<&[u8]>) -> Result<Option<Secret>> {
        let Some(sealed) = sealed else { return Ok(None) };
        Ok(Some(secret(kind, self.unseal(place(row, column), sealed, &Row::Connection(&row.name))?)))
    }
}

/// Moved, not copied: the secret overwrites these very bytes when it is dropped.
pub(crate) fn secret(kind: &'static str, mut plain: Zeroizing<Vec<u8>>) -> Secret {
    Secret::new(kind, std::mem::take(&mut *plain))
}
