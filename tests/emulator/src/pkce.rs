//! Proof key for code exchange (RFC 7636).

use crate::form::Form;
use crate::jwt::sha256_base64url;

/// The challenge of an authorization request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    Plain(String),
    S256(String),
}

/// The method is neither `S256` nor `plain`, or the challenge hasn't 43 to 128 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadChallenge;

impl Challenge {
    /// The challenge of a request, `None` if it has none. Without a method it is plain (RFC 7636 section 4.3).
    pub(crate) fn of(form: &Form) -> Result<Option<Self>, BadChallenge> {
        let Some(challenge) = form.get("code_challenge") else { return Ok(None) };
        if !(43..=128).contains(&challenge.len()) {
            return Err(BadChallenge);
        }
        match form.get("code_challenge_method") {
            None | Some("plain") => Ok(Some(Self::Plain(challenge.to_owned()))),
            Some("S256") => Ok(Some(Self::S256(challenge.to_owned()))),
            Some(_) => Err(BadChallenge),
        }
    }

    pub(crate) fn fits(&self, verifier: &str) -> bool {
        match self {
            Self::Plain(challenge) => challenge == verifier,
            Self::S256(challenge) => *challenge == sha256_base64url(verifier.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_fits_and_nothing_else_does() {
        let query = b"code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
        let challenge = Challenge::of(&Form::parse(query)).unwrap().unwrap();
        assert!(challenge.fits("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.fits("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        assert_eq!(Challenge::of(&Form::parse(b"code_challenge=short")), Err(BadChallenge));
        assert_eq!(Challenge::of(&Form::parse(b"a=b")), Ok(None));
    }
}
