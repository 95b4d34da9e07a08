//! Reading what a service answers: tokens, errors, and what a browser brought back.

use crate::bindings::jeton::provider::http;
use crate::*;

/// Seconds in any of the forms that services write: `3600`, `"3600"`, `3599.5`. None for nothing, for 0, and for what isn't a number.
pub fn seconds(text: Option<String>) -> Option<u64> {
    let text = text?;
    let digits = text.bytes().take_while(|byte| *byte != b'.');
    let add = |sum: u64, byte: u8| sum.checked_mul(10)?.checked_add(u64::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?));
    digits.into_iter().try_fold(0, add).filter(|seconds| *seconds > 0)
}

impl Response {
    /// A status from 200 to 299, and no `error` in the answer.
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.status()) && self.text("/error").is_none()
    }

    /// Seconds to wait, where the service says so. (The host turns dates into seconds.)
    pub fn retry_after(&self) -> Option<u64> {
        seconds(self.header("retry-after"))
    }

    /// Takes the tokens out of a token endpoint's answer, or its error.
    pub fn into_tokens(self) -> Result<Tokens> {
        let pointers = ["/error", "/token_type", "/expires_in", "/refresh_token_expires_in", "/scope"];
        let mut texts = self.texts(&pointers.map(str::to_owned)).into_iter().map(Option::unwrap_or_default);
        let mut text = || texts.next().filter(|text| !text.is_empty());
        let (error, kind) = (text(), text());
        if error.is_some() || !(200..300).contains(&self.status()) {
            return Err(self.to_error());
        }
        // RFC 6749, 7.1.
        if let Some(kind) = kind.filter(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(Error::other(concat(&["The service answered with an unknown token_type: ", &kind])));
        }
        let mut secrets = self.secrets(&["/access_token", "/refresh_token", "/id_token"].map(str::to_owned)).into_iter();
        let mut secret = || secrets.next().flatten();
        Ok(Tokens {
            access: secret().ok_or_else(|| Error::other("The service answered the token request without an access_token"))?,
            refresh: secret(),
            id_token: secret(),
            expires_in: seconds(text()),
            refresh_expires_in: seconds(text()),
            scope: text(),
            extras: vec![],
        })
    }

    /// What an answer that isn't a success means, by RFC 6749, 5.2 and the status.
    pub fn to_error(&self) -> Error {
        let code = self.text("/error");
        let kind = ErrorKind::of_answer(self.status(), code.as_deref());
        let description = self.text("/error_description").unwrap_or_else(|| self.with_status("The service answered with status "));
        Error { kind, code, description: Some(description), retry_after: self.retry_after() }
    }

    /// A text with the status behind it, for an answer that says nothing itself.
    pub fn with_status(&self, text: &str) -> String {
        concat(&[text, &decimal(self.status().into())])
    }

    /// Whose account this is, from an answer that is judged first.
    pub fn to_account<P: Provider>(&self, id: &str, login: &str, name: &str) -> Result<Account> {
        let kind = match P::judge(self) {
            Verdict::Ok => {
                let id = self.text(id).ok_or_else(|| Error::other("The service's answer doesn't say whose account it is"))?;
                return Ok(Account { id, login: self.text(login), name: self.text(name), extras: vec![] });
            }
            Verdict::Expired => ErrorKind::InvalidToken,
            Verdict::Revoked => ErrorKind::InvalidGrant,
            Verdict::InsufficientScope => ErrorKind::InsufficientScope,
            Verdict::RateLimited(_) => ErrorKind::RateLimited,
            Verdict::Other if self.status() >= 500 => ErrorKind::TemporarilyUnavailable,
            Verdict::Other => ErrorKind::Other,
        };
        Err(Error {
            kind,
            code: self.text("/code").or_else(|| self.text("/error")),
            description: self.text("/message").or_else(|| Some(self.with_status("The service's API answered with status "))),
            retry_after: self.retry_after(),
        })
    }
}

