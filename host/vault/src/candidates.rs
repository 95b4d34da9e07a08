//! A client with several secrets of one name, of which the service accepts one: the way to replace a secret without an outage.
//!
//! The first is what is used. Another is tried only where the service refuses the client itself, which it does before it looks at a code or a
//! refresh token, and the one that works becomes the first. Where a code is at stake, which works once, the right one is found before: with
//! a refresh token that was made up. A service refuses that for what it is only if it accepts the client (RFC 6749, section 5.2).

mod probe;

use jeton_runtime::{Client, Secret};

use crate::clients::secrets_place;
use crate::store::{ClientRow, Written};
use crate::vault::{Inner, Row};
use crate::{ClientName, Result, Vault, clock, pairs};
pub use probe::{Accepted, Settled};

impl Vault {
    /// Gives a client another secret of this name, besides those that it has: `first`, or as one that is tried where the service refuses
    /// the first. Puts it there if the client has it already.
    pub async fn add_secret(&self, client: &ClientName, name: &str, secret: &Secret, first: bool) -> Result<()> {
        let change = |mut all: Vec<Client>| {
            let known = all.iter().position(|one| one.secrets.get(name).is_some_and(|have| have.reveal() == secret.reveal()));
            let Some(mut new) = known.map(|index| all.remove(index)).or_else(|| all.first().cloned()) else { return all };
            new.secrets.insert(name.to_owned(), secret.clone());
            all.insert(if first { 0 } else { known.unwrap_or(all.len()) }, new);
            all
        };
        self.0.change_candidates(client, change).await.map(drop)
    }

    /// Forgets all secrets of a client but the first ones of their names. How many those were.
    pub async fn drop_spare_secrets(&self, client: &ClientName) -> Result<usize> {
        let before = self.0.change_candidates(client, |all| all.into_iter().take(1).collect()).await?;
        Ok(before.saturating_sub(1))
    }
}

impl Inner {
    /// The client, once for each of its secrets that may be the right one, the one that worked last first.
    pub(crate) fn unseal_candidates(&self, row: &ClientRow) -> Result<Vec<Client>> {
        let place = secrets_place(row);
        let plain = self.unseal(&row.data_key, place, &row.secrets, &Row::Client(&row.name))?;
        let pairs = pairs::decode(&plain).ok_or_else(|| self.tampered(&Row::Client(&row.name), place.column))?;
        let settings = serde_json::from_str(&row.settings);
        let settings = settings.map_err(|_| self.tampered(&Row::Client(&row.name), "settings"))?;
        let mut first = Client { id: row.client_id.clone(), settings, ..Client::default() };
        let mut spare = vec![];
        for (name, value) in pairs {
            let secret = Secret::new(name.clone(), value);
            match first.secrets.contains_key(&name) {
                true => spare.push((name, secret)),
                false => drop(first.secrets.insert(name, secret)),
            }
        }
        let mut all = vec![first.clone()];
        all.extend(spare.into_iter().map(|(name, secret)| {
            let mut other = first.clone();
            other.secrets.insert(name, secret);
            other
        }));
        Ok(all)
    }

    /// Puts the candidate that worked first, unless somebody has changed the secrets since.
    pub(crate) async fn prefer_candidate(&self, client: &str, works: &Client) -> Result<()> {
        let change = |mut all: Vec<Client>| {
            if let Some(index) = all.iter().position(|one| same(one, works)) {
                let first = all.remove(index);
                all.insert(0, first);
            }
            all
        };
        self.change_candidates(&ClientName::stored(client.to_owned()), change).await.map(drop)
    }

    /// Keeps what `change` makes of the candidates, whoever else changes them at the same time. How many there were before.
    async fn change_candidates(&self, name: &ClientName, change: impl Fn(Vec<Client>) -> Vec<Client>) -> Result<usize> {
        loop {
            let before = self.find_client(name).await?;
            let old = self.unseal_candidates(&before)?;
            let many = old.len();
            let new = change(old.clone());
            if new.len() == many && old.iter().zip(&new).all(|(old, new)| same(old, new)) {
                return Ok(many);
            }
            let row = self.with_candidates(&before, &new)?;
            let log = self.log("change-client", "ok")?.about(&row.id, &row.name, &row.provider).detail("its secrets");
            match self.store.change_secrets(&before, &row, log).await? {
                Written::Done => return Ok(many),
                // Others by now: see which.
                Written::Nothing => {}
                Written::Conflict => self.reload_keys().await?,
            }
        }
    }

    /// The row with these candidates, in this order.
    fn with_candidates(&self, row: &ClientRow, all: &[Client]) -> Result<ClientRow> {
        let mut kept: Vec<(&str, &[u8])> = vec![];
        for (name, secret) in all.iter().flat_map(|client| &client.secrets) {
            if !kept.contains(&(name.as_str(), secret.reveal())) {
                kept.push((name, secret.reveal()));
            }
        }
        let names: Vec<_> = kept.iter().map(|(name, _)| *name).collect();
        let sealer = self.keys.newest();
        Ok(ClientRow {
            id: row.id.clone(),
            name: row.name.clone(),
            provider: row.provider.clone(),
            client_id: row.client_id.clone(),
            settings: row.settings.clone(),
            secret_names: serde_json::json!(names).to_string(),
            secrets: sealer.seal(secrets_place(row), &pairs::encode(kept.iter().copied()))?,
            data_key: sealer.id().to_owned(),
            created_at: row.created_at,
            updated_at: clock::now(),
        })
    }
}

/// Whether both have the same secrets.
fn same(one: &Client, other: &Client) -> bool {
    let equal = |(name, secret): (&String, &Secret)| other.secrets.get(name).is_some_and(|there| there.reveal() == secret.reveal());
    one.secrets.len() == other.secrets.len() && one.secrets.iter().all(equal)
}
