//! Google (<https://developers.google.com/identity/protocols/oauth2>). What is special about it:
//!
//! - A refresh token comes with the first consent alone. Whoever connects has none, so consent is asked for each time: `prompt=consent`.
//! - Scopes are whole URLs, one has to be asked for, and the person may untick some of them.
//! - Refresh tokens don't rotate. While a project is in Testing they end after seven days.
//! - Web, desktop and device clients send their secret, with PKCE as well.
//! - Devices are told `verification_url`, and wait by 428 and 403.
//! - Revoking one token ends all that the person granted the project.
//! - A service account signs for itself, and with an administrator's leave for a user of the domain (`--subject`).
//! - Tokens of other identity providers are exchanged, and then perhaps act as a service account: see `external.rs`.
//! - Refresh tokens, and they alone, can be bound to a key: see `bound.rs`.

mod api;
mod bound;
mod errors;
mod external;
mod scopes;
mod service_account;

use errors::explain;
use jeton_provider::*;

struct Google;
jeton_provider::export!(Google, "../provider.toml");

const ISSUER: &str = "https://accounts.google.com";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What is kept with a connection: who signed in, as the ID token had it; how long the sign-in lasts; that its refresh token is bound.
const SUBJECT: &str = "sub";
const LASTS: &str = "sign-in-seconds";
const BOUND: &str = "bound";

impl Provider for Google {
    fn begin(client: &Client, grant: Grant<'_>) -> Result<Step> {
        match grant.kind {
            GrantKind::AuthorizationCode => visit(client, &grant),
            GrantKind::DeviceCode => {
                let scope = scopes::asked(&grant.scopes).join(" ");
                let answer = Request::new(Method::Post, "device").form("client_id", client.id()).form("scope", scope).send()?;
                match answer.text("/error_code") {
                    Some(code) => Err(errors::quota(code)),
                    None => answer.into_device_prompt().map_err(explain),
                }
            }
            GrantKind::JwtBearer => service_account::tokens(client, &grant).map(Step::Done),
            GrantKind::TokenExchange => external::tokens(client, &grant).map(Step::Done),
            other => Err(Error::unsupported(other.name())),
        }
    }

    fn resume(client: &Client, grant: Grant<'_>, event: Event<'_>) -> Result<Step> {
        match event {
            Event::Poll(code) => {
                let request = token_request("token", DEVICE_GRANT).client_in_body(client).secret("device_code", code);
                match request.device_tokens().map_err(explain)? {
                    Step::Done(tokens) => kept(client, &grant, tokens).map(Step::Done),
                    waiting => Ok(waiting),
                }
            }
            Event::Returned(_) => {
                let back = event.returned().map_err(explain)?;
                // What is wrong with what came back is said before anything is sent.
                let request = || Ok(token_request("token", "authorization_code").client_in_body(client).code(&back)?.verifier(&back));
                let mut tokens = match (client.setting("bind-refresh-token").as_deref(), back.code) {
                    (Some("yes"), Some(code)) => bound::redeem(client, code, request)?,
                    _ => errors::tokens(request()?.send()?)?,
                };
                if tokens.refresh.is_none() && wants_refresh(&grant) {
                    return Err(Error::new(
                        ErrorKind::InvalidGrant,
                        "Google gave no refresh token, since this account granted the app access before. Leave out --option prompt, \
                         so that Google asks for consent again",
                    ));
                }
                if client.setting("bind-refresh-token").as_deref() == Some("yes") {
                    tokens.extras.push((BOUND.to_owned(), "yes".to_owned()));
                }
                kept(client, &grant, tokens).map(Step::Done)
            }
        }
    }

    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let old = tokens.refresh()?;
        let request = || Ok(token_request("token", "refresh_token").client_in_body(client).secret("refresh_token", old));
        let fresh = match extra(&tokens.extras, BOUND) {
            Some(_) => bound::refresh(client, request),
            None => request().and_then(|request| errors::tokens(request.send()?)),
        };
        let mut fresh = fresh.map_err(|error| errors::ended(error, extra(&tokens.extras, LASTS)))?;
        let asked: Vec<String> = tokens.scope.unwrap_or_default().split(' ').map(str::to_owned).collect();
        fresh.scope = fresh.scope.map(|granted| scopes::as_asked(&granted, &asked));
        Ok(fresh)
    }

    /// Either token ends all that the person granted the project, with its other clients too.
    fn revoke(_client: &Client, tokens: CurrentTokens<'_>) -> Result<()> {
        let token = tokens.refresh().or_else(|_| tokens.access())?;
        Request::new(Method::Post, "revoke").secret("token", token).confirm().map_err(explain)
    }

    fn identify(_client: &Client, tokens: CurrentTokens<'_>) -> Result<Account> {
        api::account(&tokens)
    }

    fn authenticate(_client: &Client, _tokens: CurrentTokens<'_>, options: Extras) -> Result<Vec<Header>> {
        let mut headers = vec![Header::bearer()];
        for (name, value) in options {
            headers.push(match name.as_str() {
                "quota-project" => Header::text("X-Goog-User-Project", value),
                // How it was connected is behind it.
                "prompt" | "access-type" | "hd" | "include-granted-scopes" | "delegates" => continue,
                "as-user" => {
                    return Err(Error::unsupported("as-user: connect for the user, with --service-account FILE --subject ADDRESS"));
                }
                other => return Err(Error::unsupported(other)),
            });
        }
        Ok(headers)
    }

    fn judge(answer: &Response) -> Verdict {
        api::judge(answer)
    }
}

/// To Google's pages. Options: `prompt`, `access-type`, `hd`, `include-granted-scopes`, under Google's own names.
fn visit(client: &Client, grant: &Grant<'_>) -> Result<Step> {
    let mut request = authorization_request("authorize", client).scopes(&scopes::asked(&grant.scopes), " ").pkce();
    let access = extra(&grant.options, "access-type").unwrap_or("offline");
    request = request.text("access_type", access);
    match extra(&grant.options, "prompt") {
        Some(prompt) => request = request.text("prompt", prompt),
        None if access == "offline" => request = request.text("prompt", "consent"),
        None => {}
    }
    for (option, name) in [("hd", "hd"), ("include-granted-scopes", "include_granted_scopes")] {
        if let Some(value) = extra(&grant.options, option) {
            request = request.text(name, value);
        }
    }
    match &grant.subject {
        Some(address) => request.text("login_hint", address.as_str()).visit(),
        None => request.visit(),
    }
}

fn wants_refresh(grant: &Grant<'_>) -> bool {
    extra(&grant.options, "access-type").is_none_or(|access| access == "offline")
}

/// A person's tokens, with what later calls need to know of them.
fn kept(client: &Client, grant: &Grant<'_>, mut tokens: Tokens) -> Result<Tokens> {
    if let Some(token) = &tokens.id_token {
        let claims = crypto::id_token_claims(token, ISSUER, &client.id(), None)?;
        tokens.extras.extend(claims.into_iter().filter_map(|claim| match claim.value {
            crypto::ClaimValue::Text(subject) if claim.name == "sub" => Some((SUBJECT.to_owned(), subject)),
            _ => None,
        }));
    }
    if let Some(seconds) = tokens.refresh_expires_in {
        tokens.extras.push((LASTS.to_owned(), seconds.to_string()));
    }
    tokens.scope = tokens.scope.map(|granted| scopes::as_asked(&granted, &grant.scopes));
    Ok(tokens)
}

fn extra<'e>(extras: &'e Extras, name: &str) -> Option<&'e str> {
    extras.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
