//! `callback`: where the browser comes back to, and whether what comes back belongs to the flow.
//!
//! State, code and verifier are made, kept and checked here. A provider sees the state (it goes into a URL) and the challenge; the code and
//! the verifier reach it as handles.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use url::Url;
use wasmtime::Result as Trapped;

use crate::bindings::jeton::provider::callback::{Host, Reservation as Reserved};
use crate::call::{Call, Overstepped};
use crate::manifest::Extra;
use crate::{Error, Grant, Manifest, Secret};

/// Answers where a flow's browser is to come back to. A [`Url`] is one that always says the same.
pub trait Callback: Send + Sync {
    /// The redirect URI of a new flow, as it is registered with the service.
    ///
    /// # Errors
    /// There is none, for instance because no port is free.
    fn redirect_uri(&self) -> Result<String, Error>;
}

impl Callback for Url {
    fn redirect_uri(&self) -> Result<String, Error> {
        Ok(self.to_string())
    }
}

impl Callback for String {
    fn redirect_uri(&self) -> Result<String, Error> {
        Ok(self.clone())
    }
}

/// A grant that waits for a browser to come back.
#[derive(Clone)]
pub struct Flow {
    /// What was asked for.
    pub grant: Grant,
    /// Where the browser comes back to.
    pub redirect_uri: String,
    /// What it brings back.
    pub state: Secret,
    /// PKCE.
    pub verifier: Secret,
    /// OpenID Connect's.
    pub(crate) nonce: Secret,
    /// Whether the service was told the nonce, and must tell it again in an ID token.
    pub(crate) nonced: bool,
    /// Whether the request was pushed with the state and the redirect URI in it.
    pub(crate) pushed: bool,
    /// Whether the service answers nonces.
    pub(crate) answers_nonce: bool,
    /// The parameter that brings the code.
    code: String,
    /// Whether the service knows PKCE in its plain form alone: the challenge is then the verifier.
    plain: bool,
    /// Whether an answer must have the state.
    stateful: bool,
}

/// What a browser brought back, checked against its flow.
#[derive(Debug)]
pub struct Returned {
    pub(crate) code: Option<Secret>,
    pub(crate) answer: Vec<(String, String)>,
    tied: bool,
}

impl Flow {
    /// Draws state and verifier.
    pub(crate) fn reserve(grant: Grant, callback: &dyn Callback) -> Result<Self, Error> {
        Ok(Self {
            grant,
            redirect_uri: callback.redirect_uri()?,
            state: Secret::new("state", unguessable()?),
            verifier: Secret::new("code-verifier", unguessable()?),
            nonce: Secret::new("nonce", unguessable()?),
            nonced: false,
            pushed: false,
            answers_nonce: true,
            code: "code".to_owned(),
            plain: false,
            stateful: true,
        })
    }

    /// As this provider's service does it.
    pub(crate) fn suited_to(self, manifest: &Manifest) -> Self {
        let plain = manifest.protocol.text("authorize.pkce") == Some("plain");
        let answers_nonce = manifest.protocol.text("authorize.nonce") != Some("off");
        Self { code: manifest.callback.code.clone(), plain, answers_nonce, stateful: manifest.callback.state, ..self }
    }

    /// What an ID token of this flow must say, if the service was told.
    pub(crate) fn expected_nonce(&self) -> Option<Secret> {
        self.nonced.then(|| self.nonce.clone())
    }

