//! `jeton backup`: all of the store in a file, while it is in use.

use std::path::Path;

use jeton_vault::KeySource;
use serde_json::json;

use crate::context::Context;
use crate::failure::Result;
use crate::terminal::{GOOD, STRONG, styled};

/// Runs it.
pub async fn run(context: &Context, file: &Path) -> Result {
    let vault = context.existing_vault().await?;
    let contents = vault.backup(file).await?;
    let (clients, connections) = (contents.clients, contents.connections);
    if context.terminal.json {
        return context.terminal.value(&json!({
            "file": file, "clients": clients, "connections": connections, "values": contents.values, "log": contents.log
        }));
    }
    let (done, name) = (styled(GOOD, "✓"), styled(STRONG, file.display()));
    context.terminal.note(format!("{done} Wrote {} and {} into {name}.", count(connections, "connection"), count(clients, "client")));
    let key = match context.key()? {
        KeySource::File(path) => format!("The key {}", path.display()),
        _ => "The key".to_owned(),
    };
    context.terminal.note(format!("  {key} isn't in it, and without it nobody can read the backup: keep a copy of it elsewhere."));
    Ok(())
}

/// `1 client`, `3 clients`.
pub fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
