//! Whose tokens they are: a person's, with the OneDrive that is theirs, or the app's own.

use jeton_provider::*;

use crate::{Microsoft, claims, cloud};

/// Asks Graph for the person and for the drive. With scopes for one of them alone that one says it all.
pub(crate) fn identify(client: &Client, tokens: &CurrentTokens<'_>) -> Result<Account> {
    let me = api_request(Method::Get, "api", "me", tokens)?.send()?;
    // Graph looks at the token before it says that an app is nobody who could have a profile.
    if me.status() == 400 && me.text("/error/message").is_some_and(|text| holds(&text, "delegated")) {
        let name = Some("the app itself".to_owned());
        return Ok(Account { id: client.id(), login: None, name, extras: vec![] });
    }
    let person = read(&me, "/id", "/userPrincipalName", "/displayName");
    if person.as_ref().is_err_and(|error| !matches!(error.kind, ErrorKind::InsufficientScope)) {
        return person;
    }
    let drive = api_request(Method::Get, "api", "me/drive", tokens)?.send()?;
    let mut account = match read(&drive, "/owner/user/id", "/owner/user/email", "/owner/user/displayName") {
        Ok(owner) => person.unwrap_or(owner),
        // Not everybody has a drive, and not every connection may see it.
        Err(_) => person?,
    };
    account.extras.extend(tokens.extras.iter().find(|(name, _)| name == "tenant-id").cloned());
    for (name, pointer) in [("drive-id", "/id"), ("drive-type", "/driveType")] {
        account.extras.extend(drive.text(pointer).map(|value| (name.to_owned(), value)));
    }
    Ok(account)
}

fn read(answer: &Response, id: &str, login: &str, name: &str) -> Result<Account> {
    answer.to_account::<Microsoft>(id, login, name).map_err(|error| {
        let message = answer.text("/error/message");
        let description = match claims::challenge(answer) {
            Some(claims) => Some(concat(&[message.as_deref().unwrap_or_default(), " ", &claims::advice(&claims)])),
            None if error.kind == ErrorKind::InsufficientScope => {
                let message = message.as_deref().unwrap_or_default().trim_end_matches('.');
                Some(concat(&[message, ". Add it under the app's API permissions"]))
            }
            None => message.or(error.description),
        };
        Error { code: answer.text("/error/code"), description, ..error }
    })
}

/// The tenant of the person's account, by the ID token that comes where OpenID was asked for. One from elsewhere, or for another app, means
/// that the rest is, too.
pub(crate) fn tenant(client: &Client, id_token: &Secret) -> Result<Option<String>> {
    let mut refused = String::new();
    for issuer in cloud::issuers(client)? {
        match crypto::id_token_claims(id_token, &issuer, &client.id(), None) {
            Ok(told) => {
                return Ok(told.into_iter().find_map(|claim| match claim.value {
                    crypto::ClaimValue::Text(text) if claim.name == "tid" => Some(text),
                    _ => None,
                }));
            }
            Err(crypto::Error::Denied(text) | crypto::Error::BadKey(text) | crypto::Error::Other(text)) => refused = text,
        }
    }
    Err(Error::other(refused))
}
