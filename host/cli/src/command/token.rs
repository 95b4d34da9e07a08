//! `jeton token`: a valid access token on stdout.
//!
//! With a valid token this reads one row and prints: no wasm, no network.

use std::time::SystemTime;

use serde_json::json;
use zeroize::Zeroizing;

use crate::args::{Format, Token};
use crate::context::{Context, connection_name};
use crate::failure::{Failure, Result};
use crate::show_time::rfc3339;

/// Runs it.
pub async fn run(context: &Context, arguments: Token) -> Result {
    let name = connection_name(&arguments.name)?;
    let vault = context.existing_vault().await?;
    let token = vault.access_token(&name, arguments.min_valid, &context.providers()).await?;
    let left = token.expires_at.map(|at| at.duration_since(SystemTime::now()).unwrap_or_default());
    if left.is_some_and(|left| left < arguments.min_valid) {
        let left = left.unwrap_or_default().as_secs();
        context.terminal.note(format!("The service gives no longer token: this one is valid for {left} seconds."));
    }
    let text =
        token.secret.reveal_text().ok_or_else(|| Failure::new("the access token is not text", "Report it to the provider's author"))?;
    let format = if context.terminal.json { Format::Json } else { arguments.format };
    let line = match format {
        Format::Text => text.to_owned(),
        Format::Header => format!("Authorization: Bearer {text}"),
        Format::Json => json!({
            "access_token": text,
            "token_type": "Bearer",
            "expires_at": token.expires_at.map(rfc3339),
            "expires_in": left.map(|left| left.as_secs()),
            "scope": token.scope,
        })
        .to_string(),
    };
    context.terminal.secret(&Zeroizing::new(line))
}
