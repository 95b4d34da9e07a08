//! OAuth 2 as a manifest describes it (`docs/manifest.md`): whatever service needs no code of its own. What is special about one stands in
//! its `[protocol]`; what is left out there is what the RFCs say.

mod answer;
mod api;
mod assertion;
mod authentication;
mod device;
mod dpop;
mod knobs;
mod revoke;
mod step;

use jeton_provider::*;
use knobs::{choice, is, scopes};
use step::Step as Fields;

struct OAuth2;
jeton_provider::export!(OAuth2);

impl Provider for OAuth2 {
    fn begin(client: &Client, grant: Grant<'_>) -> Result<Step> {
        let fields = match grant.kind {
            GrantKind::AuthorizationCode => return authorize(client, &grant),
            GrantKind::DeviceCode => return device::begin(client, &grant),
            GrantKind::ClientCredentials => {
                Fields::new("client-credentials").text("grant_type", "client_credentials").given("scope", scopes(&grant.scopes))
            }
            GrantKind::JwtBearer => {
                let fields = Fields::new("jwt-bearer").text("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
                let in_claims = is("jwt-bearer.scope-claim", "true");
                let fields = fields.given("scope", scopes(&grant.scopes).filter(|_| !in_claims));
                fields.asserted("assertion", || assertion::of_grant(client, &grant))
            }
            GrantKind::TokenExchange => {
                let token = grant.subject_token.ok_or_else(|| Error::other("There is no token to exchange"))?;
                let fields = Fields::new("exchange").text("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
                let fields = fields.text("subject_token_type", "urn:ietf:params:oauth:token-type:access_token");
                fields.secret("subject_token", token).given("scope", scopes(&grant.scopes))
            }
        };
        let tokens = fields.resources().for_grant(&grant).tokens("token", client)?;
        answer::complete(&grant.scopes, tokens).map(Step::Done)
    }

    fn resume(client: &Client, grant: Grant<'_>, event: Event<'_>) -> Result<Step> {
        if let Event::Poll(device_code) = event {
            return device::poll(client, &grant, device_code);
        }
        let back = event.returned().map_err(answer::explain)?;
        let code = back.code.ok_or_else(|| Error::other("The service sent the browser back without a code"))?;
        let fields = Fields::new("token").text("grant_type", "authorization_code");
        let fields = fields.secret("code", code).given("redirect_uri", named(&back.redirect_uri));
        let fields = if is("authorize.pkce", "off") { fields } else { fields.secret("code_verifier", back.verifier) };
        let tokens = fields.resources().for_grant(&grant).tokens("token", client)?;
        let mut tokens = answer::complete(&grant.scopes, tokens)?;
        for (name, parameter) in manifest::pairs("extras.parameters") {
            if let Some((_, value)) = back.answer.iter().find(|(known, _)| *known == parameter) {
                tokens.extras.push((name, value.clone()));
            }
        }
        answer::check_id_token(client, &tokens)?;
        Ok(Step::Done(tokens))
    }

    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let fields = Fields::new("refresh").text("grant_type", "refresh_token").secret("refresh_token", tokens.refresh()?);
        fields.resources().tokens(if manifest::has_endpoint("refresh") { "refresh" } else { "token" }, client)
    }

    fn revoke(client: &Client, tokens: CurrentTokens<'_>) -> Result<()> {
        revoke::revoke(client, &tokens)
    }

    fn identify(client: &Client, tokens: CurrentTokens<'_>) -> Result<Account> {
        api::identify(client, &tokens)
    }

    fn authenticate(client: &Client, tokens: CurrentTokens<'_>, options: Extras) -> Result<Vec<Header>> {
        api::authenticate(client, &tokens, options)
    }

    fn judge(answer: &Response) -> Verdict {
        api::judge(answer)
    }
}

/// The redirect URI. None: the service shows the code.
fn named(redirect_uri: &str) -> Option<String> {
    Some(redirect_uri.to_owned()).filter(|uri| !uri.is_empty())
}

/// Sends a browser to the authorization endpoint. Where requests are pushed (RFC 9126), the browser brings a reference to what was pushed.
fn authorize(client: &Client, grant: &Grant<'_>) -> Result<Step> {
    let reservation = callback::reserve();
    let fields = Fields::new("authorize").text("response_type", "code").text("client_id", client.id());
    let fields = fields.given("redirect_uri", named(&reservation.redirect_uri)).text("state", reservation.state.as_str());
    let scopes = scopes(&grant.scopes);
    let (pushing, openid) = (manifest::has_endpoint("par"), scopes.as_ref().is_some_and(|scopes| holds(scopes, "openid")));
    // The host puts it into an address itself.
    let nonce = (pushing && openid && !is("authorize.nonce", "off")).then(callback::nonce);
    let fields = fields.given("scope", scopes).given("nonce", nonce).given("dpop_jkt", manifest::text("dpop.thumbprint"));
    let fields = match choice("authorize.pkce", "S256").as_str() {
        "off" => fields,
        method => fields.text("code_challenge", reservation.code_challenge).text("code_challenge_method", method),
    };
    let fields = fields.resources().for_grant(grant);
    let query = if pushing {
        let answer = fields.push(client)?;
        let reference = answer.text("/request_uri").ok_or_else(|| Error::other("The service answered without a request_uri"))?;
        // Without a state in its address, nobody could tell whose browser this is.
        vec![("client_id".to_owned(), client.id()), ("request_uri".to_owned(), reference), ("state".to_owned(), reservation.state)]
    } else {
        fields.texts(client)
    };
    Ok(Step::Visit(Visit { endpoint: "authorize".to_owned(), query }))
}
