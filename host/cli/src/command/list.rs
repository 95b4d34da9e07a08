//! `jeton list`

use jeton_vault::ConnectionInfo;

use super::connection_view;
use crate::context::Context;
use crate::failure::Result;

/// Runs it.
pub async fn run(context: &Context) -> Result {
    let connections = match context.vault_if_any().await? {
        Some(vault) => vault.connections().await?,
        None => vec![],
    };
    if context.terminal.json {
        return context.terminal.value(&connections.iter().map(connection_view::as_json).collect());
    }
    if connections.is_empty() {
        context
            .terminal
            .note("There is no connection yet. `jeton connect PROVIDER` makes one; `jeton providers list` shows the providers.");
        return Ok(());
    }
    let row = |connection: &ConnectionInfo| {
        let account = connection.account.as_ref().map(connection_view::account).unwrap_or_else(|| "—".to_owned());
        let status = connection_view::status(connection).to_owned();
        vec![connection.name.to_string(), connection.provider.clone(), account, status, connection_view::expiry(connection)]
    };
    let rows: Vec<_> = connections.iter().map(row).collect();
    context.terminal.table(&["NAME", "PROVIDER", "ACCOUNT", "STATUS", "TOKEN EXPIRES"], &rows)
}
