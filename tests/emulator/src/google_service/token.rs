//! The token endpoint: who asks, for which grant, and what the answer looks like.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use serde_json::{Value, json};

use super::GoogleService;
use super::api::{organization, person};
use super::client::{Client, ClientState, Publishing};
use super::dpop::Space;
use super::grants::{Grant, Issued, Principal};
use super::refusal::Refusal;
use crate::credentials::Credentials;
use crate::device::Poll;
use crate::form::{Form, words};
use crate::json::{json as answer, with};
use crate::jwt::unix;

/// The issuer of id tokens.
pub(super) const ISSUER: &str = "https://accounts.google.com";
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// POST `/token`
pub(super) async fn token(
    State(service): State<GoogleService>,
    uri: Uri,
    headers: HeaderMap,
    Extension(form): Extension<Arc<Form>>,
) -> Response {
    match service.exchange(&uri, &headers, &form) {
        Ok(tokens) => answer(StatusCode::OK, &tokens),
        Err(refusal) => {
            let mut refused = refusal.answer();
            let space = Space::of(&form);
            if refusal == Refusal::UseDpopNonce
                && let Ok(nonce) = HeaderValue::from_str(&service.dpop_nonce(space))
            {
                refused.headers_mut().insert("dpop-nonce", nonce);
            }
            refused
        }
    }
}

impl GoogleService {
    fn exchange(&self, uri: &Uri, headers: &HeaderMap, form: &Form) -> Result<Value, Refusal> {
        if let Some(refusal) = self.0.state.get().refusals.pop_front() {
            return Err(refusal);
        }
        if form.repeated().is_some() {
            return Err(Refusal::Repeated);
        }
        let parameter = |name| form.get(name).ok_or(Refusal::MissingParameter);
        match parameter("grant_type")? {
            JWT_BEARER => self.service_account(parameter("assertion")?),
            "authorization_code" => {
                let client = self.authenticate(headers, form)?;
                self.redeem(&client, headers, uri, form, parameter("code")?)
            }
            "refresh_token" => {
                let client = self.authenticate(headers, form)?;
                self.refresh(&client, headers, uri, parameter("refresh_token")?, form)
            }
            DEVICE_CODE => {
                let client = self.authenticate(headers, form)?;
                self.poll(&client, parameter("device_code")?)
            }
            _ => Err(Refusal::UnsupportedGrantType),
        }
    }

    /// The client that the request names and proves to be.
    pub(super) fn authenticate(&self, headers: &HeaderMap, form: &Form) -> Result<Client, Refusal> {
        let shown = Credentials::of(headers, form);
        let id = shown.client_id.ok_or(Refusal::MissingParameter)?;
        let client = self.client(&id).ok_or(Refusal::UnknownClient)?;
        match shown.client_secret {
            None if client.needs_secret() => return Err(Refusal::SecretMissing),
            Some(secret) if secret != client.client_secret => return Err(Refusal::WrongSecret),
            Some(_) | None => {}
        }
        match client.state {
            ClientState::Active => Ok(client),
            ClientState::Deleted => Err(Refusal::DeletedClient),
            ClientState::RestrictedByAdmin => Err(Refusal::AdminPolicyEnforced),
        }
    }

    /// A wrong verifier, redirect URI or proof doesn't use the code up.
    fn redeem(&self, client: &Client, headers: &HeaderMap, uri: &Uri, form: &Form, code: &str) -> Result<Value, Refusal> {
        let now = self.now();
        let mut state = self.0.state.get();
        let found = state.grants.look(now, &client.client_id, code)?;
        if form.get("redirect_uri").unwrap_or(&found.redirect_uri) != found.redirect_uri {
            return Err(Refusal::RedirectUriMismatch);
        }
        let proven = match (&found.challenge, form.get("code_verifier")) {
            (Some(challenge), Some(verifier)) => challenge.fits(verifier),
            (None, None) => true,
            _ => false,
        };
        if !proven {
            return Err(Refusal::BadCode);
        }
        let (grant, nonce, refresh) = (found.grant.clone(), found.nonce.clone(), found.refresh);
        let proof = self.dpop(headers, uri, Space::Code, &mut state.seen_proofs)?;
        if proof.as_ref().is_some_and(|proof| !proof.is_for_code(code)) {
            return Err(Refusal::InvalidDpopProof);
        }
        state.grants.use_up(code);
        let issued = state.grants.issue(now, grant.clone(), refresh, proof.map(|proof| proof.key));
        drop(state);
        Ok(self.tokens(&grant, &issued, nonce.as_deref()))
    }

