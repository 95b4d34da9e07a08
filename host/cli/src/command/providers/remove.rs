//! `jeton providers remove`

use crate::args::RemoveProvider;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::terminal::{GOOD, STRONG, styled};

/// Runs it. What clients and connections need isn't removed by mistake; they can't be refreshed, tested or revoked without it.
pub async fn run(context: &Context, arguments: RemoveProvider) -> Result {
    let id = arguments.provider.as_str();
    if !context.added().ids()?.iter().any(|added| added == id) {
        return Err(match jeton_bundle::find(id) {
            Some(_) => Failure::new(format!("{id} comes with Jeton"), "Only providers that were added can be removed").exit(Exit::Usage),
            None => context.unknown(id),
        });
    }
    if !arguments.force {
        let (clients, connections) = context.users(id).await?;
        if let Some(used) = used(&clients, &connections) {
            let hint = "Revoke and remove these connections, then `jeton clients remove`; --force leaves them without a provider";
            return Err(Failure::new(format!("{id} is used by {used}"), hint).exit(Exit::Usage));
        }
    }
    // A later provider of this id mustn't read what this one kept.
    if let Some(vault) = context.vault_if_any().await? {
        vault.forget_provider(id).await?;
    }
    context.added().remove(id)?;
    context.terminal.note(format!("{} Removed {}.", styled(GOOD, "✓"), styled(STRONG, id)));
    Ok(())
}

fn used(clients: &[String], connections: &[String]) -> Option<String> {
    let all = |what: &str, names: &[String]| match names {
        [] => None,
        [one] => Some(format!("the {what} {one}")),
        several => Some(format!("the {what}s {}", several.join(", "))),
    };
    let users: Vec<_> = all("client", clients).into_iter().chain(all("connection", connections)).collect();
    (!users.is_empty()).then(|| users.join(" and "))
}
