//! Refresh tokens that are bound to a key of the client's (DPoP, RFC 9449): whoever steals one can't use it. In Google's dialect the
//! access tokens stay bearer tokens, a proof's id is the code's digest when a code is exchanged, and exchange and refresh have
//! nonces of their own.

use jeton_provider::crypto::{DpopTarget, dpop_proof, dpop_proof_for_code};
use jeton_provider::*;

use crate::errors;

/// How long a nonce is worth a try, in seconds. An old one costs a second request, and nothing else.
const NONCE_LIFETIME: u64 = 3600;

pub fn redeem<'a>(client: &Client, code: &Secret, request: &dyn Fn() -> Result<Request<'a>>) -> Result<Tokens> {
    let key = client.required("dpop-key")?;
    prove("nonce-code", &|target| Ok(dpop_proof_for_code(&key, target, code)?), request)
}

pub fn refresh<'a>(client: &Client, request: &dyn Fn() -> Result<Request<'a>>) -> Result<Tokens> {
    let key = client.required("dpop-key")?;
    prove("nonce-refresh", &|target| Ok(dpop_proof(&key, target, None)?), request)
}

/// Sends the request with a proof, and once more where Google wants another nonce in it.
fn prove<'a>(kept: &str, proof: &dyn Fn(&DpopTarget) -> Result<Secret>, request: &dyn Fn() -> Result<Request<'a>>) -> Result<Tokens> {
    let send = |nonce: Option<String>| {
        let target = DpopTarget { method: Method::Post, endpoint: "token".to_owned(), path: None, nonce };
        let proof = proof(&target)?;
        let answer = request()?.token_in_header("dpop", "", &proof).send()?;
        // The newest is the best. Without a place for it the next proof costs two requests.
        let nonce = answer.header("dpop-nonce");
        if let Some(nonce) = &nonce {
            let _ = storage::set(kept, nonce, NONCE_LIFETIME);
        }
        Ok::<_, Error>((answer, nonce))
    };
    let (answer, nonce) = send(storage::get(kept).unwrap_or_default())?;
    let again = answer.text("/error").as_deref() == Some("use_dpop_nonce") && nonce.is_some();
    errors::tokens(if again { send(nonce)?.0 } else { answer })
}
