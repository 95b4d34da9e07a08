//! `jeton rekey`: another key, while the store is in use.

use serde_json::json;

use crate::args::{KeyArgument, Rekey};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::master_key::Asked;
use crate::terminal::{GOOD, styled};

/// Runs it.
pub async fn run(context: &Context, arguments: Rekey) -> Result {
    let from = context.key_argument();
    let to = arguments.to.as_ref().unwrap_or(from);
    if arguments.to.is_none() && matches!(from, KeyArgument::Environment(_) | KeyArgument::Passphrase(Some(_))) {
        let hint = "Say where it is: --to env:NAME, --to passphrase, --to file or --to keyring";
        return Err(Failure::new("only you can put a new key where the old one is", hint).exit(Exit::Usage));
    }
    // Before anybody types a new passphrase.
    let vault = context.existing_vault().await?;
    let to_source = context.key_at(to, Asked::New)?;
    let done = vault.rekey(to_source, arguments.anew).await?;
    let terminal = context.terminal;
    if terminal.json {
        return terminal.value(&json!({ "rows": done.rows, "old_key": done.old_key }));
    }
    terminal.note(format!("{} The store has a new key, and {} are sealed with it.", styled(GOOD, "✓"), rows(done.rows)));
    if arguments.to.is_some() && *to != *from {
        terminal.note(format!("  From now on: --key {to}, or JETON_KEY={to}. Processes that run with the old key must be restarted."));
    }
    if let Some(old) = done.old_key {
        terminal.note(format!("  The old one is kept as {old}: backups from before need it, and so does another store that shares it."));
        terminal.note("  Delete it when nothing does any more.");
    }
    Ok(())
}

fn rows(count: usize) -> String {
    if count == 1 { "one row".to_owned() } else { format!("{count} rows") }
}
