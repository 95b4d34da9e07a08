//! How the client shows who it is (RFC 6749, 2.3; RFC 7523; RFC 8705; OpenID Connect Core 1.0, 9).

use jeton_provider::*;

use crate::assertion;
use crate::knobs::choice;
use crate::step::Step;

/// Where it was shown.
pub enum Shown {
    InHeader,
    InFields,
}

/// How this client does: as it was registered, where the manifest leaves a choice, or as the manifest says.
pub fn of(client: &Client) -> String {
    client.setting("client-authentication").unwrap_or_else(|| choice("client.authentication", "post"))
}

/// Adds what shows it to a request.
pub fn show<'a>(step: Step<'a>, how: &str, client: &Client) -> Result<(Step<'a>, Shown)> {
    let identified = |step: Step<'a>| step.text("client_id", client.id());
    let step = match how {
        // The caller has its id already in what it pushes.
        "basic" if client.secret("client-secret").is_some() => return Ok((step, Shown::InHeader)),
        "post" => match client.secret("client-secret") {
            Some(secret) => identified(step).made("client_secret", secret),
            None => identified(step),
        },
        "private-key-jwt" => asserted(identified(step), client, "private-key", "RS256")?,
        "client-secret-jwt" => asserted(identified(step), client, "client-secret", "HS256")?,
        // `none`; and `tls`, where the connection shows it, which is the host's.
        _ => identified(step),
    };
    Ok((step.single("client_id"), Shown::InFields))
}

fn asserted<'a>(step: Step<'a>, client: &Client, key: &str, usual: &str) -> Result<Step<'a>> {
    let assertion = assertion::of_client(client, key, usual)?;
    let step = step.text("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    Ok(step.made("client_assertion", assertion))
}
