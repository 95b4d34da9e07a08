//! How a client shows who it is: in the body, or in a `Basic` header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::form::Form;

/// The client id and secret of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<String>,
    /// The secret came both ways, which RFC 6749 section 2.3 forbids.
    pub(crate) twice: bool,
}

impl Credentials {
    /// Id and secret in a `Basic` header are form-encoded (RFC 6749 section 2.3.1).
    pub(crate) fn of(headers: &HeaderMap, form: &Form) -> Self {
        let [id, secret] = ["client_id", "client_secret"].map(|name| form.get(name).map(str::to_owned));
        match basic(headers) {
            Some((client_id, client_secret)) => Self { twice: secret.is_some(), client_id: Some(client_id), client_secret },
            None => Self { client_id: id, client_secret: secret, twice: false },
        }
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, Option<String>)> {
    let (scheme, encoded) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decoded(id), Some(decoded(secret)).filter(|secret| !secret.is_empty())))
}

fn decoded(text: &str) -> String {
    form_urlencoded::parse(format!("x={text}").as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_are_read_and_using_both_is_noticed() {
        let mut headers = HeaderMap::new();
        let body = Form::parse(b"client_id=a&client_secret=b");
        let shown =
            |id: &str, secret: &str, twice| Credentials { client_id: Some(id.to_owned()), client_secret: Some(secret.to_owned()), twice };
        assert_eq!(Credentials::of(&headers, &body), shown("a", "b", false));
        headers.insert(AUTHORIZATION, format!("Basic {}", STANDARD.encode("an%3Aid:a+secret%2F")).parse().unwrap());
        assert_eq!(Credentials::of(&headers, &Form::default()), shown("an:id", "a secret/", false));
        assert_eq!(Credentials::of(&headers, &body), shown("an:id", "a secret/", true));
    }
}
