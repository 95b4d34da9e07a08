//! `jeton remove`

use jeton_vault::Status;

use crate::args::Remove;
use crate::context::{Context, connection_name};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::terminal::{GOOD, STRONG, styled};

/// Runs it. What the service still accepts isn't forgotten by mistake.
pub async fn run(context: &Context, arguments: Remove) -> Result {
    let name = connection_name(&arguments.name)?;
    let vault = context.existing_vault().await?;
    let connection = vault.connection(&name).await?;
    let stands = matches!(connection.status, Status::Active | Status::Retry { .. });
    if stands && !arguments.force {
        let hint = format!("`jeton revoke {name}` ends it there; --force forgets it here all the same");
        return Err(Failure::new(format!("the service still accepts the connection {name}"), hint).exit(Exit::Usage));
    }
    vault.remove(&name).await?;
    context.terminal.note(format!("{} Forgot {}.", styled(GOOD, "✓"), styled(STRONG, &name)));
    Ok(())
}