    pub(crate) fn challenge(&self) -> String {
        if self.plain {
            return self.verifier.reveal_text().unwrap_or_default().to_owned();
        }
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.reveal()))
    }

    /// Checks what a browser brought to the redirect URI: the part behind the `?`.
    ///
    /// # Errors
    /// The state is another one, or missing where the service sends it back, or a parameter stands there twice. The flow goes on waiting:
    /// anybody can call a redirect URI.
    pub fn returned(&self, query: &str) -> Result<Returned, Error> {
        let mut returned = self.read(query)?;
        let states: Vec<_> = returned.answer.extract_if(.., |(name, _)| name == "state").collect();
        match states.as_slice() {
            [(_, state)] if same(state.as_bytes(), self.state.reveal()) => Ok(Returned { tied: true, ..returned }),
            [] if !self.stateful && (returned.code.is_some() || returned.is_error()) => Ok(returned),
            [] => Err(Error::Callback("the address has no `state`, so it isn't the answer to this sign-in".into())),
            _ => Err(Error::Callback("the address belongs to another sign-in (its `state` differs)".into())),
        }
    }

    /// Reads what a person pasted: the address that the browser was sent to, its query, or the code alone. A code alone comes without a
    /// state; the person vouches for it by pasting it.
    ///
    /// # Errors
    /// As [`Flow::returned`], for an address that isn't the redirect URI, and for a text that is none of these.
    pub fn pasted(&self, text: &str) -> Result<Returned, Error> {
        let text = text.trim();
        let neither = || Error::Callback("that is neither the address that the browser was sent to nor a code".into());
        let head = text.split(['?', '#', '&', '=']).next().unwrap_or_default();
        if head.contains("://") || text.strip_prefix(head).is_some_and(|rest| rest.starts_with('?')) {
            let (address, query) = text.split_once('?').ok_or_else(neither)?;
            self.comes_back_to(address)?;
            return self.returned(query.split('#').next().unwrap_or(query));
        }
        if text.contains(&format!("{}=", self.code)) || text.contains("code=") || text.contains("error=") {
            return self.returned(text);
        }
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '&' | '=' | '\\');
        if text.is_empty() || text.len() > 4096 || text.contains("://") || !text.chars().all(plain) {
            return Err(neither());
        }
        Ok(Returned { code: Some(Secret::new("code", text)), answer: vec![], tied: true })
    }

    /// Whether an address, up to its query, is the redirect URI: an answer that came to another one may be another provider's (RFC 9700,
    /// 4.4). Some browsers show addresses without `http://`.
    fn comes_back_to(&self, address: &str) -> Result<(), Error> {
        let parts = |address: &str| {
            let url = Url::parse(address).ok().filter(|url| url.fragment().is_none())?;
            Some((url.scheme().to_owned(), url.host_str()?.to_owned(), url.port_or_known_default(), url.path().to_owned()))
        };
        let expected = parts(&self.redirect_uri);
        let scheme = expected.as_ref().map_or("", |(scheme, ..)| scheme.as_str());
        let whole = if address.contains("://") { address.to_owned() } else { format!("{scheme}://{address}") };
        match expected {
            _ if address.is_empty() => Ok(()),
            Some(expected) if parts(&whole).as_ref() == Some(&expected) => Ok(()),
            Some(_) => Err(Error::Callback(format!("this sign-in comes back to {}, and that is another address", self.redirect_uri))),
            None => Err(Error::Callback("this sign-in comes back to no address: only the code that is shown is its answer".into())),
        }
    }

    fn read(&self, query: &str) -> Result<Returned, Error> {
        if query.len() > 16 << 10 {
            return Err(Error::Callback("the address is too long".into()));
        }
        let mut returned = Returned { code: None, answer: vec![], tied: false };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let twice = if name == self.code { returned.code.is_some() } else { returned.answer.iter().any(|(known, _)| *known == name) };
            if twice {
                return Err(Error::Callback("a parameter of the address stands there twice".into()));
            }
            match name.as_ref() {
                name if name == self.code => returned.code = Some(Secret::new("code", value.as_bytes())),
                _ => returned.answer.push((name.into_owned(), value.into_owned())),
            }
        }
        Ok(returned)
    }
}

impl Returned {
    /// Whether the service sent an error instead of a code.
    pub fn is_error(&self) -> bool {
        self.answer.iter().any(|(name, _)| name == "error")
    }

    /// Whether it is known to be the answer to its flow: by the state, or by the person who pasted a code. Otherwise anybody may have sent
    /// the browser here, with a code of their own.
    pub fn is_tied(&self) -> bool {
        self.tied
    }

    /// The issuer that the answer names (RFC 9207): what anybody says who sent the browser here.
    pub fn issuer(&self) -> Option<&str> {
        self.answer.iter().find(|(name, _)| name == "iss").map(|(_, issuer)| issuer.as_str())
    }

    /// Whether the answer comes from the issuer of the manifest (RFC 9207): one from another may be meant for another's token endpoint.
    pub(crate) fn issued_for(&self, manifest: &Manifest) -> Result<(), Error> {
        let Some(issuer) = &manifest.issuer else { return Ok(()) };
        match self.issuer() {
            // Byte for byte.
            Some(iss) if iss == issuer => Ok(()),
            Some(_) => Err(Error::Callback("the address comes from another issuer than the one that you were sent to".into())),
            None if manifest.callback.iss => Err(Error::Callback("the address doesn't say which issuer it comes from".into())),
            None => Ok(()),
        }
    }

    /// What the service said for this extra.
    pub(crate) fn said<'r>(&'r self, extra: &Extra) -> Option<&'r str> {
        let parameter = extra.parameter.as_ref()?;
        self.answer.iter().find(|(name, _)| name == parameter).map(|(_, value)| value.as_str())
    }

    /// Only what the provider may read.
    pub(crate) fn revealed(&self, reveals: &[String]) -> Vec<(String, String)> {
        let open = |name: &String| ["error", "error_description", "error_uri", "scope"].contains(&name.as_str()) || reveals.contains(name);
        self.answer.iter().filter(|(name, _)| open(name)).cloned().collect()
    }
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

