//! `jeton revoke`: ends a connection at the service.

use jeton_runtime::{Error, ErrorKind};

use crate::context::{Context, connection_name};
use crate::failure::Result;
use crate::terminal::{GOOD, STRONG, styled};

/// Runs it. The tokens are forgotten here only after the service has revoked them, or says that it doesn't know them any more.
pub async fn run(context: &Context, name: &str) -> Result {
    let name = connection_name(name)?;
    let vault = context.existing_vault().await?;
    let (_, provider, client) = context.connection(&vault, &name).await?;
    let tokens = vault.tokens(&name).await?;
    if tokens.access.is_some() || tokens.refresh.is_some() {
        match provider.revoke(&client, &tokens).await {
            Err(Error::Service(error)) if matches!(error.kind, ErrorKind::InvalidGrant | ErrorKind::InvalidToken) => {}
            other => other?,
        }
    }
    vault.mark_revoked(&name).await?;
    let (provider, name) = (&provider.manifest().name, styled(STRONG, &name));
    context.terminal.note(format!("{} Revoked {name} at {provider}. Its tokens are erased here.", styled(GOOD, "✓")));
    Ok(())
}