/// RFC 6750, 3.1 and common practice: 401 is an expired token, `insufficient_scope` is said in `WWW-Authenticate`, 429 is a rate limit, and so
/// is a 503 that says when to come back (RFC 9110, 15.6.4).
pub fn verdict_by_status(answer: &Response) -> Verdict {
    match answer.status() {
        200..=399 => Verdict::Ok,
        401 => Verdict::Expired,
        403 if answer.header("www-authenticate").is_some_and(|h| holds(&h, "insufficient_scope")) => Verdict::InsufficientScope,
        429 => Verdict::RateLimited(answer.retry_after()),
        503 => answer.retry_after().map_or(Verdict::Other, |wait| Verdict::RateLimited(Some(wait))),
        _ => Verdict::Other,
    }
}

impl ErrorKind {
    /// What the status of an answer and its `error` mean together.
    pub fn of_answer(status: u16, code: Option<&str>) -> Self {
        match (status, code) {
            (429, _) | (_, Some("slow_down")) => Self::RateLimited,
            (500.., _) | (_, Some("temporarily_unavailable" | "server_error")) => Self::TemporarilyUnavailable,
            (_, Some(code)) => Self::of(code),
            _ => Self::Other,
        }
    }

    /// What an `error` of RFC 6749 (4.1.2.1 and 5.2) or RFC 6750 means.
    pub fn of(code: &str) -> Self {
        match code {
            "invalid_grant" => Self::InvalidGrant,
            "invalid_client" | "unauthorized_client" => Self::InvalidClient,
            "access_denied" => Self::AccessDenied,
            "redirect_uri_mismatch" => Self::RedirectMismatch,
            "invalid_scope" | "insufficient_scope" => Self::InsufficientScope,
            "invalid_token" => Self::InvalidToken,
            "temporarily_unavailable" | "server_error" => Self::TemporarilyUnavailable,
            _ => Self::Other,
        }
    }
}

impl Error {
    /// An error of a kind, with a text for the person.
    pub fn new(kind: ErrorKind, description: impl Into<String>) -> Self {
        Self { kind, code: None, description: Some(description.into()), retry_after: None }
    }

    /// Anything that has no kind of its own.
    pub fn other(description: impl Into<String>) -> Self {
        Self::new(ErrorKind::Other, description)
    }

    /// This provider can't do that.
    pub fn unsupported(what: &str) -> Self {
        Self::new(ErrorKind::Unsupported, what)
    }
}

impl From<http::Error> for Error {
    fn from(error: http::Error) -> Self {
        let (kind, text) = match error {
            http::Error::Denied(text) => (ErrorKind::Other, text),
            http::Error::Timeout => (ErrorKind::TemporarilyUnavailable, "The service didn't answer in time".to_owned()),
            http::Error::TooLarge => (ErrorKind::TemporarilyUnavailable, "The service's answer is too large".to_owned()),
            http::Error::Unreachable(text) => (ErrorKind::TemporarilyUnavailable, text),
            http::Error::Other(text) => (ErrorKind::Other, text),
        };
        Self::new(kind, text)
    }
}

impl GrantKind {
    /// As the manifest and the command write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization-code",
            Self::DeviceCode => "device-code",
            Self::ClientCredentials => "client-credentials",
            Self::JwtBearer => "jwt-bearer",
            Self::TokenExchange => "token-exchange",
        }
    }
}

impl<'a> CurrentTokens<'a> {
    /// The refresh token, or the error that there is none.
    pub fn refresh(&self) -> Result<&'a Secret> {
        self.refresh.ok_or_else(|| Error::new(ErrorKind::InvalidGrant, "This connection has no refresh token"))
    }

    /// The access token, or the error that there is none.
    pub fn access(&self) -> Result<&'a Secret> {
        self.access.ok_or_else(|| Error::new(ErrorKind::InvalidToken, "This connection has no access token"))
    }
}

impl<'a> Event<'a> {
    /// The browser's return, or the error that the service sent it back with.
    pub fn returned(self) -> Result<Returned<'a>> {
        let Self::Returned(back) = self else { return Err(Error::unsupported("polling")) };
        let said = |name: &str| back.answer.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        match said("error") {
            None => Ok(back),
            Some(code) => {
                Err(Error { kind: ErrorKind::of(&code), description: said("error_description"), code: Some(code), retry_after: None })
            }
        }
    }
}

impl Header {
    /// `Authorization: Bearer <access token>`
    pub fn bearer() -> Self {
        Self { name: "authorization".to_owned(), value: HeaderValue::AccessToken("Bearer".to_owned()) }
    }

    /// A header of plain text.
    pub fn text(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: HeaderValue::Text(value.into()) }
    }
}
