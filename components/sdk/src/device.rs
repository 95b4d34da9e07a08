//! The device flow (RFC 8628): the person enters a code on another device, and the host asks now and then what came of it.

use crate::answer::seconds;
use crate::*;

impl Request<'_> {
    /// Asks for a device code and what the person is shown.
    pub fn device_code(self) -> Result<Step> {
        self.send()?.into_device_prompt()
    }

    /// Asks what came of a device code: tokens, an error, or nothing yet. The host knows `slow_down` by its kind of error.
    pub fn device_tokens(self) -> Result<Step> {
        let answer = self.send()?;
        match answer.text("/error").as_deref() {
            Some("authorization_pending") => Ok(Step::Pending(None)),
            Some("authorization_declined") => Err(Error { kind: ErrorKind::AccessDenied, ..answer.to_error() }),
            Some("expired_token" | "bad_verification_code") => Err(Error { kind: ErrorKind::InvalidGrant, ..answer.to_error() }),
            _ => answer.into_tokens().map(Step::Done),
        }
    }
}

impl Response {
    /// What the person is shown, from the answer to a request for a device code. Google calls the page `verification_url`.
    pub fn into_device_prompt(self) -> Result<Step> {
        if !self.succeeded() {
            return Err(self.to_error());
        }
        let missing = |what: &str| Error::other(concat(&["The service answered without a ", what]));
        Ok(Step::EnterCode(DevicePrompt {
            device_code: self.secret("/device_code").ok_or_else(|| missing("device_code"))?,
            user_code: self.text("/user_code").ok_or_else(|| missing("user_code"))?,
            verification_uri: self
                .text("/verification_uri")
                .or_else(|| self.text("/verification_url"))
                .ok_or_else(|| missing("verification_uri"))?,
            verification_uri_complete: self.text("/verification_uri_complete").or_else(|| self.text("/verification_url_complete")),
            // RFC 8628 requires it; ten minutes for services that leave it out.
            expires_in: seconds(self.text("/expires_in")).unwrap_or(600),
            interval: seconds(self.text("/interval")),
        }))
    }
}

impl<'a> Event<'a> {
    /// The device code whose outcome is asked for.
    pub fn polled(self) -> Result<&'a Secret> {
        match self {
            Self::Poll(code) => Ok(code),
            Self::Returned(_) => Err(Error::unsupported("a browser's return")),
        }
    }
}
