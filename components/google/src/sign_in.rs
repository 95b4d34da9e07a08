//! A person signs in: in the browser, or on another device.

use jeton_provider::*;

use crate::errors::{self, explain};
use crate::{BOUND, LASTS, SUBJECT, bound, extra, scopes};

const ISSUER: &str = "https://accounts.google.com";

/// Options that go to Google as they are, and its names for them.
const PASSED: [(&str, &str); 3] =
    [("hd", "hd"), ("include-granted-scopes", "include_granted_scopes"), ("enable-granular-consent", "enable_granular_consent")];

/// To Google's pages. Options besides: `prompt`, `access-type`.
pub fn visit(client: &Client, grant: &Grant<'_>) -> Result<Step> {
    let mut request = authorization_request("authorize", client).scopes(&scopes::asked(&grant.scopes), " ").pkce();
    let access = extra(&grant.options, "access-type").unwrap_or("offline");
    request = request.text("access_type", access);
    match extra(&grant.options, "prompt") {
        Some(prompt) => request = request.text("prompt", prompt),
        None if access == "offline" => request = request.text("prompt", "consent"),
        None => {}
    }
    for (option, name) in PASSED {
        if let Some(value) = extra(&grant.options, option) {
            request = request.text(name, value);
        }
    }
    match &grant.subject {
        Some(address) => request.text("login_hint", address.as_str()).visit(),
        None => request.visit(),
    }
}

/// What the person enters elsewhere.
pub fn device_code(client: &Client, grant: &Grant<'_>) -> Result<Step> {
    let scope = join(&scopes::asked(&grant.scopes), " ");
    let answer = Request::new(Method::Post, "device").form("client_id", client.id()).form("scope", scope).send()?;
    match answer.text("/error_code") {
        Some(code) => Err(errors::quota(code)),
        None => answer.into_device_prompt().map_err(explain),
    }
}

/// The tokens for what the browser came back with.
pub fn redeem(client: &Client, grant: &Grant<'_>, back: &Returned<'_>) -> Result<Tokens> {
    let binds = client.setting("bind-refresh-token").as_deref() == Some("yes");
    // What is wrong with what came back is said before anything is sent.
    let request = || Ok(token_request("token", "authorization_code").client_in_body(client).code(back)?.verifier(back));
    let mut tokens = match back.code {
        Some(code) if binds => bound::redeem(client, code, &request)?,
        _ => errors::tokens(request()?.send()?)?,
    };
    if tokens.refresh.is_none() && extra(&grant.options, "access-type").is_none_or(|access| access == "offline") {
        return Err(Error::new(
            ErrorKind::InvalidGrant,
            "Google gave no refresh token, since this account granted the app access before. Leave out --option prompt, \
             so that Google asks for consent again",
        ));
    }
    if binds {
        tokens.extras.push((BOUND.to_owned(), "yes".to_owned()));
    }
    Ok(tokens)
}

/// A person's tokens, with what later calls need to know of them.
pub fn kept(client: &Client, grant: &Grant<'_>, mut tokens: Tokens) -> Result<Tokens> {
    if let Some(token) = &tokens.id_token {
        let claims = crypto::id_token_claims(token, ISSUER, &client.id(), None)?;
        tokens.extras.extend(claims.into_iter().filter_map(|claim| match claim.value {
            crypto::ClaimValue::Text(subject) if claim.name == "sub" => Some((SUBJECT.to_owned(), subject)),
            _ => None,
        }));
    }
    if let Some(seconds) = tokens.refresh_expires_in {
        tokens.extras.push((LASTS.to_owned(), decimal(seconds)));
    }
    tokens.scope = tokens.scope.map(|granted| scopes::as_asked(&granted, &grant.scopes));
    Ok(tokens)
}
