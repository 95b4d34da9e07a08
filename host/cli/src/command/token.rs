//! `jeton token`: an access token on stdout, refreshed if need be. One that is valid was printed before by [`quick`](crate::quick), unless
//! the command line says more than that understands.

use jeton_runtime::TokenType;

use crate::args::{Format, Token};
use crate::context::{Context, connection_name};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::printed;

/// Runs it.
pub async fn run(context: &Context, arguments: Token) -> Result {
    let name = connection_name(&arguments.name)?;
    let vault = context.existing_vault().await?;
    let token = vault.access_token(&name, arguments.min_valid, &context.providers()).await?;
    if let Some(left) = printed::time_left(&token).filter(|left| *left < arguments.min_valid) {
        context.terminal.note(format!("The service gives no longer token: this one is valid for {} seconds.", left.as_secs()));
    }
    let format = if context.terminal.json { Format::Json } else { arguments.format };
    if format == Format::Header && token.token_type == TokenType::Dpop {
        let what = format!(
            "the token of {name} is of the type DPoP: a header alone is refused, each request needs a proof by a key that stays here"
        );
        return Err(Failure::new(what, format!("Have Jeton send the request: jeton request {name} METHOD PATH")).exit(Exit::Usage));
    }
    let line = printed::line(&token, format);
    context.terminal.secret(&line.ok_or_else(|| Failure::new("the access token is not text", "Report it to the provider's author"))?)
}
