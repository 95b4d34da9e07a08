//! The device flow (RFC 8628).

use jeton_provider::*;

use crate::answer::{self, Meaning};
use crate::knobs::{first, pointers, scopes};
use crate::step::Step as Fields;

pub fn begin(client: &Client, grant: &Grant<'_>) -> Result<Step> {
    let fields = Fields::new("device").given("scope", scopes(&grant.scopes)).resources().for_grant(grant);
    let answer = fields.ask("device", client)?;
    if !answer::succeeded(&answer, "answer.success") {
        return Err(answer::error(&answer));
    }
    let missing = |what: &str| Error::other(concat(&["The service answered without a ", what]));
    let code = pointers("device.device-code", "/device_code").iter().find_map(|pointer| answer.secret(pointer));
    let text = |key: &str, usual: &str| first(&answer, key, usual);
    Ok(Step::EnterCode(DevicePrompt {
        device_code: code.ok_or_else(|| missing("device code"))?,
        user_code: text("device.user-code", "/user_code").ok_or_else(|| missing("user code"))?,
        verification_uri: text("device.verification-uri", "/verification_uri").ok_or_else(|| missing("page for the person"))?,
        verification_uri_complete: text("device.verification-uri-complete", "/verification_uri_complete"),
        // RFC 8628 requires it; ten minutes for services that leave it out.
        expires_in: seconds(text("device.expires-in", "/expires_in")).unwrap_or(600),
        interval: seconds(text("device.interval", "/interval")),
    }))
}

pub fn poll(client: &Client, grant: &Grant<'_>, device_code: &Secret) -> Result<Step> {
    let fields = Fields::new("poll").text("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    let answer = fields.secret("device_code", device_code).resources().for_grant(grant).ask("token", client)?;
    if answer::succeeded(&answer, "answer.success") {
        let tokens = answer::complete(&grant.scopes, answer::tokens(&answer)?)?;
        answer::check_id_token(client, &tokens)?;
        return Ok(Step::Done(tokens));
    }
    let error = answer::error(&answer);
    match (answer::meaning(error.code.as_deref(), error.description.as_deref()), error.code.as_deref()) {
        (Some(Meaning::Pending), _) | (None, Some("authorization_pending")) => Ok(Step::Pending(None)),
        (None, Some("expired_token")) => Err(Error { kind: ErrorKind::InvalidGrant, ..error }),
        _ => Err(error),
    }
}
