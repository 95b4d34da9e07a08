//! `jeton refresh`

use super::connection_view;
use crate::context::{Context, connection_name};
use crate::failure::Result;
use crate::terminal::{GOOD, STRONG, styled};

/// Runs it.
pub async fn run(context: &Context, name: &str) -> Result {
    let name = connection_name(name)?;
    let vault = context.existing_vault().await?;
    vault.refresh(&name, &context.providers()).await?;
    let connection = vault.connection(&name).await?;
    if context.terminal.json {
        return context.terminal.value(&connection_view::as_json(&connection));
    }
    let expiry = connection_view::expiry(&connection);
    context.terminal.note(format!("{} Refreshed {}; the token expires {expiry}.", styled(GOOD, "✓"), styled(STRONG, &name)));
    Ok(())
}
