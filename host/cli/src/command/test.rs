//! `jeton test`: whether a connection works, asked of the service itself.

use std::time::Duration;

use jeton_runtime::{Account, Error, ErrorKind};
use serde_json::json;

use super::connection_view;
use crate::context::{Context, connection_name};
use crate::failure::Result;
use crate::terminal::{GOOD, STRONG, styled};

/// Runs it.
pub async fn run(context: &Context, name: &str) -> Result {
    let name = connection_name(name)?;
    let vault = context.existing_vault().await?;
    let (_, provider, client) = context.connection(&vault, &name).await?;
    vault.access_token(&name, Duration::from_secs(60), &context.providers()).await?;
    let account: Account = match provider.identify(&client, &vault.tokens(&name).await?).await {
        // Revoked at the service, or expired early: what a refresh may help, a refresh is tried for, once.
        Err(Error::Service(error)) if error.kind == ErrorKind::InvalidToken => {
            vault.refresh(&name, &context.providers()).await?;
            provider.identify(&client, &vault.tokens(&name).await?).await?
        }
        other => other?,
    };
    vault.set_account(&name, &account).await?;
    let terminal = context.terminal;
    if terminal.json {
        return terminal.value(&json!({ "name": name.as_str(), "account": connection_view::account_as_json(&account) }));
    }
    let who = connection_view::account(&account);
    terminal.result(format!("{} {} works: {} at {}", styled(GOOD, "✓"), styled(STRONG, &name), who, provider.manifest().name))
}
