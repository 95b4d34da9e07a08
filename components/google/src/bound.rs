//! Refresh tokens that are bound to a key of the client's (DPoP, RFC 9449): whoever steals one can't use it. In Google's dialect the
//! access tokens stay bearer tokens, a proof's id is the code's digest when a code is exchanged, and exchange and refresh have
//! nonces of their own.

use jeton_provider::crypto::{dpop_proof, dpop_proof_for_code};
use jeton_provider::*;

use crate::errors;

pub fn redeem<'a>(client: &Client, code: &Secret, request: &dyn Fn() -> Result<Request<'a>>) -> Result<Tokens> {
    let key = client.required("dpop-key")?;
    errors::tokens(send_proven("nonce-code", &|target| Ok(dpop_proof_for_code(&key, target, code)?), request)?)
}

pub fn refresh<'a>(client: &Client, request: &dyn Fn() -> Result<Request<'a>>) -> Result<Tokens> {
    let key = client.required("dpop-key")?;
    errors::tokens(send_proven("nonce-refresh", &|target| Ok(dpop_proof(&key, target, None)?), request)?)
}
