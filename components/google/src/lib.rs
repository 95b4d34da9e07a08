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
//!
//! Not here, since what would be handed out is no access token of Google's: JWTs that a service account signs and uses at once, and ID
//! tokens for services of one's own (`target_audience`). Nor downscoped tokens, which Cloud Storage alone takes, and AWS's signed requests
//! as subject tokens.

mod api;
mod bound;
mod errors;
mod external;
mod scopes;
mod service_account;
mod sign_in;

use errors::explain;
use jeton_provider::*;

struct Google;
jeton_provider::export!(Google, "../provider.toml");

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What is kept with a connection: who signed in, as the ID token had it; how long the sign-in lasts; that its refresh token is bound.
const SUBJECT: &str = "sub";
const LASTS: &str = "sign-in-seconds";
const BOUND: &str = "bound";

impl Provider for Google {
    fn begin(client: &Client, grant: Grant<'_>) -> Result<Step> {
        match grant.kind {
            GrantKind::AuthorizationCode => sign_in::visit(client, &grant),
            GrantKind::DeviceCode => sign_in::device_code(client, &grant),
            GrantKind::JwtBearer => service_account::tokens(client, &grant).map(Step::Done),
            GrantKind::TokenExchange => external::tokens(client, &grant).map(Step::Done),
            other => Err(Error::unsupported(other.name())),
        }
    }

    fn resume(client: &Client, grant: Grant<'_>, event: Event<'_>) -> Result<Step> {
        let tokens = match event {
            Event::Poll(code) => {
                let request = token_request("token", DEVICE_GRANT).client_in_body(client).secret("device_code", code);
                match request.device_tokens().map_err(explain)? {
                    Step::Done(tokens) => tokens,
                    waiting => return Ok(waiting),
                }
            }
            Event::Returned(_) => sign_in::redeem(client, &grant, &event.returned().map_err(explain)?)?,
        };
        sign_in::kept(client, &grant, tokens).map(Step::Done)
    }

    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let old = tokens.refresh()?;
        let request = || Ok(token_request("token", "refresh_token").client_in_body(client).secret("refresh_token", old));
        let fresh = match extra(&tokens.extras, BOUND) {
            Some(_) => bound::refresh(client, &request),
            None => request().and_then(|request| errors::tokens(request.send()?)),
        };
        let mut fresh = fresh.map_err(|error| errors::ended(error, extra(&tokens.extras, LASTS)))?;
        let asked: Vec<String> = split(&tokens.scope.unwrap_or_default(), b' ').map(str::to_owned).collect();
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
                "prompt" | "access-type" | "hd" | "include-granted-scopes" | "enable-granular-consent" | "delegates" => continue,
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

fn extra<'e>(extras: &'e Extras, name: &str) -> Option<&'e str> {
    extras.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
