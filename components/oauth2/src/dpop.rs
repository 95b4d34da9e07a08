//! Tokens that are bound to a key (DPoP, RFC 9449), where `[protocol.dpop]` names one. With each request goes a proof by that key.

use jeton_provider::*;

/// What is kept with a connection: of which type its access token is.
const TOKEN_TYPE: &str = "token-type";

/// Whether the service is asked for bound tokens.
pub fn wanted() -> bool {
    manifest::text("dpop.key").is_some()
}

/// Of which type an access token is, to be kept with its connection.
pub fn kept(bound: bool) -> (String, String) {
    (TOKEN_TYPE.to_owned(), if bound { "DPoP" } else { "Bearer" }.to_owned())
}

/// Whether a connection's access token is bound.
pub fn bound(tokens: &CurrentTokens<'_>) -> bool {
    tokens.extras.contains(&kept(true))
}

/// Sends a request with a proof, beside the access token that it shows, if it shows one. Nonces are a server's: each origin has its own.
pub fn send<'a>(client: &Client, endpoint: &str, access: Option<&Secret>, request: &dyn Fn() -> Result<Request<'a>>) -> Result<Response> {
    let Some(key) = manifest::text("dpop.key") else { return request()?.send() };
    let key = client.required(&key)?;
    let origin = manifest::text(&concat(&["origin.", endpoint])).unwrap_or_default();
    send_proven(&concat(&["dpop-nonce ", &origin]), &|target| Ok(crypto::dpop_proof(&key, target, access)?), request)
}

/// What to do about a proof that the service doesn't take.
pub fn advised(error: Error) -> Error {
    if error.code.as_deref() != Some("invalid_dpop_proof") {
        return error;
    }
    let said = error.description.unwrap_or_default();
    let advice = ". Compare this machine's clock; if it is right, the tokens are bound to another key: sign in again";
    Error { description: Some(concat(&[said.strip_suffix('.').unwrap_or(&said), advice])), ..error }
}
