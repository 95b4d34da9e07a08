//! Microsoft's identity platform, version 2 (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow>), and Graph. What
//! is special about it:
//!
//! - Every address has a tenant in it: one organization, or a word for several. National clouds have hosts of their own (`cloud.rs`).
//! - It gives a refresh token only to who asks for `offline_access`; a refresh brings a new one, and the old one goes on.
//! - A redirect URI on this machine says `localhost`: the console doesn't take 127.0.0.1.
//! - A program on a person's device must not send a secret, a server must; or it signs with a certificate (`credentials.rs`).
//! - An app that acts for itself asks for a resource's `.default`, in one organization's tenant. Another identity provider's token may stand
//!   for its secret, and a token of its own API lets it go on for the person who signed in there (`--exchange`).
//! - What is wrong stands in a number, AADSTS50076 (`aadsts.rs`); `error` says less.
//! - Graph may want to know more before it goes on, and says what: the claims of the next sign-in (`claims.rs`).
//! - No app can revoke its own tokens.
//!
//! Not here: version 1 of the platform (`resource`); login.live.com with api.onedrive.com, which Graph has replaced; client secrets in
//! HTTP Basic; certificates by name (`x5c`); and `xms_cc`, without which Graph sends few claims challenges and tokens live for an hour
//! instead of a day.

mod aadsts;
mod account;
mod ask;
mod claims;
mod cloud;
mod credentials;

use jeton_provider::*;

struct Microsoft;
jeton_provider::export!(Microsoft, "../provider.toml");

/// Options of a sign-in. They stay with the connection, so an API request has them too.
const OPTIONS: [&str; 5] = ["claims", "domain_hint", "login_hint", "prompt", "requested_token_use"];

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

impl Provider for Microsoft {
    fn begin(client: &Client, grant: Grant<'_>) -> Result<Step> {
        cloud::agree(client)?;
        known(&grant.options)?;
        match grant.kind {
            GrantKind::AuthorizationCode => ask::sign_in(client, &grant),
            GrantKind::DeviceCode => ask::device_code(client, &grant),
            GrantKind::ClientCredentials => ask::for_itself(client, &grant).map(Step::Done),
            GrantKind::TokenExchange => ask::exchange(client, &grant).map(Step::Done),
            other => Err(Error::unsupported(other.name())),
        }
    }

    fn resume(client: &Client, grant: Grant<'_>, event: Event<'_>) -> Result<Step> {
        let claims = claims::wanted(&grant.options)?;
        if let Event::Poll(code) = event {
            let request = token_request("token", DEVICE_CODE).form("client_id", client.id()).secret("device_code", code);
            let answer = claims::add(request, claims.as_deref()).send()?;
            if answer.text("/error").as_deref() == Some("authorization_pending") {
                return Ok(Step::Pending(None));
            }
            return tokens(client, answer, claims, true).map(Step::Done);
        }
        let back = event.returned().map_err(|error| aadsts::explain(client, error))?;
        let request = credentials::prove(token_request("token", "authorization_code").code(&back)?, client)?;
        let request = claims::add(request.secret("code_verifier", back.verifier), claims.as_deref());
        tokens(client, request.send()?, claims, false).map(Step::Done)
    }

    /// By the same kind of client that it was issued to, with the same claims: without them Graph would ask for them again.
    fn refresh(client: &Client, current: CurrentTokens<'_>) -> Result<Tokens> {
        let kept = |name: &str| current.extras.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let request = token_request("token", "refresh_token").secret("refresh_token", current.refresh()?);
        let request = match kept("client") {
            Some("public") => request.form("client_id", client.id()),
            _ => credentials::prove(request, client)?,
        };
        tokens(client, claims::add(request, kept("claims")).send()?, None, false)
    }

    fn revoke(_client: &Client, _tokens: CurrentTokens<'_>) -> Result<()> {
        Err(Error::unsupported(
            "Microsoft lets no app revoke its own tokens. Remove the app's access at https://myapps.microsoft.com (work or school account) or \
             https://account.live.com/consent/Manage (personal account), then forget the connection here: jeton remove NAME --force",
        ))
    }

    fn identify(client: &Client, tokens: CurrentTokens<'_>) -> Result<Account> {
        cloud::agree(client)?;
        account::identify(client, &tokens)
    }

    fn authenticate(client: &Client, _tokens: CurrentTokens<'_>, options: Extras) -> Result<Vec<Header>> {
        cloud::agree(client)?;
        known(&options)?;
        Ok(vec![Header::bearer()])
    }

    fn judge(answer: &Response) -> Verdict {
        match (answer.status(), answer.retry_after()) {
            // A refresh brings the same token again.
            (401, _) if claims::challenge(answer).is_some() => Verdict::Revoked,
            (403, _) => match answer.text("/error/code").as_deref() {
                Some("accessDenied" | "AccessDenied" | "ErrorAccessDenied" | "Authorization_RequestDenied") => Verdict::InsufficientScope,
                _ => Verdict::Other,
            },
            (503, Some(seconds)) => Verdict::RateLimited(Some(seconds)),
            _ => verdict_by_status(answer),
        }
    }
}

fn known(options: &Extras) -> Result<()> {
    match options.iter().find(|(name, _)| !OPTIONS.contains(&name.as_str())) {
        Some((other, _)) => Err(Error::unsupported(other)),
        None => Ok(()),
    }
}

/// The tokens of an answer, with what their refresh needs to know.
fn tokens(client: &Client, answer: Response, claims: Option<String>, public: bool) -> Result<Tokens> {
    if !answer.succeeded() {
        return Err(aadsts::explain_answer(client, &answer));
    }
    let mut tokens = answer.into_tokens()?;
    let tenant = tokens.id_token.as_ref().map(|id_token| account::tenant(client, id_token)).transpose()?.flatten();
    let public = public.then(|| "public".to_owned());
    let kept = [("claims", claims), ("client", public), ("tenant-id", tenant)];
    tokens.extras.extend(kept.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    Ok(tokens)
}
