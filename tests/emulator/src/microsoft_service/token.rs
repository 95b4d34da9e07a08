//! The token endpoint of a tenant.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use http::header::ORIGIN;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::app::Platform;
use super::client::Caller;
use super::grants::{Access, Grant, Issued};
use super::refusal::{Refusal, Stamp, guid};
use super::tenant::Authority;
use super::{Site, State as Known, scopes};
use crate::device::Poll;
use crate::form::{Form, words};
use crate::json::{json as answer, with};
use crate::jwt::unix;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const ON_BEHALF_OF: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// POST `/{tenant}/oauth2/v2.0/token`
pub(super) async fn token(
    State(site): State<Site>,
    Path(segment): Path<String>,
    headers: HeaderMap,
    Extension(form): Extension<Arc<Form>>,
) -> Response {
    match site.exchange(&segment, &headers, &form) {
        Ok(tokens) => answer(StatusCode::OK, &tokens),
        Err(refusal) => site.refuse(&refusal, &headers),
    }
}

/// GET of the same.
pub(super) async fn wrong_verb(State(site): State<Site>, headers: HeaderMap) -> Response {
    site.refuse(&Refusal::aadsts(900_561), &headers)
}

impl Site {
    pub(super) fn refuse(&self, refusal: &Refusal, headers: &HeaderMap) -> Response {
        Stamp::of(&self.service.0.mint, self.service.0.clock.now(), headers).answer(refusal, self.host)
    }

    fn exchange(&self, segment: &str, headers: &HeaderMap, form: &Form) -> Result<Value, Refusal> {
        let authority = {
            let mut state = self.service.0.state.get();
            if let Some(refusal) = state.refusals.pop_front() {
                return Err(refusal);
            }
            Authority::parse(segment, self.cloud, &state.tenants)?
        };
        if form.repeated().is_some() {
            return Err(Refusal::aadsts(9_002_313));
        }
        if form.get("resource").is_some() {
            return Err(Refusal::aadsts(901_002));
        }
        let parameter = |name| form.get(name).ok_or(Refusal::aadsts(900_144));
        let grant_type = parameter("grant_type")?;
        let caller = self.caller(segment, headers, form)?;
        authority.admits_app(&caller.app)?;
        match grant_type {
            "authorization_code" => self.redeem(&authority, &caller, headers, form, parameter("code")?),
            "refresh_token" => self.refresh(&caller, headers, form, parameter("refresh_token")?),
            "client_credentials" => self.client_credentials(&authority, &caller, form),
            ON_BEHALF_OF => self.on_behalf_of(&caller, form, parameter("assertion")?),
            DEVICE_CODE => self.poll(&authority, &caller, form, parameter("device_code")?),
            _ => Err(Refusal::aadsts(70003)),
        }
    }

    /// What is wrong with the request doesn't use the code up.
    fn redeem(&self, authority: &Authority, caller: &Caller, headers: &HeaderMap, form: &Form, code: &str) -> Result<Value, Refusal> {
        let now = self.service.now();
        let mut state = self.service.0.state.get();
        let found = state.grants.look(now, &caller.app.client_id, code)?;
        if found.grant.cloud != self.cloud {
            return Err(Refusal::aadsts(90038));
        }
        if found.authority != *authority {
            return Err(Refusal::aadsts(700_005));
        }
        fits_platform(found.grant.platform, caller, headers)?;
        let asked = form.get("redirect_uri").ok_or(Refusal::aadsts(900_144))?;
        if asked != found.redirect_uri && format!("{asked}/") != found.redirect_uri {
            return Err(Refusal::aadsts(500_112));
        }
        let proven = match (&found.challenge, form.get("code_verifier")) {
            (Some(challenge), Some(verifier)) => challenge.fits(verifier),
            (None, _) => true,
            (Some(_), None) => false,
        };
        if !proven {
            return Err(Refusal::aadsts(501_481));
        }
        let (grant, nonce, claims) = (found.grant.clone(), found.nonce.clone(), found.claims.clone());
        let scopes = self.wanted(&state, &grant, form.get("scope"))?;
        state.grants.use_up(code);
        let claims = form.get("claims").map(str::to_owned).or(claims);
        let mut issued = state.grants.access(now, self.user_access(&grant, &scopes, claims));
        issued.refresh_token = state.grants.refresh_token(now, &grant, None);
        drop(state);
        Ok(self.tokens(&grant, &scopes, &issued, nonce.as_deref()))
    }

