//! Signed assertions (RFC 7523): for a client that authenticates with a key, and for a service account.

use crate::bindings::jeton::provider::crypto::{self, Algorithm, Claim, ClaimValue};
use crate::*;

/// A JWT that is being put together. The host signs it.
#[derive(Default)]
#[must_use]
pub struct Jwt {
    header: Vec<Claim>,
    claims: Vec<Claim>,
}

impl Jwt {
    /// A header parameter, such as `kid`.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.header.push(Claim { name: name.to_owned(), value: ClaimValue::Text(value.into()) });
        self
    }

    /// A claim that is a text.
    pub fn claim(mut self, name: &str, value: impl Into<String>) -> Self {
        self.claims.push(Claim { name: name.to_owned(), value: ClaimValue::Text(value.into()) });
        self
    }

    /// A claim that is a number.
    pub fn number(mut self, name: &str, value: u64) -> Self {
        let value = ClaimValue::Number(i64::try_from(value).unwrap_or(i64::MAX));
        self.claims.push(Claim { name: name.to_owned(), value });
        self
    }

    /// `iat`, `exp` and a `jti` that is never used twice.
    pub fn valid(self, from: u64, seconds: u64) -> Self {
        let unique = random::bytes(16).iter().fold(String::new(), |mut text, byte| {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
            text
        });
        self.number("iat", from).number("exp", from.saturating_add(seconds)).claim("jti", unique)
    }

    /// The signed JWT, of kind `assertion`.
    pub fn sign(self, key: &Secret, algorithm: Algorithm) -> Result<Secret> {
        Ok(crypto::sign_jwt(key, algorithm, &self.header, &self.claims)?)
    }
}

impl From<crypto::Error> for Error {
    fn from(error: crypto::Error) -> Self {
        match error {
            crypto::Error::Denied(text) | crypto::Error::Other(text) => Self::other(text),
            crypto::Error::BadKey(text) => Self::new(ErrorKind::InvalidClient, text),
        }
    }
}

impl Client {
    /// A secret that the grant can't do without.
    pub fn required(&self, name: &str) -> Result<Secret> {
        self.secret(name).ok_or_else(|| Error::new(ErrorKind::InvalidClient, concat(&["The client has no ", name])))
    }

    /// A setting that the grant can't do without.
    pub fn needed(&self, name: &str) -> Result<String> {
        self.setting(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Error::new(ErrorKind::InvalidClient, concat(&["The client's setting ", name, " is missing"])))
    }
}
