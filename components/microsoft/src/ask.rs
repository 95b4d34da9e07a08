//! How a connection begins: a person signs in, here or on another device, or the app acts for itself.

use jeton_provider::*;

use crate::{aadsts, claims, credentials, tokens};

/// What is asked for where nobody says: files, and whose they are.
const USUAL: &str = "openid profile User.Read Files.ReadWrite.All";

/// Without it there is no refresh token.
const OFFLINE: &str = "offline_access";

/// What is asked for, and the refresh token with it.
fn scope(grant: &Grant<'_>) -> String {
    let asked = if grant.scopes.is_empty() { USUAL.to_owned() } else { join(&grant.scopes, " ") };
    if split(&asked, b' ').any(|scope| scope == OFFLINE) { asked } else { concat(&[&asked, " ", OFFLINE]) }
}

/// To Microsoft's pages. Options go under their own names.
pub(crate) fn sign_in(client: &Client, grant: &Grant<'_>) -> Result<Step> {
    let mut request = authorization_request("authorize", client).text("scope", scope(grant)).pkce();
    if let Some(subject) = &grant.subject {
        request = request.text("login_hint", subject.as_str());
    }
    for (name, value) in grant.options.iter().filter(|(name, _)| name != "claims") {
        request = request.text(name, value.as_str());
    }
    match claims::wanted(&grant.options)? {
        Some(claims) => request.text("claims", claims).visit(),
        None => request.visit(),
    }
}

/// What the person enters elsewhere.
pub(crate) fn device_code(client: &Client, grant: &Grant<'_>) -> Result<Step> {
    let request = Request::new(Method::Post, "devicecode").form("client_id", client.id()).form("scope", scope(grant));
    request.device_code().map_err(|error| aadsts::explain(client, error))
}

/// Without a person, for all that the app was allowed on one resource.
pub(crate) fn for_itself(client: &Client, grant: &Grant<'_>) -> Result<Tokens> {
    let scope = match grant.scopes.as_slice() {
        [] => concat(&["https://", &client.needed("graph-host")?, "/.default"]),
        asked => join(asked, " "),
    };
    let claims = claims::wanted(&grant.options)?;
    let request = credentials::prove(token_request("token", "client_credentials").form("scope", scope), client)?;
    tokens(client, claims::add(request, claims.as_deref()).send()?, claims, false)
}
