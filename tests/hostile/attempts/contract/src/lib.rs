//! What the attempts of this category share. Each is a file of its own beside this one, built as a component, most of them without a manifest,
//! which the test adds.

use jeton_provider::*;

/// The text that the test gave under a name, in a grant's options or a connection's extras.
pub fn told(words: &[(String, String)], name: &str) -> Option<String> {
    words.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone())
}

/// The number that it gave.
pub fn number(words: &[(String, String)], name: &str) -> Option<u64> {
    told(words, name)?.parse().ok()
}

/// Tokens as the service gives them.
pub fn tokens() -> Result<Tokens> {
    token_request("token", "refresh_token").tokens()
}

/// A prompt with a device code of the service's.
pub fn prompt(verification_uri: &str) -> Result<DevicePrompt> {
    let answer = token_request("codes", "device").send()?;
    Ok(DevicePrompt {
        device_code: answer.secret("/device_code").ok_or_else(|| Error::other("no device code"))?,
        user_code: "ABCD-EFGH".to_owned(),
        verification_uri: verification_uri.to_owned(),
        verification_uri_complete: None,
        expires_in: 600,
        interval: None,
    })
}
