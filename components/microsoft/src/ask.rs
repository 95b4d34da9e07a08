//! How a connection begins: a person signs in, here or on another device; the app acts for itself; or somebody signed in elsewhere.

use jeton_provider::*;

use crate::{aadsts, claims, credentials, tokens};

/// What is asked for where nobody says: files, and whose they are.
const USUAL: &str = "openid profile User.Read Files.ReadWrite.All";

/// Without it there is no refresh token.
const OFFLINE: &str = "offline_access";

const ON_BEHALF_OF: &str = "on_behalf_of";

/// What is asked for, and the refresh token with it.
fn scope(grant: &Grant<'_>) -> String {
    offline(if grant.scopes.is_empty() { USUAL.to_owned() } else { join(&grant.scopes, " ") })
}

fn offline(asked: String) -> String {
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

/// Without a person, for all that the app was allowed on one resource. A token of another identity provider stands for its secret.
pub(crate) fn for_itself(client: &Client, grant: &Grant<'_>) -> Result<Tokens> {
    let request = token_request("token", "client_credentials").form("scope", allowed(client, grant)?);
    let request = match grant.subject_token {
        Some(token) => credentials::federated(request, client, token),
        None => credentials::prove(request, client)?,
    };
    let claims = claims::wanted(&grant.options)?;
    tokens(client, claims::add(request, claims.as_deref()).send()?, claims, false)
}

/// For a token. One of Microsoft's own is of a person who signed in to this app's API, and on whose behalf it goes on.
/// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow>
pub(crate) fn exchange(client: &Client, grant: &Grant<'_>) -> Result<Tokens> {
    let missing = || Error::new(ErrorKind::InvalidGrant, "There is no token to exchange: name its source with --exchange");
    let token = grant.subject_token.ok_or_else(missing)?;
    let said = grant.options.iter().any(|(name, value)| name == "requested_token_use" && value == ON_BEHALF_OF);
    if token.kind() != "access-token" && !said {
        return for_itself(client, grant);
    }
    let request = token_request("on-behalf-of", "urn:ietf:params:oauth:grant-type:jwt-bearer").secret("assertion", token);
    let request = request.form("requested_token_use", ON_BEHALF_OF).form("scope", offline(allowed(client, grant)?));
    let request = credentials::prove(request, client)?;
    let claims = claims::wanted(&grant.options)?;
    tokens(client, claims::add(request, claims.as_deref()).send()?, claims, false)
}

/// What was asked for, or all that the app was allowed on Graph.
fn allowed(client: &Client, grant: &Grant<'_>) -> Result<String> {
    match grant.scopes.as_slice() {
        [] => Ok(concat(&["https://", &client.needed("graph-host")?, "/.default"])),
        asked => Ok(join(asked, " ")),
    }
}
