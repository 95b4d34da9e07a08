//! Requests that show an access token of the type `DPoP` (RFC 9449, 7 and 9): each has a proof by the key that the token is bound to, made
//! for this request and this token; where the API wants another nonce in it, the request is sent once more.
//!
//! Nonces are kept among the provider's values, one for each origin, under the name that the component `oauth2` uses too.

use std::time::Duration;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::bindings::jeton::provider::crypto::Error as BadProof;
use crate::capability::crypto::{Target, now, proof};
use crate::model::{Client, CurrentTokens};
use crate::transport::{Incoming, Outgoing};
use crate::{Error, Provider, Secret, policy};

const PROOF: HeaderName = HeaderName::from_static("dpop");
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// How long a nonce is worth a try. An old one costs a second request, and nothing else.
const NONCE_LIFETIME: Duration = Duration::from_secs(3600);

/// Whether the token among these headers is of the type `DPoP`.
pub(super) fn shows_bound(headers: &HeaderMap) -> bool {
    let scheme = |value: &HeaderValue| value.as_bytes().split(|byte| *byte == b' ').next().map(<[u8]>::to_ascii_lowercase);
    headers.get(AUTHORIZATION).and_then(scheme).is_some_and(|scheme| scheme == b"dpop")
}

/// Whether an API refuses a proof because it has no nonce of its own, or an old one.
fn wants_nonce(answer: &Incoming) -> bool {
    let challenges = answer.headers.get_all(WWW_AUTHENTICATE);
    let said = |challenge: &HeaderValue| challenge.to_str().is_ok_and(|text| text.contains("use_dpop_nonce"));
    answer.status == 401 && challenges.iter().any(said)
}

impl Provider {
    /// Sends a request to an endpoint with a proof.
    pub(super) async fn send_proven(
        &self,
        client: &Client,
        tokens: &CurrentTokens,
        endpoint: &str,
        request: Outgoing,
    ) -> Result<Incoming, Error> {
        let key = self.key(client)?;
        let (storage, provider) = (&self.lent.storage, self.loaded.manifest.id.as_str());
        let kept = format!("dpop-nonce {}", request.url.origin().ascii_serialization());
        // Without a place for it the next proof costs two requests.
        let mut nonce = storage.get(provider, &kept).await.unwrap_or_default();
        let mut last = false;
        loop {
            let mut proven = request.clone();
            proven.headers.insert(PROOF, self.proof(key, tokens, endpoint, (&request, nonce.as_deref()))?);
            let answer = self.lent.transport.send(proven).await?;
            let newest = answer.headers.get(NONCE).and_then(|nonce| nonce.to_str().ok()).map(str::to_owned);
            if let Some(newest) = newest.as_deref().filter(|_| newest != nonce) {
                let _ = storage.set(provider, &kept, newest, NONCE_LIFETIME).await;
            }
            if last || newest.is_none() || !wants_nonce(&answer) {
                return Ok(answer);
            }
            (nonce, last) = (newest, true);
        }
    }

    fn proof(
        &self,
        key: &Secret,
        tokens: &CurrentTokens,
        endpoint: &str,
        (request, nonce): (&Outgoing, Option<&str>),
    ) -> Result<HeaderValue, Error> {
        let (method, url, access_token) = (request.method.as_str(), request.url.clone(), tokens.access.as_ref());
        let proof = proof(key, Target { method, url, nonce, access_token, code: None, now: now() }).map_err(|error| match error {
            BadProof::BadKey(what) => unfit(what),
            BadProof::Denied(what) | BadProof::Other(what) => Error::Host(what),
        })?;
        Ok(policy::admitted(&self.loaded.manifest, endpoint, "DPoP", Secret::new("dpop-proof", proof))?)
    }

    /// The key that tokens of the type `DPoP` are bound to.
    fn key<'c>(&self, client: &'c Client) -> Result<&'c Secret, Error> {
        let manifest = &self.loaded.manifest;
        let Some(name) = manifest.dpop_key() else {
            let what = "shows an access token of the type DPoP, and its manifest doesn't say which key that is bound to".to_owned();
            return Err(Error::Provider { provider: manifest.id.clone(), what });
        };
        client.secrets.get(name).ok_or_else(|| unfit(format!("the client has no {name}, which its tokens are bound to")))
    }
}

fn unfit(what: String) -> Error {
    Error::Unfit { what, hint: "Add another client, for which a key is made, and sign in with it".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACME: &str = "id = \"acme\"\nname = \"Acme\"\nversion = \"1\"\ncontract = \"0.1\"\nsummary = \"Anvils\"\n\
        grants = [\"authorization-code\"]\n[endpoints.token]\nurl = \"https://acme.com/token\"\n[signs]\na = [\"ES256\"]\nb = [\"ES256\"]\n\
        c = [\"RS256\"]\n[secrets.a]\nname = \"A\"\ngenerated = true\n[secrets.c]\nname = \"C\"\ngenerated = true\n[secrets.b]\nname = \"B\"\n";

    #[test]
    fn the_key_of_a_component_is_the_only_one_that_is_made_for_it() {
        let key = |source: &str| crate::Manifest::parse(source).unwrap().dpop_key().map(str::to_owned);
        assert_eq!(key(ACME).as_deref(), Some("a"));
        assert_eq!(key(&format!("{ACME}generated = true\n")), None, "which of the two?");
        assert_eq!(key(&ACME.replace("a = [\"ES256\"]", "a = [\"ES384\"]")), None);
    }

    #[test]
    fn a_bound_token_is_told_by_its_scheme_in_any_case() {
        let shown = |value: &str| shows_bound(&[(AUTHORIZATION, value.parse().unwrap())].into_iter().collect());
        assert!(shown("DPoP abc") && shown("dpop abc") && shown("DPOP abc"));
        assert!(!shown("Bearer DPoP") && !shown("DPoPs abc") && !shown("Bearer abc") && !shows_bound(&HeaderMap::new()));
    }
}
