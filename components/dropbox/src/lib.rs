//! Dropbox (<https://developers.dropbox.com/oauth-guide>). What is special about it:
//!
//! - A refresh token comes only for `token_access_type=offline`. It doesn't expire, doesn't change, and refreshes without a new one.
//! - PKCE makes the secret optional. A secret goes into the body or into the header, and never into both.
//! - Without a redirect URI, Dropbox shows the code, to be copied.
//! - `scope` is left out where nothing is asked for: an empty one is an error.
//! - A token may be a whole team's, and then acts for one of its members or admins (`headers.rs`).
//! - A 401 says in a tag what is wrong. A refresh mends one of these, `expired_access_token` (`errors.rs`).
//! - With the scope `openid` an ID token comes along, which must be of this sign-in.
//! - A token is revoked by itself, and takes its refresh token with it.

mod errors;
mod headers;
mod options;

use errors::{explain, of_api, tag};
use jeton_provider::*;

struct Dropbox;
jeton_provider::export!(Dropbox, "../provider.toml");

/// Who issues ID tokens (<https://developers.dropbox.com/oidc-guide>).
const ISSUER: &str = "https://www.dropbox.com";

impl Provider for Dropbox {
    fn begin(client: &Client, grant: Grant<'_>) -> Result<Step> {
        if grant.kind != GrantKind::AuthorizationCode {
            return Err(Error::unsupported(grant.kind.name()));
        }
        options::check(&grant)?;
        let mut request = authorization_request("authorize", client).scopes(&grant.scopes, " ").pkce();
        if !grant.options.iter().any(|(name, _)| name == "token-access-type") {
            request = request.text("token_access_type", "offline");
        }
        for (name, value) in &grant.options {
            match options::parameter(name) {
                Some(parameter) => request = request.text(parameter, value.as_str()),
                // A name that isn't known is told before anybody signs in.
                None => drop(headers::of(name, value)?),
            }
        }
        request.visit()
    }

    fn resume(client: &Client, grant: Grant<'_>, event: Event<'_>) -> Result<Step> {
        let back = event.returned()?;
        let answer = proven(token_request("token", "authorization_code"), client).code(&back)?.verifier(&back).send()?;
        let team = answer.text("/team_id");
        let mut tokens = answer.into_tokens().map_err(explain)?;
        if let Some(token) = &tokens.id_token {
            crypto::id_token_claims(token, ISSUER, &client.id(), None)?;
        }
        // `identify` asks for whom the connection acts for.
        tokens.extras.extend(grant.options.into_iter().filter(|(name, _)| headers::acts(name)));
        tokens.extras.extend(team.map(|id| ("team-id".to_owned(), id)));
        Ok(Step::Done(tokens))
    }

    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let request = proven(token_request("token", "refresh_token"), client);
        request.secret("refresh_token", tokens.refresh()?).tokens().map_err(explain)
    }

    /// Revokes the access token that the request is made with. One that has expired is refreshed for that; where that is refused, there is
    /// nothing left to revoke.
    fn revoke(client: &Client, tokens: CurrentTokens<'_>) -> Result<()> {
        let end = |access: &Secret| {
            let request = Request::new(Method::Post, "api").path("auth/token/revoke").token_in_header("authorization", "Bearer", access);
            request.send()
        };
        if let Some(access) = tokens.access {
            let answer = end(access)?;
            let gone = matches!(tag(&answer).as_deref(), Some("expired_access_token" | "invalid_access_token"));
            if !gone {
                return confirmed(&answer);
            }
        }
        match tokens.refresh.map(|_| Self::refresh(client, tokens)) {
            Some(Ok(fresh)) => confirmed(&end(&fresh.access)?),
            Some(Err(error)) if error.kind != ErrorKind::InvalidGrant => Err(error),
            _ => Ok(()),
        }
    }

    fn identify(_client: &Client, tokens: CurrentTokens<'_>) -> Result<Account> {
        let team = tokens.extras.iter().any(|(name, _)| name == "team-id");
        let member = tokens.extras.iter().any(|(name, _)| headers::chooses(name));
        let (path, [id, login, name]) = match team && !member {
            true => ("team/get_info", ["/team_id", "/none", "/name"]),
            false => ("users/get_current_account", ["/account_id", "/email", "/name/display_name"]),
        };
        let mut request = api_request(Method::Post, "api", path, &tokens)?;
        let acting: Vec<_> = tokens.extras.iter().filter(|(name, _)| headers::acts(name)).collect();
        for (name, value) in acting {
            if let Some((header, value)) = headers::acting(name, value)? {
                request = request.header(header, value);
            }
        }
        let answer = request.send()?;
        answer.to_account::<Self>(id, login, name).map_err(|error| of_api(&answer, error))
    }

    fn authenticate(_client: &Client, _tokens: CurrentTokens<'_>, options: Extras) -> Result<Vec<Header>> {
        let mut all = vec![Header::bearer()];
        for (name, value) in options.iter().filter(|(name, _)| options::parameter(name).is_none()) {
            all.push(headers::of(name, value)?);
        }
        Ok(all)
    }

    fn judge(answer: &Response) -> Verdict {
        match (answer.status(), tag(answer).as_deref()) {
            (401, Some("expired_access_token")) => Verdict::Expired,
            (401, Some("invalid_access_token")) => Verdict::Revoked,
            (401, Some("missing_scope")) => Verdict::InsufficientScope,
            (401, _) => Verdict::Other,
            (429, _) => Verdict::RateLimited(seconds(answer.text("/error/retry_after")).or_else(|| answer.retry_after())),
            _ => verdict_by_status(answer),
        }
    }
}

/// Who the client is: by its secret, in one place, or by its id alone.
fn proven<'a>(request: Request<'a>, client: &Client) -> Request<'a> {
    match client.setting("client-authentication").as_deref() {
        Some("basic") => request.client_in_header(client),
        _ => request.client_in_body(client),
    }
}

fn confirmed(answer: &Response) -> Result<()> {
    match answer.status() {
        200..=299 => Ok(()),
        _ => Err(of_api(answer, answer.to_error())),
    }
}
