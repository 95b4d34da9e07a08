//! `jeton log`: what happened, the newest first.

use jeton_vault::LogEntry;
use serde_json::{Value, json};

use crate::args::Log;
use crate::context::Context;
use crate::failure::Result;
use crate::show_time::rfc3339;

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

/// What a service says may be meant for a terminal: characters that move the cursor, colour, or turn the line around are spelled out.
fn visible(text: &str) -> String {
    let spelled = |c: char| {
        c.is_control() || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().fold(String::with_capacity(text.len()), |mut seen, c| {
        match spelled(c) {
            true => seen.extend(c.escape_default()),
            false => seen.push(c),
        }
        seen
    })
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_would_act_on_a_terminal_is_spelled_out() {
        assert_eq!(visible("a\u{1b}[2Jb\r\nc\t\u{7f}\u{9b}"), "a\\u{1b}[2Jb\\r\\nc\\t\\u{7f}\\u{9b}");
        assert_eq!(visible("left\u{202e}right\u{200f}\u{feff}"), "left\\u{202e}right\\u{200f}\\u{feff}");
        assert_eq!(visible("Zürich ✓ \\ \"quoted\" 東京"), "Zürich ✓ \\ \"quoted\" 東京");
    }
}
