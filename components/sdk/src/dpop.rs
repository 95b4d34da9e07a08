//! Proofs of possession (DPoP, RFC 9449): whoever sends a request has the key that its tokens are bound to.

use crate::crypto::DpopTarget;
use crate::*;

/// How long a nonce is worth a try, in seconds. An old one costs a second request, and nothing else.
const NONCE_LIFETIME: u64 = 3600;

/// Sends a request with a proof; where the service wants another nonce in it, once more, and then both are made anew: an assertion in the
/// request is perhaps used up. The newest nonce is kept by [`storage`] under the name `kept`.
pub fn send_proven<'a>(
    kept: &str,
    proof: &dyn Fn(&DpopTarget) -> Result<Secret>,
    request: &dyn Fn() -> Result<Request<'a>>,
) -> Result<Response> {
    let send = |nonce: Option<String>| {
        let (request, target) = request()?.target(nonce);
        let answer = request.made_in_header("dpop", proof(&target)?).send()?;
        let newest = answer.header("dpop-nonce");
        if let Some(newest) = newest.as_ref().filter(|_| newest != target.nonce) {
            // Without a place for it the next proof costs two requests.
            let _ = storage::set(kept, newest, NONCE_LIFETIME);
        }
        Ok::<_, Error>((answer, newest))
    };
    let (answer, newest) = send(storage::get(kept).unwrap_or_default())?;
    if newest.is_some() && answer.wants_nonce() { Ok(send(newest)?.0) } else { Ok(answer) }
}

impl Response {
    /// Whether the service refuses a proof because it has no nonce of its own, or an old one: an authorization server says so by `error`
    /// (RFC 9449, 8), an API by `WWW-Authenticate` (9).
    pub fn wants_nonce(&self) -> bool {
        let wants = |text: String| holds(&text, "use_dpop_nonce");
        self.text("/error").is_some_and(wants) || self.header("www-authenticate").is_some_and(wants)
    }
}