/// 256 bits, in the alphabet that RFC 7636 asks of verifiers.
fn unguessable() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::Host(format!("the system has no random bytes: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// In a time that doesn't tell where they differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

impl Host for Call {
    fn reserve(&mut self) -> Trapped<Reserved> {
        let Some(flow) = &self.flow else {
            return Err(Overstepped("callback.reserve is for begin alone".into()).into());
        };
        let state = flow.state.reveal_text().unwrap_or_default().to_owned();
        Ok(Reserved { redirect_uri: flow.redirect_uri.clone(), state, code_challenge: flow.challenge() })
    }

    fn nonce(&mut self) -> Trapped<String> {
        let Some(flow) = &self.flow else {
            return Err(Overstepped("callback.nonce is for begin alone".into()).into());
        };
        Ok(flow.nonce.reveal_text().unwrap_or_default().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GrantKind;

    fn flow() -> Flow {
        let grant = Grant::new(GrantKind::AuthorizationCode, vec![]);
        Flow { state: Secret::new("state", "right"), ..Flow::reserve(grant, &"http://127.0.0.1/callback".to_owned()).unwrap() }
    }

    #[test]
    fn only_the_right_state_belongs_to_the_flow() {
        let returned = flow().returned("code=abc&state=right").unwrap();
        assert_eq!(returned.code.unwrap().reveal(), b"abc");
        for query in
            ["code=abc", "code=abc&state=wrong", "code=abc&state=righ", "code=abc&state=right&state=right", "code=a&code=b&state=right", ""]
        {
            assert!(flow().returned(query).is_err(), "{query}");
        }
    }

    #[test]
    fn a_person_may_paste_the_address_its_query_or_the_code() {
        for text in [
            "http://127.0.0.1/callback?code=abc&state=right",
            "127.0.0.1/callback?code=abc&state=right",
            "HTTP://127.0.0.1:80/callback?state=right&code=abc#_=_",
            "?code=abc&state=right",
            "code=abc&state=right&iss=https://acme.example/?a=b",
            "  abc\n",
        ] {
            assert_eq!(flow().pasted(text).unwrap().code.unwrap().reveal(), b"abc", "{text}");
        }
        for text in ["", "two words", "http://127.0.0.1/callback", "http://127.0.0.1/callback?code=abc&state=wrong", "code=abc"] {
            assert!(flow().pasted(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_that_is_not_the_redirect_uri_is_not_taken_and_the_right_one_is_named() {
        for address in [
            "https://127.0.0.1/callback",
            "http://127.0.0.1:81/callback",
            "http://localhost/callback",
            "localhost/callback",
            "http://127.0.0.1/callback/",
            "http://127.0.0.1/Callback",
            "http://127.0.0.1//callback",
            "http://127.0.0.1/%63allback",
            "http://127.0.0.1/callback/../other",
            "http://127.0.0.1/callback#",
            "http://127.0.0.1/other#/callback",
            "http://127.0.0.1",
            "://",
            "abc",
        ] {
            let error = flow().pasted(&format!("{address}?code=abc&state=right")).unwrap_err().to_string();
            assert!(error.contains("http://127.0.0.1/callback"), "{address}: {error}");
        }
        for text in ["http://127.0.0.1/other#?a=b&code=abc&state=right", "http://x/#a=b&code=abc&state=right"] {
            assert!(flow().pasted(text).is_err(), "{text}");
        }
        let elsewhere = |uri: &str| Flow { redirect_uri: uri.to_owned(), ..flow() };
        assert!(elsewhere("https://app.example/a=b?c=d").pasted("https://app.example/a=b?c=d&code=abc&state=right").is_ok());
        // Where there is none, a code is shown.
        assert!(elsewhere("").pasted("http://127.0.0.1/?code=abc&state=right").is_err());
        assert!(elsewhere("").pasted("abc").is_ok());
    }

    #[test]
    fn without_a_state_an_answer_is_taken_only_where_the_service_sends_none_and_is_then_tied_to_nothing() {
        let stateless = Flow { stateful: false, ..flow() };
        for answer in ["code=abc", "error=access_denied"] {
            assert!(!stateless.returned(answer).unwrap().is_tied(), "{answer}");
            assert!(flow().returned(answer).is_err(), "{answer}");
        }
        for answer in ["", "realm=7", "code=abc&state=wrong", "code=abc&state=", "code=abc&state=right&state=right"] {
            assert!(stateless.returned(answer).is_err(), "{answer}");
        }
        assert!(stateless.returned("code=abc&state=right").unwrap().is_tied() && stateless.pasted("abc").unwrap().is_tied());
    }

    #[test]
    fn an_error_is_revealed_and_a_stranger_parameter_is_not() {
        let returned = flow().returned("error=access_denied&error_description=No&realm=7&state=right").unwrap();
        assert!(returned.is_error());
        assert_eq!(returned.revealed(&[]).len(), 2);
        assert_eq!(returned.revealed(&["realm".to_owned()]).len(), 3);
    }

    #[test]
    fn the_challenge_is_the_one_of_rfc_7636() {
        let flow = Flow { verifier: Secret::new("code-verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), ..flow() };
        assert_eq!(flow.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
