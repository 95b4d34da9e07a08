//! Box (<https://developer.box.com/guides/authentication/oauth2>). What is special about it:
//!
//! - The client's id and secret go into the form, and PKCE isn't known.
//! - A code lives for 30 seconds, and a refresh token is good for one refresh.
//! - An expired or revoked access token is a 401 with an empty body; Box doesn't say which of the two it is.
//! - An app can have tokens without a person (`server.rs`), once the enterprise's administrator has authorised it.
//! - A token can be exchanged for one of fewer rights, for one file or folder (`exchange.rs`).
//! - Who must act is told by the description of an error alone (`errors.rs`).

mod errors;
mod exchange;
mod server;

use errors::explain;
use jeton_provider::*;

struct BoxProvider;
jeton_provider::export!(BoxProvider, "../provider.toml");

impl Provider for BoxProvider {
    fn begin(client: &Client, grant: Grant<'_>) -> Result<Step> {
        // A name that isn't known is told before anybody signs in.
        grant.options.iter().try_for_each(|(name, value)| header(name, value).map(drop))?;
        let tokens = match grant.kind {
            GrantKind::AuthorizationCode => return authorization_request("authorize", client).scopes(&grant.scopes, " ").visit(),
            GrantKind::JwtBearer => server::by_assertion(client, &grant),
            GrantKind::ClientCredentials => server::by_secret(client, &grant),
            GrantKind::TokenExchange => exchange::downscoped(client, &grant),
            other => Err(Error::unsupported(other.name())),
        };
        tokens.map(|tokens| done(tokens, grant.options)).map_err(explain)
    }

    fn resume(client: &Client, grant: Grant<'_>, event: Event<'_>) -> Result<Step> {
        let back = event.returned()?;
        let request = token_request("token", "authorization_code").client_in_body(client).code(&back)?;
        request.tokens().map(|tokens| done(tokens, grant.options)).map_err(explain)
    }

    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let request = token_request("token", "refresh_token").client_in_body(client);
        request.secret("refresh_token", tokens.refresh()?).tokens().map_err(explain)
    }

    /// Either token ends both.
    fn revoke(client: &Client, tokens: CurrentTokens<'_>) -> Result<()> {
        let token = tokens.refresh().or_else(|_| tokens.access())?;
        Request::new(Method::Post, "revoke").client_in_body(client).secret("token", token).confirm().map_err(explain)
    }

    fn identify(_client: &Client, tokens: CurrentTokens<'_>) -> Result<Account> {
        let mut request = api_request(Method::Get, "api", "users/me", &tokens)?;
        if let Some((_, user)) = tokens.extras.iter().find(|(name, _)| name == "as-user") {
            request = request.header("as-user", user.as_str());
        }
        request.send()?.to_account::<Self>("/id", "/login", "/name").map_err(explain)
    }

    fn authenticate(_client: &Client, _tokens: CurrentTokens<'_>, options: Extras) -> Result<Vec<Header>> {
        let mut headers = vec![Header::bearer()];
        for (name, value) in &options {
            headers.extend(header(name, value)?);
        }
        Ok(headers)
    }

    fn judge(answer: &Response) -> Verdict {
        match (answer.status(), answer.text("/code").as_deref()) {
            (403, Some("insufficient_scope")) => Verdict::InsufficientScope,
            _ => verdict_by_status(answer),
        }
    }
}

/// The header that an option is, if it is one: some belong to a grant.
fn header(name: &str, value: &str) -> Result<Option<Header>> {
    Ok(Some(match name {
        "as-user" => Header::text("As-User", value),
        "notifications" => Header::text("Box-Notifications", value),
        "resource" | "shared-link" => return Ok(None),
        _ => match name.strip_prefix("header:") {
            Some(header) => Header::text(header, value),
            None => {
                let known = ": there are as-user, notifications, header:NAME, resource, shared-link";
                return Err(Error::unsupported(&concat(&["the option ", name, known])));
            }
        },
    }))
}

/// Whom the connection acts as is kept, so that `identify` asks for that user.
fn done(mut tokens: Tokens, options: Extras) -> Step {
    tokens.extras.extend(options.into_iter().filter(|(name, _)| name == "as-user"));
    Step::Done(tokens)
}
