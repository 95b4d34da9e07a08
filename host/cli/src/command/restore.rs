//! `jeton restore`: connections and clients out of a backup or another store, while this one is in use.

use jeton_vault::Error;
use serde_json::json;

use super::backup::count;
use crate::args::Restore;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::terminal::{GOOD, styled};

/// Runs it.
pub async fn run(context: &Context, arguments: Restore) -> Result {
    // First, so that a backup which can't be read doesn't leave a new store behind, or a new key.
    let from = context.other_vault(&arguments.from, context.key()?).await.map_err(explained)?;
    let vault = context.vault().await?;
    let contents = vault.restore(&from, arguments.replace).await?;
    let (clients, connections) = (contents.clients, contents.connections);
    if context.terminal.json {
        return context
            .terminal
            .value(&json!({ "clients": clients, "connections": connections, "values": contents.values, "log": contents.log }));
    }
    let done = styled(GOOD, "✓");
    context.terminal.note(format!("{done} Restored {} and {}.", count(connections, "connection"), count(clients, "client")));
    if connections > 0 {
        context.terminal.note("  A service may have replaced their tokens since: `jeton refresh NAME` tells.");
    }
    Ok(())
}

/// What is to be done where it isn't the store that can't be opened, but what it is restored from.
fn explained(error: Error) -> Failure {
    let hint = match &error {
        Error::NoStore(_) => "Name the file that `jeton backup` wrote",
        Error::WrongKey { .. } | Error::KeyMissing { .. } => {
            "Nothing was restored. A backup opens with the key of its time: put that in place, or name it with --key file:PATH"
        }
        Error::NotAStore { .. } => "Nothing was restored. Name the file that `jeton backup` wrote, whole",
        Error::Store { .. } => "Nothing was restored. Take another backup, if this one is damaged",
        _ => return error.into(),
    };
    Failure::from(error).hint(hint)
}
