//! `jeton rename`

use crate::args::Rename;
use crate::context::{Context, connection_name};
use crate::failure::Result;
use crate::terminal::{GOOD, STRONG, styled};

/// Runs it.
pub async fn run(context: &Context, arguments: Rename) -> Result {
    let (name, to) = (connection_name(&arguments.name)?, connection_name(&arguments.to)?);
    context.existing_vault().await?.rename(&name, &to).await?;
    context.terminal.note(format!("{} {name} is called {} now.", styled(GOOD, "✓"), styled(STRONG, &to)));
    Ok(())
}
