//! `jeton log`: what happened, the newest first.

use jeton_vault::LogEntry;
use serde_json::{Value, json};

use crate::args::Log;
use crate::context::Context;
use crate::failure::Result;
use crate::show_time::rfc3339;
use crate::visible::visible;

/// Runs it.
pub async fn run(context: &Context, arguments: Log) -> Result {
    let vault = context.existing_vault().await?;
    let lines = match &arguments.name {
        Some(name) => vault.log(name, arguments.most).await?,
        None => vault.whole_log(arguments.most).await?,
    };
    if context.terminal.json {
        return context.terminal.value(&lines.iter().map(as_json).collect());
    }
    if lines.is_empty() {
        let about = arguments.name.map(|name| format!(" about {}", visible(&name))).unwrap_or_default();
        context.terminal.note(format!("There is nothing{about} in the log. `jeton log` shows all of it."));
        return Ok(());
    }
    let rows: Vec<_> = lines.iter().map(row).collect();
    context.terminal.table(&["WHEN", "WHAT", "OUTCOME", "NAME", "PROVIDER", "BY", "DETAIL"], &rows)
}

fn row(line: &LogEntry) -> Vec<String> {
    let or_dash = |text: &Option<String>| text.as_deref().map_or_else(|| "—".to_owned(), visible);
    vec![
        line.at.map(rfc3339).unwrap_or_default(),
        visible(&line.action),
        visible(&line.outcome),
        or_dash(&line.name),
        or_dash(&line.provider),
        visible(&line.actor),
        line.detail.as_deref().map(visible).unwrap_or_default(),
    ]
}

fn as_json(line: &LogEntry) -> Value {
    json!({
        "at": line.at.map(rfc3339),
        "by": line.actor,
        "action": line.action,
        "outcome": line.outcome,
        "name": line.name,
        "provider": line.provider,
        "detail": line.detail,
    })
}
