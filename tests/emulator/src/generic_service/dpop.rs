//! Proofs of possession (RFC 9449), really verified.

use std::sync::Arc;

use axum::response::Response;
use http::HeaderValue;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::answer::{Trouble, trouble};
use super::facts::Demand;
use super::hostile::Misbehaviour;
use super::{Incoming, Inner, State};
use crate::jwt::{Jwt, sha256_base64url, unix};

/// A proof's `iat` may be so far from the server's clock.
const MOST_SKEW: u64 = 300;

impl Inner {
    /// The thumbprint of the key that signed the request's proof. `None` if there is no proof and none is needed. With the access token that
    /// is shown beside it.
    pub(super) fn proof(&self, known: &mut State, call: &Incoming, token: Option<&str>) -> Result<Option<String>, Trouble> {
        let invalid = |text: &str| trouble("invalid_dpop_proof", text);
        let mut proofs = call.headers.get_all("dpop").iter();
        let (first, second) = (proofs.next(), proofs.next());
        let proof = match (self.facts.dpop, first) {
            (Demand::Off, _) => return Ok(None),
            (Demand::Required, None) => return Err(invalid("A DPoP proof is needed.")),
            (Demand::Optional, None) => return Ok(None),
            (_, Some(_)) if second.is_some() => return Err(invalid("There is more than one DPoP proof.")),
            (_, Some(proof)) => proof.to_str().map_err(|_| invalid("The proof isn't a JWT."))?,
        };
        let jwt = Jwt::read(proof).ok_or_else(|| invalid("The proof isn't a JWT."))?;
        if jwt.header("typ") != Some("dpop+jwt") {
            return Err(invalid("`typ` must be `dpop+jwt`."));
        }
        let jwk = jwt.header.get("jwk").ok_or_else(|| invalid("There is no `jwk` in the header."))?;
        if jwk.get("d").is_some() || jwk.get("k").is_some() {
            return Err(invalid("The key in the header is not a public one."));
        }
        let jwk: Jwk = serde_json::from_value(jwk.clone()).map_err(|_| invalid("The key in the header can't be read."))?;
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| invalid("The key in the header can't be used."))?;
        if !jwt.is_signed(&key, &[Algorithm::ES256, Algorithm::ES384, Algorithm::RS256, Algorithm::PS256]) {
            return Err(invalid("The signature doesn't fit."));
        }
        if jwt.text("htm") != Some(call.method.as_str()) {
            return Err(invalid("`htm` is another method."));
        }
        if jwt.text("htu") != Some(&*call.url()) {
            return Err(invalid("`htu` is another URL."));
        }
        if jwt.text("ath") != token.map(|token| sha256_base64url(token.as_bytes())).as_deref() {
            return Err(invalid("`ath` is missing, or another token's."));
        }
        let now = unix(self.clock.now());
        if jwt.seconds("iat").is_none_or(|iat| iat.abs_diff(now) > MOST_SKEW) {
            return Err(invalid("`iat` is too far from now."));
        }
        if known.is_hostile(|how| matches!(how, Misbehaviour::NonceLoop)) {
            known.nonce += 1;
            return Err(trouble("use_dpop_nonce", "Use a newer nonce."));
        }
        if self.facts.dpop_nonce && jwt.text("nonce") != Some(&*self.nonce(known, call)) {
            return Err(trouble("use_dpop_nonce", "Use the nonce of the DPoP-Nonce header."));
        }
        let jti = jwt.text("jti").ok_or_else(|| invalid("There is no `jti`."))?;
        if !known.is_new("proof", jti, now.saturating_add(2 * MOST_SKEW), now) {
            return Err(invalid("The `jti` was used before."));
        }
        if known.is_hostile(|how| matches!(how, Misbehaviour::NonceOnce)) {
            *known.spent.entry(Arc::clone(&call.host)).or_default() += 1;
        }
        jwk.thumbprint(ThumbprintHash::SHA256).map(Some).map_err(|_| invalid("The key in the header has no thumbprint."))
    }

    /// Each host has its own, as servers do that know nothing of each other.
    fn nonce(&self, known: &State, call: &Incoming) -> String {
        let spent = known.spent.get(&call.host).copied().unwrap_or_default();
        self.mint.name(&format!("nonce-{}", call.host), known.nonce.saturating_add(spent))
    }

    /// Whether a token that is bound to this key is shown as it must be: as `DPoP`, with a proof by the key.
    pub(super) fn is_proven(&self, known: &mut State, call: &Incoming, shown: (&str, &str), key: &str) -> Result<(), Trouble> {
        let (scheme, token) = shown;
        if !scheme.eq_ignore_ascii_case("DPoP") {
            return Err(trouble("invalid_token", "The token must be shown with another scheme."));
        }
        match self.proof(known, call, Some(token))? {
            Some(proven) if proven == key => Ok(()),
            _ => Err(trouble("invalid_token", "The token is bound to another key.")),
        }
    }

    /// Adds the nonce that the next proof must have.
    pub(super) fn with_nonce(&self, known: &State, call: &Incoming, mut answer: Response) -> Response {
        let demanded = self.facts.dpop_nonce || known.is_hostile(|how| matches!(how, Misbehaviour::NonceLoop));
        if let (true, Ok(nonce)) = (demanded, HeaderValue::from_str(&self.nonce(known, call))) {
            answer.headers_mut().insert("dpop-nonce", nonce);
        }
        answer
    }
}
