//! How an access token is printed.

use std::time::{Duration, SystemTime};

use jeton_runtime::TokenType;
use jeton_vault::AccessToken;
use serde_json::json;
use zeroize::Zeroizing;

use crate::args::Format;
use crate::show_time::rfc3339;

/// How long it is still valid; `None`: for ever, or nobody knows.
pub fn time_left(token: &AccessToken) -> Option<Duration> {
    token.expires_at.map(|at| at.duration_since(SystemTime::now()).unwrap_or_default())
}

/// The line; `None` where the token isn't text, and where a header alone would be of no use.
pub fn line(token: &AccessToken, format: Format) -> Option<Zeroizing<String>> {
    let text = token.secret.reveal_text()?;
    let line = match format {
        Format::Text => text.to_owned(),
        Format::Header if token.token_type == TokenType::Dpop => return None,
        Format::Header => format!("Authorization: Bearer {text}"),
        Format::Json => json!({
            "access_token": text,
            "token_type": token.token_type.name(),
            "expires_at": token.expires_at.map(rfc3339),
            "expires_in": time_left(token).map(|left| left.as_secs()),
            "scope": token.scope,
        })
        .to_string(),
    };
    Some(Zeroizing::new(line))
}