    fn refresh(&self, caller: &Caller, headers: &HeaderMap, form: &Form, token: &str) -> Result<Value, Refusal> {
        let now = self.service.now();
        let mut state = self.service.0.state.get();
        let (grant, end) = state.grants.refresh(now, &caller.app.client_id, token)?;
        if grant.cloud != self.cloud {
            return Err(Refusal::aadsts(90038));
        }
        fits_platform(grant.platform, caller, headers)?;
        let scopes = self.wanted(&state, &grant, form.get("scope"))?;
        let claims = form.get("claims").map(str::to_owned);
        let mut issued = state.grants.access(now, self.user_access(&grant, &scopes, claims));
        issued.refresh_token = state.grants.refresh_token(now, &grant, Some(end));
        drop(state);
        Ok(self.tokens(&grant, &scopes, &issued, None))
    }

    fn client_credentials(&self, authority: &Authority, caller: &Caller, form: &Form) -> Result<Value, Refusal> {
        let Authority::Tenant(tenant) = authority else { return Err(Refusal::aadsts(9_001_023)) };
        caller.demand_proof(true)?;
        let scopes = words(Some(form.get("scope").ok_or(Refusal::aadsts(900_144))?));
        let resource = match scopes.as_slice() {
            [only] => only.strip_suffix("/.default").ok_or(Refusal::aadsts(1_002_012))?.trim_end_matches('/').to_owned(),
            _ => return Err(Refusal::aadsts(1_002_012)),
        };
        self.known_resources(&scopes)?;
        if !caller.app.is_allowed_in(tenant) {
            return Err(Refusal::aadsts(65001).with_error("invalid_grant").suberror("consent_required"));
        }
        let access = Access { user: None, cloud: self.cloud, resource, scopes, claims: form.get("claims").map(str::to_owned) };
        let issued = self.service.0.state.get().grants.access(self.service.now(), access);
        Ok(json!({
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
            "ext_expires_in": issued.expires_in,
            "access_token": issued.access_token,
        }))
    }

    /// For an access token of a person that is for this app's own API.
    fn on_behalf_of(&self, caller: &Caller, form: &Form, assertion: &str) -> Result<Value, Refusal> {
        caller.demand_proof(true)?;
        if form.get("requested_token_use") != Some("on_behalf_of") {
            return Err(Refusal::aadsts(900_144));
        }
        let scopes = words(Some(form.get("scope").ok_or(Refusal::aadsts(900_144))?));
        scopes::only_resource(&scopes, self.cloud)?;
        self.known_resources(&scopes)?;
        let now = self.service.now();
        let mut state = self.service.0.state.get();
        let shown = state.grants.owner(now, assertion).map_err(|_| Refusal::aadsts(50013))?;
        let client = caller.app.client_id.clone();
        if shown.cloud != self.cloud || (shown.resource != client && shown.resource != format!("api://{client}")) {
            return Err(Refusal::aadsts(500_131));
        }
        let user = shown.user.ok_or(Refusal::aadsts(50013))?;
        let tenant = state.homes.get(&user).cloned().unwrap_or_else(|| super::DEFAULT_TENANT.to_owned());
        if !caller.app.is_allowed_in(&tenant) && !state.grants.has_consent(&client, &user, &scopes) {
            return Err(Refusal::aadsts(65001).with_error("invalid_grant").suberror("consent_required"));
        }
        let grant = Grant { client, user, tenant, cloud: self.cloud, scopes: scopes.clone(), platform: Platform::Web };
        let claims = form.get("claims").map(str::to_owned);
        let mut issued = state.grants.access(now, self.user_access(&grant, &scopes, claims));
        issued.refresh_token = state.grants.refresh_token(now, &grant, None);
        drop(state);
        Ok(self.tokens(&grant, &scopes, &issued, None))
    }

    fn poll(&self, authority: &Authority, caller: &Caller, form: &Form, code: &str) -> Result<Value, Refusal> {
        if !caller.app.allow_public_client_flows {
            caller.demand_proof(true)?;
        }
        let now = self.service.now();
        let owns = |wish: &super::device::Wish| wish.client_id == caller.app.client_id && wish.cloud == self.cloud;
        let (wish, user) = match self.service.0.devices.get().poll(now, code, owns) {
            Poll::Granted(wish, user) => (wish, user),
            // Microsoft documents no `slow_down`.
            Poll::Pending | Poll::TooSoon => return Err(Refusal::aadsts(70016)),
            Poll::Denied(_) => return Err(Refusal::aadsts(65004).with_error("authorization_declined")),
            Poll::Expired => return Err(Refusal::aadsts(70019)),
            Poll::Used => return Err(Refusal::aadsts(90120)),
            Poll::Unknown => return Err(Refusal::aadsts(70018)),
        };
        let tenant = self.service.tenant_of(&user.id);
        authority.admits_account(&tenant, &caller.app)?;
        let (client, platform) = (caller.app.client_id.clone(), Platform::Native);
        let grant = Grant { client, user: user.id, tenant, cloud: self.cloud, scopes: wish.scopes, platform };
        let mut state = self.service.0.state.get();
        let scopes = self.wanted(&state, &grant, form.get("scope"))?;
        state.grants.consent(&grant);
        let mut issued = state.grants.access(now, self.user_access(&grant, &scopes, None));
        issued.refresh_token = state.grants.refresh_token(now, &grant, None);
        drop(state);
        Ok(self.tokens(&grant, &scopes, &issued, None))
    }

