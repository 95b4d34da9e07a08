//! Clients: registrations that people bring from the services' developer consoles.

use std::collections::BTreeMap;
use std::time::SystemTime;

use jeton_runtime::Client;

use crate::seal::{Place, random_id};
use crate::store::{ClientRow, Written};
use crate::vault::{Inner, Row, closest};
use crate::{ClientName, Error, Result, Vault, clock, pairs};

/// What can be told about a client without unsealing anything.
#[derive(Clone, Debug)]
pub struct ClientInfo {
    /// What it is called here.
    pub name: ClientName,
    /// The id of the provider that it belongs to.
    pub provider: String,
    /// The client id, as the service calls it.
    pub id: String,
    /// Values of the manifest's `[settings]`.
    pub settings: BTreeMap<String, String>,
    /// Which secrets it has.
    pub secrets: Vec<String>,
    /// When it was added.
    pub created_at: Option<SystemTime>,
    /// When it was changed.
    pub updated_at: Option<SystemTime>,
}

impl Vault {
    /// Adds a client. [`Error::ClientExists`] where the name is taken: nothing is overwritten.
    pub async fn add_client(&self, name: &ClientName, provider: &str, client: &Client) -> Result<()> {
        let id = random_id()?;
        loop {
            let row = self.0.client_row(id.clone(), name, provider, client)?;
            let log = self.0.log("add-client", "ok")?.about(&row.id, &row.name, &row.provider);
            match self.0.store.insert_client(&row, log).await? {
                Written::Done => return Ok(()),
                Written::Nothing => return Err(Error::ClientExists(name.to_string())),
                // Sealed with a key that was replaced meanwhile.
                Written::Conflict => self.0.reload_keys().await?,
            }
        }
    }

    /// Puts a corrected registration in place of the one before, for the same provider. Connections that use it keep their tokens.
    pub async fn replace_client(&self, name: &ClientName, client: &Client) -> Result<()> {
        loop {
            let before = self.0.find_client(name).await?;
            let row = self.0.client_row(before.id, name, &before.provider, client)?;
            let log = self.0.log("change-client", "ok")?.about(&row.id, &row.name, &row.provider);
            match self.0.store.replace_client(&row, log).await? {
                Written::Done => return Ok(()),
                Written::Nothing => return Err(self.0.unknown_client(name).await?),
                Written::Conflict => self.0.reload_keys().await?,
            }
        }
    }

    /// A client with its secrets, as providers are lent it.
    pub async fn client(&self, name: &ClientName) -> Result<Client> {
        let row = self.0.find_client(name).await?;
        let first = self.0.unseal_candidates(&row)?.into_iter().next();
        first.ok_or_else(|| self.0.tampered(&Row::Client(&row.name), "secrets"))
    }

    /// What is known about one client.
    pub async fn client_info(&self, name: &ClientName) -> Result<ClientInfo> {
        Ok(info(self.0.find_client(name).await?))
    }

    /// All clients, by name.
    pub async fn clients(&self) -> Result<Vec<ClientInfo>> {
        Ok(self.0.store.clients().await?.into_iter().map(info).collect())
    }

    /// Forgets a client. [`Error::ClientInUse`] as long as connections need it.
    pub async fn remove_client(&self, name: &ClientName) -> Result<()> {
        let row = self.0.find_client(name).await?;
        let log = self.0.log("remove-client", "ok")?.about(&row.id, &row.name, &row.provider);
        if self.0.store.remove_client(name.as_str(), log).await? {
            return Ok(());
        }
        let connections = self.0.store.users(name.as_str()).await?;
        match connections.is_empty() {
            true => Err(self.0.unknown_client(name).await?),
            false => Err(Error::ClientInUse { name: name.to_string(), connections }),
        }
    }
}

impl Inner {
    pub(crate) async fn find_client(&self, name: &ClientName) -> Result<ClientRow> {
        match self.store.client(name.as_str()).await? {
            Some(row) => {
                self.know(&row.data_key).await?;
                Ok(row)
            }
            None => Err(self.unknown_client(name).await?),
        }
    }

    fn client_row(&self, id: String, name: &ClientName, provider: &str, client: &Client) -> Result<ClientRow> {
        let now = clock::now();
        let names: Vec<_> = client.secrets.keys().collect();
        let mut row = ClientRow {
            id,
            name: name.to_string(),
            provider: provider.to_owned(),
            client_id: client.id.clone(),
            settings: serde_json::json!(client.settings).to_string(),
            secret_names: serde_json::json!(names).to_string(),
            secrets: vec![],
            data_key: String::new(),
            created_at: now,
            updated_at: now,
        };
        let plain = pairs::encode(client.secrets.iter().map(|(name, secret)| (name.as_str(), secret.reveal())));
        let sealer = self.keys.newest();
        row.secrets = sealer.seal(secrets_place(&row), &plain)?;
        sealer.id().clone_into(&mut row.data_key);
        Ok(row)
    }

    async fn unknown_client(&self, name: &ClientName) -> Result<Error> {
        let known = self.store.clients().await?.into_iter().map(|row| row.name);
        Ok(Error::UnknownClient { name: name.to_string(), closest: closest(name.as_str(), known) })
    }
}

pub(crate) fn secrets_place(row: &ClientRow) -> Place<'_> {
    Place { table: "clients", row: &row.id, column: "secrets", provider: &row.provider, generation: 0 }
}

fn info(row: ClientRow) -> ClientInfo {
    ClientInfo {
        name: ClientName::stored(row.name),
        provider: row.provider,
        id: row.client_id,
        settings: serde_json::from_str(&row.settings).unwrap_or_default(),
        secrets: serde_json::from_str(&row.secret_names).unwrap_or_default(),
        created_at: clock::system_time(row.created_at),
        updated_at: clock::system_time(row.updated_at),
    }
}