    fn refresh(&self, client: &Client, headers: &HeaderMap, uri: &Uri, token: &str, form: &Form) -> Result<Value, Refusal> {
        let now = self.now();
        let mut state = self.0.state.get();
        let (mut grant, key) = state.grants.refresh(now, &client.client_id, token)?;
        if let Some(key) = key {
            let proof = self.dpop(headers, uri, Space::Refresh, &mut state.seen_proofs)?;
            if proof.is_none_or(|proof| proof.key != key) {
                return Err(Refusal::InvalidDpopProof);
            }
        }
        if state.reauth_required {
            return Err(Refusal::InvalidRapt);
        }
        let user = self.0.people.by_id(&grant.user).ok_or(Refusal::DeadToken)?;
        if client.publishing == Publishing::Internal && organization(&user).is_none() {
            return Err(Refusal::OrgInternal);
        }
        let asked = words(form.get("scope"));
        if asked.iter().any(|scope| !grant.scopes.contains(scope)) {
            return Err(Refusal::InvalidScope);
        }
        if !asked.is_empty() {
            grant.scopes = asked;
        }
        let issued = state.grants.access(now, &grant.client, &grant.project, Principal::User(grant.user.clone()), &grant.scopes);
        drop(state);
        Ok(self.tokens(&grant, &issued, None))
    }

    fn poll(&self, client: &Client, code: &str) -> Result<Value, Refusal> {
        if !client.is_for_devices() {
            return Err(Refusal::InvalidClientType);
        }
        let now = self.now();
        let (wish, user) = match self.0.devices.get().poll(now, code, |wish| wish.client.client_id == client.client_id) {
            Poll::Granted(wish, user) => (wish, user),
            Poll::Pending => return Err(Refusal::AuthorizationPending),
            Poll::TooSoon => return Err(Refusal::SlowDown),
            Poll::Denied(_) => return Err(Refusal::AccessDenied),
            Poll::Expired => return Err(Refusal::ExpiredToken),
            Poll::Used => return Err(Refusal::BadCode),
            Poll::Unknown => return Err(Refusal::MalformedCode),
        };
        let grant = self.grant(client, &user, wish.scopes);
        let mut state = self.0.state.get();
        state.grants.consent(&grant, true);
        let issued = state.grants.issue(now, grant.clone(), true, None);
        drop(state);
        Ok(self.tokens(&grant, &issued, None))
    }

    /// The answer. With `openid` it has an id token, after a refresh as well.
    fn tokens(&self, grant: &Grant, issued: &Issued, nonce: Option<&str>) -> Value {
        let id_token = grant.scopes.iter().any(|scope| scope == "openid").then(|| self.id_token(grant, nonce)).flatten();
        let body = json!({
            "access_token": issued.access_token,
            "expires_in": issued.expires_in,
            "scope": grant.scopes.join(" "),
            "token_type": "Bearer",
        });
        let more = [
            ("refresh_token", issued.refresh_token.clone().map(Value::from)),
            ("refresh_token_expires_in", issued.refresh_token_expires_in.map(Value::from)),
            ("id_token", id_token.map(Value::from)),
        ];
        with(body, more)
    }

    fn id_token(&self, grant: &Grant, nonce: Option<&str>) -> Option<String> {
        let user = self.0.people.by_id(&grant.user)?;
        let now = unix(self.0.clock.now());
        let claims = json!({
            "iss": ISSUER,
            "azp": grant.client,
            "aud": grant.client,
            "iat": now,
            "exp": now + 3600,
        });
        let claims = with(claims, [("nonce", nonce.map(Value::from))]);
        self.0.signer.sign(&with(claims, person(&user, &grant.scopes)))
    }
}