    /// The scopes of the access token: those asked for, or those granted for the first resource.
    fn wanted(&self, state: &Known, grant: &Grant, asked: Option<&str>) -> Result<Vec<String>, Refusal> {
        let asked = words(asked);
        scopes::only_resource(&asked, self.cloud)?;
        state.known_resources(&asked, self.cloud)?;
        let granted = |scope: &&String| grant.scopes.iter().any(|other| scopes::same(scope, other, self.cloud));
        if asked.iter().any(|scope| !scope.ends_with("/.default") && !granted(&scope)) {
            return Err(Refusal::aadsts(65001).with_error("invalid_grant").suberror("consent_required"));
        }
        if asked.iter().any(|scope| scopes::resource(scope, self.cloud).is_some()) {
            return Ok(asked);
        }
        let first = grant.scopes.iter().find_map(|scope| scopes::resource(scope, self.cloud));
        let fits = |scope: &&String| scopes::resource(scope, self.cloud).is_none_or(|resource| Some(&resource) == first.as_ref());
        Ok(grant.scopes.iter().filter(fits).cloned().collect())
    }

    fn user_access(&self, grant: &Grant, scopes: &[String], claims: Option<String>) -> Access {
        let resource = scopes.iter().find_map(|scope| scopes::resource(scope, self.cloud));
        Access {
            user: Some(grant.user.clone()),
            cloud: self.cloud,
            resource: resource.unwrap_or_else(|| self.cloud.graph().to_owned()),
            scopes: scopes.to_vec(),
            claims,
        }
    }

    /// The answer, in the order in which Microsoft documents it. `offline_access` isn't named in `scope`.
    fn tokens(&self, grant: &Grant, scopes: &[String], issued: &Issued, nonce: Option<&str>) -> Value {
        let named: Vec<&str> = scopes.iter().map(String::as_str).filter(|scope| *scope != "offline_access").collect();
        let body = json!({
            "token_type": "Bearer",
            "scope": named.join(" "),
            "expires_in": issued.expires_in,
            "ext_expires_in": issued.expires_in,
            "access_token": issued.access_token,
        });
        let id_token = grant.scopes.iter().any(|scope| scope == "openid").then(|| self.id_token(grant, nonce)).flatten();
        with(body, [("refresh_token", issued.refresh_token.clone().map(Value::from)), ("id_token", id_token.map(Value::from))])
    }

    fn id_token(&self, grant: &Grant, nonce: Option<&str>) -> Option<String> {
        let service = &self.service.0;
        let user = service.people.by_id(&grant.user)?;
        let now = unix(service.clock.now());
        let claims = json!({
            "ver": "2.0",
            "iss": format!("https://{}/{}/v2.0", self.cloud.login_host(), grant.tenant),
            "aud": grant.client,
            "sub": service.mint.seal(&grant.client, &user.id),
            "oid": guid(&service.mint, "oid", &user.id),
            "tid": grant.tenant,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
        });
        let has = |name: &str| grant.scopes.iter().any(|scope| scope == name);
        let more = [
            ("nonce", nonce.map(Value::from)),
            ("email", has("email").then(|| json!(user.login))),
            ("name", has("profile").then(|| json!(user.name))),
            ("preferred_username", has("profile").then(|| json!(user.login))),
        ];
        service.signer.sign(&with(claims, more))
    }
}

/// Secrets are for servers; an `Origin` is for single page apps, and for them only.
fn fits_platform(platform: Platform, caller: &Caller, headers: &HeaderMap) -> Result<(), Refusal> {
    match (platform, headers.contains_key(ORIGIN)) {
        (Platform::Spa, false) => Err(Refusal::aadsts(9_002_327)),
        (Platform::Web | Platform::Native, true) => Err(Refusal::aadsts(9_002_326)),
        (Platform::Web, false) => caller.demand_proof(true),
        (Platform::Spa, true) | (Platform::Native, false) => caller.demand_proof(false),
    }
}
