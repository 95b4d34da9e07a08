//! Grants that need no person: client credentials, a service account's key, the exchange of a token.

use std::path::Path;

use jeton_runtime::{Account, Manifest, Step};
use jeton_vault::{ClientName, ConnectionName, Vault};

use super::{Connecting, unexpected};
use crate::command::service_account;
use crate::context::{Context, client_name};
use crate::exit::Exit;
use crate::failure::{Failure, Result};

impl Connecting<'_> {
    pub(super) async fn by_nobody(&self) -> Result<Option<Account>> {
        let nobody = "http://127.0.0.1/".to_owned();
        match self.provider.begin(&self.client, &self.grant, &nobody).await? {
            Step::Done(tokens) => self.done(tokens).await,
            _ => Err(unexpected()),
        }
    }
}

/// Keeps the client of a service account's file under the connection's name; one of the same id that is there already is used again.
pub(super) async fn client_from_file(
    context: &Context,
    manifest: &Manifest,
    name: &ConnectionName,
    file: &Path,
    replace: bool,
) -> Result<(Vault, ClientName)> {
    let mut client = service_account::read(manifest, file)?;
    service_account::open_keys(&mut client, None)?;
    manifest.settings_of(&client).map_err(|error| Failure::from(error).exit(Exit::Usage))?;
    let (vault, name) = (context.vault().await?, client_name(name.as_str())?);
    match vault.add_client(&name, &manifest.id, &client).await {
        Err(jeton_vault::Error::ClientExists(_)) if replace || vault.client_info(&name).await?.id == client.id => {
            let info = vault.client_info(&name).await?;
            if info.provider != manifest.id {
                let what = format!("the client {name} is one of {}", info.provider);
                return Err(Failure::new(what, "Take another name with --name").exit(Exit::Usage));
            }
            vault.replace_client(&name, &client).await?;
        }
        other => other?,
    }
    Ok((vault, name))
}
