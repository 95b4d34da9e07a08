//! `jeton refresh`: one connection, or for a timer whatever is due.

use jeton_vault::{Due, KeepAlive};
use serde_json::json;

use super::backup::count;
use super::connection_view;
use crate::args::Refresh;
use crate::context::{Context, connection_name};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::terminal::{BAD, GOOD, STRONG, styled};

/// Runs it.
pub async fn run(context: &Context, arguments: Refresh) -> Result {
    match &arguments.name {
        Some(name) => one(context, name).await,
        None => due(context, &arguments).await,
    }
}

async fn one(context: &Context, name: &str) -> Result {
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

/// One round. A timer on a machine where nothing was kept yet has nothing to do.
async fn due(context: &Context, arguments: &Refresh) -> Result {
    let mut options = KeepAlive::default();
    options.ahead = (!arguments.idle_only).then_some(arguments.ahead);
    options.at_once = arguments.at_once.into();
    let done = match context.vault_if_any().await? {
        Some(vault) => vault.refresh_all_due(&context.providers(), &options).await?,
        None => Due::default(),
    };
    let failures: Vec<_> = done.failed.into_iter().map(|(name, error)| (name, Failure::from(error))).collect();
    if context.terminal.json {
        let failed = failures.iter().map(
            |(name, failure)| json!({ "name": name.as_str(), "kind": failure.exit.name(), "message": failure.what, "hint": failure.hint }),
        );
        let refreshed: Vec<_> = done.refreshed.iter().map(|name| name.as_str()).collect();
        context.terminal.value(&json!({ "refreshed": refreshed, "failed": failed.collect::<Vec<_>>() }))?;
    } else {
        for name in &done.refreshed {
            context.terminal.note(format!("{} Refreshed {}.", styled(GOOD, "✓"), styled(STRONG, name)));
        }
        for (name, failure) in &failures {
            context.terminal.ask(format!("{} {}: {}", styled(BAD, "✗"), styled(STRONG, name), failure.what));
        }
        if done.refreshed.is_empty() && failures.is_empty() && done.unread.is_none() {
            context.terminal.note("Nothing is due.");
        }
    }
    if let Some(error) = done.unread {
        return Err(error.into());
    }
    let Some(exit) = worst(failures.iter().map(|(_, failure)| failure.exit)) else { return Ok(()) };
    let all = u64::try_from(failures.len() + done.refreshed.len()).unwrap_or(u64::MAX);
    let what = format!("{} of {} couldn't be refreshed", failures.len(), count(all, "connection"));
    Err(Failure::new(what, "`jeton list` shows how they stand, `jeton log NAME` what happened").exit(exit))
}

/// What a person must do comes before what passes by itself.
fn worst(exits: impl Iterator<Item = Exit>) -> Option<Exit> {
    let order = [Exit::Retry, Exit::Other, Exit::Usage, Exit::Denied, Exit::FixClient, Exit::SignIn];
    exits.max_by_key(|exit| order.iter().position(|known| known == exit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_must_do_decides_the_exit_code() {
        assert_eq!(worst([].into_iter()), None);
        assert_eq!(worst([Exit::Retry, Exit::Retry].into_iter()), Some(Exit::Retry));
        assert_eq!(worst([Exit::Retry, Exit::SignIn, Exit::FixClient].into_iter()), Some(Exit::SignIn));
        assert_eq!(worst([Exit::FixClient, Exit::Retry, Exit::Other].into_iter()), Some(Exit::FixClient));
    }
}
