//! `client`: the registration that a call is made for.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmtime::Result;
use wasmtime::component::Resource;

use crate::bindings::jeton::provider::client::{Host, HostClient};
use crate::call::Call;
use crate::{Client, Secret};

/// The client, while a call has it.
pub struct Lent {
    pub(crate) client: Client,
    /// Its settings, with the manifest's defaults.
    pub(crate) settings: Arc<BTreeMap<String, String>>,
}

impl Host for Call {}

impl HostClient for Call {
    fn id(&mut self, client: Resource<Lent>) -> Result<String> {
        Ok(self.table.get(&client)?.client.id.clone())
    }

    fn setting(&mut self, client: Resource<Lent>, name: String) -> Result<Option<String>> {
        Ok(self.table.get(&client)?.settings.get(&name).cloned())
    }

    fn secret(&mut self, client: Resource<Lent>, name: String) -> Result<Option<Resource<Secret>>> {
        let secret = self.table.get(&client)?.client.secrets.get(&name).cloned();
        secret.map(|secret| self.hand_out(secret)).transpose()
    }

    fn drop(&mut self, client: Resource<Lent>) -> Result<()> {
        self.table.delete(client)?;
        Ok(())
    }
}
