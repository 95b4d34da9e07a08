//! Box (<https://developer.box.com/guides/authentication/oauth2>). What is special about it:
//!
//! - The client's id and secret go into the form, and PKCE isn't known.
//! - A code lives for 30 seconds, and a refresh token is good for one refresh.
//! - An expired or revoked access token is a 401 with an empty body; Box doesn't say which of the two it is.
//! - An app that the enterprise's administrator hasn't authorised is told apart by the description alone.

use jeton_provider::*;

struct BoxProvider;
jeton_provider::export!(BoxProvider, "../provider.toml");

impl Provider for BoxProvider {
    fn begin(client: &Client, grant: Grant<'_>) -> Result<Step> {
        match grant.kind {
            GrantKind::AuthorizationCode => authorization_request("authorize", client).scopes(&grant.scopes, " ").visit(),
            other => Err(Error::unsupported(other.name())),
        }
    }

    fn resume(client: &Client, _grant: Grant<'_>, event: Event<'_>) -> Result<Step> {
        let back = event.returned()?;
        let request = token_request("token", "authorization_code").client_in_body(client).code(&back)?;
        request.tokens().map(Step::Done).map_err(explain)
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
        api_request(Method::Get, "api", "users/me", &tokens)?.send()?.to_account::<Self>("/id", "/login", "/name")
    }

    fn authenticate(_client: &Client, _tokens: CurrentTokens<'_>, options: Extras) -> Result<Vec<Header>> {
        let mut headers = vec![Header::bearer()];
        for (name, value) in options {
            headers.push(match name.as_str() {
                "as-user" => Header::text("As-User", value),
                "notifications" => Header::text("Box-Notifications", value),
                other => return Err(Error::unsupported(other)),
            });
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

/// Box answers with RFC 6749's codes, and tells in the description who must act.
fn explain(error: Error) -> Error {
    let description = error.description.as_deref().unwrap_or_default();
    let kind = match description {
        d if holds(d, "not authorized by the enterprise admin") => ErrorKind::AdminApprovalRequired,
        d if holds(d, "enterprise configuration for your app") => ErrorKind::AdminApprovalRequired,
        d if holds(d, "grant type is unauthorized") => ErrorKind::InvalidClient,
        _ => return error,
    };
    Error { kind, ..error }
}
