//! The token endpoint.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;

use super::answer::{Tokens, Trouble, trouble, written};
use super::assertion::JWT_BEARER;
use super::client::GenericClient;
use super::facts::Body;
use super::hostile::Misbehaviour;
use super::{Details, GenericService, Incoming, State};
use crate::device::Poll;
use crate::form::Form;
use crate::grants::{Minted, Owner};
use crate::jwt::unix;

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

impl GenericService {
    pub(super) fn token(&self, call: &Incoming) -> Response {
        let away = self.0.state.get().hostile.iter().find_map(|how| match how {
            Misbehaviour::TokenRedirect { status, url } => Some((*status, url.clone())),
            _ => None,
        });
        if let Some((status, url)) = away {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::TEMPORARY_REDIRECT);
            return (status, [(LOCATION, HeaderValue::from_str(&url).unwrap_or(HeaderValue::from_static("/")))]).into_response();
        }
        if call.method.as_str() != self.0.facts.request.method {
            return StatusCode::METHOD_NOT_ALLOWED.into_response();
        }
        let tokens = self.parameters(call).and_then(|form| {
            let refreshes = form.get("grant_type") == Some("refresh_token");
            Ok((self.exchange(call, &form)?, refreshes))
        });
        let answer = match tokens {
            Ok((tokens, refreshes)) => {
                let separator = &*self.0.facts.scope_separator;
                let mut facts = self.0.facts.answer.clone();
                if let Some(fields) = facts.refreshed_fields.clone().filter(|_| refreshes) {
                    facts.fields = fields;
                }
                let forced = {
                    let known = self.0.state.get();
                    for how in &known.hostile {
                        if let Misbehaviour::ExpiresIn(form) = how {
                            facts.expires_in = *form;
                        }
                    }
                    known.is_hostile(|how| matches!(how, Misbehaviour::FormEncoded))
                };
                let value = facts.value(tokens, (separator, unix(self.0.clock.now())));
                written(&facts, forced, &call.headers, StatusCode::OK, &value)
            }
            Err(trouble) => self.refused(&call.headers, &trouble),
        };
        self.0.with_nonce(&self.0.state.get(), call, answer)
    }

    /// A refusal in the service's words.
    pub(super) fn refused(&self, headers: &HeaderMap, trouble: &Trouble) -> Response {
        let facts = &self.0.facts;
        let known = self.0.state.get();
        let fine = known.is_hostile(|how| matches!(how, Misbehaviour::ErrorWith200));
        let status = if fine { StatusCode::OK } else { facts.errors.status(trouble) };
        let forced = known.is_hostile(|how| matches!(how, Misbehaviour::FormEncoded));
        written(&facts.answer, forced, headers, status, &facts.errors.value(trouble))
    }

    /// The parameters, from wherever this service reads them, under their standard names.
    fn parameters(&self, call: &Incoming) -> Result<Form, Trouble> {
        let request = &self.0.facts.request;
        for (name, value) in &request.headers {
            match call.headers.get(name.as_str()).and_then(|found| found.to_str().ok()) {
                Some(found) if value.is_empty() || found == value => {}
                _ => return Err(trouble("invalid_request", format!("The header `{name}` is missing or wrong."))),
            }
        }
        let content_type = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let query = Form::parse(call.uri.query().unwrap_or_default().as_bytes());
        let form = if request.body.contains(&Body::Query) && !query.parameters().is_empty() {
            query
        } else if content_type.starts_with("application/json") && request.body.contains(&Body::Json) {
            from_json(&call.body).ok_or_else(|| trouble("invalid_request", "The body isn't an object in JSON."))?
        } else if request.body.contains(&Body::Form) {
            (*call.form).clone()
        } else {
            return Err(trouble("invalid_request", format!("A body of the type `{content_type}` isn't read here.")));
        };
        let form = form.renamed(&self.0.facts.names);
        if let Some(name) = form.repeated() {
            return Err(trouble("invalid_request", format!("The parameter `{name}` was sent more than once.")));
        }
        for (name, value) in &request.parameters {
            if form.get(name) != Some(value) {
                return Err(trouble("invalid_request", format!("The parameter `{name}` is missing or wrong.")));
            }
        }
        Ok(form)
    }

    fn exchange(&self, call: &Incoming, form: &Form) -> Result<Tokens, Trouble> {
        let mut known = self.0.state.get();
        let key = self.0.proof(&mut known, call, None)?;
        let grant = form.get("grant_type").unwrap_or_default();
        let offered = self.0.facts.request.grants.iter().any(|known| known == grant);
        if offered && grant == JWT_BEARER {
            return self.assertion_grant(&mut known, form);
        }
        let client = self.0.authenticate(&mut known, call, form)?;
        if !offered {
            return Err(trouble("unsupported_grant_type", "This `grant_type` isn't known here."));
        }
        let grant = if self.0.facts.device.grant.as_deref() == Some(grant) { DEVICE } else { grant };
        let tokens = match grant {
            "authorization_code" => self.code(&mut known, &client, form, key),
            "refresh_token" => self.refresh(&mut known, &client, form, key),
            "client_credentials" => self.client_credentials(&mut known, &client, form, key),
            "password" => self.password(&mut known, &client, form, key),
            DEVICE => self.device(&mut known, &client, form, key),
            EXCHANGE => self.token_exchange(&mut known, &client, form, key),
            _ => Err(trouble("unsupported_grant_type", "The emulator doesn't know this `grant_type`.")),
        };
        let tokens = tokens?;
        if let Some(certificate) = call.certificate.clone().filter(|_| self.0.facts.certificate_bound) {
            known.certified.insert(tokens.access.clone(), certificate);
        }
        Ok(known.disguised(tokens, form.get("refresh_token")))
    }

    fn code(&self, known: &mut State, client: &GenericClient, form: &Form, key: Option<String>) -> Result<Tokens, Trouble> {
        let code = needed(form, "code")?;
        let bad = |text: &str| trouble("invalid_grant", text);
        let owner = known.grants.redeem(self.now(), &client.client_id, code).map_err(|_| bad("The code is unknown, used or too old."))?;
        let details = &owner.details;
        if details.redirect_uri.as_deref() != form.get("redirect_uri") {
            return Err(bad("`redirect_uri` isn't the one of the authorization request."));
        }
        match (&details.challenge, form.get("code_verifier")) {
            (Some(challenge), Some(verifier)) if challenge.fits(verifier) => {}
            (Some(_), _) => return Err(bad("`code_verifier` is missing or doesn't fit.")),
            (None, _) => {}
        }
        if details.key.is_some() && details.key != key {
            return Err(trouble("invalid_dpop_proof", "The code is bound to another key."));
        }
        self.same_resource(details, form)?;
        let details = Details { key, ..details.clone() };
        let owner = Arc::new(Owner { details, ..(*owner).clone() });
        let minted = self.issue(known, &owner);
        Ok(self.tokens(known, minted, &owner))
    }

    pub(super) fn issue(&self, known: &mut State, owner: &Arc<Owner<Details>>) -> Minted {
        if owner.details.offline {
            known.grants.issue(self.now(), Arc::clone(owner))
        } else {
            let lives = known.grants.lifetimes.access;
            known.grants.issue_access(self.now(), Arc::clone(owner), lives)
        }
    }

    fn same_resource(&self, details: &Details, form: &Form) -> Result<(), Trouble> {
        let asked = self.resource(form).map_err(|text| trouble("invalid_target", text))?;
        match (&details.resource, asked) {
            (Some(granted), Some(asked)) if *granted != asked => Err(trouble("invalid_target", "Access to this resource wasn't granted.")),
            _ => Ok(()),
        }
    }

    fn refresh(&self, known: &mut State, client: &GenericClient, form: &Form, key: Option<String>) -> Result<Tokens, Trouble> {
        let token = needed(form, "refresh_token")?;
        let bad = |_| trouble("invalid_grant", "The refresh token is unknown, used, revoked or too old.");
        known.grants.presented(&client.client_id, token);
        let owner = known.grants.refreshable(self.now(), &client.client_id, token).map_err(bad)?;
        // RFC 9449 section 5: that of a client which shows who it is anyway is bound to the client, and may come with another key.
        if client.is_public() && owner.details.key.is_some() && owner.details.key != key {
            return Err(trouble("invalid_dpop_proof", "The refresh token is bound to another key."));
        }
        self.same_resource(&owner.details, form)?;
        let scopes = self.split(form.get("scope").unwrap_or_default());
        if scopes.iter().any(|scope| !owner.scopes.contains(scope)) {
            return Err(trouble("invalid_scope", "The scope is more than what was granted."));
        }
        let scopes = if scopes.is_empty() { owner.scopes.clone() } else { scopes };
        let details = Details { key, ..owner.details.clone() };
        let access = Arc::new(Owner { scopes, details, ..(*owner).clone() });
        let mut minted = known.grants.refresh(self.now(), &client.client_id, token, Some(Arc::clone(&access))).map_err(bad)?;
        if minted.refresh.is_none() && self.0.facts.refresh.repeated {
            minted.refresh = Some(token.to_owned());
        }
        Ok(self.tokens(known, minted, &access))
    }

    fn client_credentials(&self, known: &mut State, client: &GenericClient, form: &Form, key: Option<String>) -> Result<Tokens, Trouble> {
        if client.client_secret.is_none() && client.keys.is_empty() && client.certificate.is_none() {
            return Err(trouble("unauthorized_client", "A public client can't have tokens of its own."));
        }
        let owner = self.owner(client, &client.client_id, form, (key, false))?;
        let minted = self.issue(known, &owner);
        Ok(self.tokens(known, minted, &owner))
    }

    fn password(&self, known: &mut State, client: &GenericClient, form: &Form, key: Option<String>) -> Result<Tokens, Trouble> {
        let (login, password) = (needed(form, "username")?, needed(form, "password")?);
        let user = self.0.people.find(|user| user.login == login && user.password == password);
        let user = user.ok_or_else(|| trouble("invalid_grant", "User name or password is wrong."))?;
        let owner = self.owner(client, &user.id, form, (key, self.0.facts.refresh.offered))?;
        let minted = self.issue(known, &owner);
        Ok(self.tokens(known, minted, &owner))
    }

    fn device(&self, known: &mut State, client: &GenericClient, form: &Form, key: Option<String>) -> Result<Tokens, Trouble> {
        let code = needed(form, self.0.facts.device.code.as_deref().unwrap_or("device_code"))?;
        let poll = self.0.devices.get().poll(self.now(), code, |wish| wish.client == client.client_id);
        let (wish, user) = match poll {
            Poll::Pending => return Err(trouble("authorization_pending", "Nobody has decided yet.")),
            Poll::TooSoon => return Err(trouble("slow_down", "Wait five seconds more between polls.")),
            Poll::Denied(_) => return Err(trouble("access_denied", "The user denied the request.")),
            Poll::Expired => return Err(trouble("expired_token", "The device code is too old.")),
            Poll::Used | Poll::Unknown => return Err(trouble("invalid_grant", "The device code is unknown or used.")),
            Poll::Granted(wish, user) => (wish, user),
        };
        let details = Details { offline: self.0.facts.refresh.offered, key, ..Details::default() };
        let (client, user) = (client.client_id.as_str().into(), user.id.into());
        let owner = Arc::new(Owner { client, user, scopes: wish.scopes, details });
        let minted = self.issue(known, &owner);
        Ok(self.tokens(known, minted, &owner))
    }

    /// RFC 8693: another access token with the same user, and no more scopes.
    fn token_exchange(&self, known: &mut State, client: &GenericClient, form: &Form, key: Option<String>) -> Result<Tokens, Trouble> {
        let wanted = form.get("requested_token_type").unwrap_or(ACCESS_TOKEN);
        if needed(form, "subject_token_type")? != ACCESS_TOKEN || wanted != ACCESS_TOKEN {
            return Err(trouble("invalid_request", "Only access tokens are exchanged, and only for access tokens."));
        }
        let subject = known.grants.access_until(self.now(), needed(form, "subject_token")?);
        let (subject, left) = subject.map_err(|_| trouble("invalid_grant", "The subject token isn't good."))?;
        let scopes = self.split(form.get("scope").unwrap_or_default());
        if scopes.iter().any(|scope| !subject.scopes.contains(scope)) {
            return Err(trouble("invalid_scope", "The scope is more than the subject token has."));
        }
        let scopes = if scopes.is_empty() { subject.scopes.clone() } else { scopes };
        let resource = self.resource(form).map_err(|text| trouble("invalid_target", text))?;
        let details = Details { resource, key, ..Details::default() };
        let owner = Arc::new(Owner { client: client.client_id.as_str().into(), user: Arc::clone(&subject.user), scopes, details });
        let lives = left.min(known.grants.lifetimes.access);
        let minted = known.grants.issue_access(self.now(), Arc::clone(&owner), lives);
        Ok(Tokens { issued_token_type: Some(ACCESS_TOKEN), ..self.tokens(known, minted, &owner) })
    }

    fn owner(
        &self,
        client: &GenericClient,
        user: &str,
        form: &Form,
        (key, offline): (Option<String>, bool),
    ) -> Result<Arc<Owner<Details>>, Trouble> {
        let scopes = self.split(form.get("scope").unwrap_or_default());
        if scopes.iter().any(|scope| !client.scopes.is_empty() && !client.scopes.contains(scope)) {
            return Err(trouble("invalid_scope", "The client may not ask for this scope."));
        }
        let resource = self.resource(form).map_err(|text| trouble("invalid_target", text))?;
        let details = Details { resource, key, offline, ..Details::default() };
        Ok(Arc::new(Owner { client: client.client_id.as_str().into(), user: user.into(), scopes, details }))
    }

    pub(super) fn tokens(&self, known: &State, minted: Minted, owner: &Owner<Details>) -> Tokens {
        let usual = if owner.details.key.is_some() { "DPoP" } else { "Bearer" };
        let token_type = self.0.facts.answer.token_type.clone().filter(|_| owner.details.key.is_none());
        Tokens {
            lives: minted.lives,
            refresh: minted.refresh,
            scopes: owner.scopes.clone(),
            token_type: Some(token_type.unwrap_or_else(|| usual.to_owned())),
            id_token: owner.scopes.iter().any(|scope| scope == "openid").then(|| self.id_token(known, owner, &minted.access)).flatten(),
            access: minted.access,
            issued_token_type: None,
        }
    }
}

impl State {
    /// Tokens as a hostile server answers them.
    fn disguised(&self, mut tokens: Tokens, used: Option<&str>) -> Tokens {
        for how in &self.hostile {
            match how {
                Misbehaviour::ScopeWidened(scope) => tokens.scopes.push(scope.clone()),
                Misbehaviour::ScopeNarrowed(scope) => tokens.scopes = vec![scope.clone()],
                Misbehaviour::TokenType(token_type) => tokens.token_type.clone_from(token_type),
                Misbehaviour::RefreshTokenOmitted => tokens.refresh = None,
                Misbehaviour::RefreshTokenUnchanged => tokens.refresh = used.map(str::to_owned).or(tokens.refresh),
                _ => {}
            }
        }
        tokens
    }
}

pub(super) fn needed<'f>(form: &'f Form, name: &str) -> Result<&'f str, Trouble> {
    form.get(name).ok_or_else(|| trouble("invalid_request", format!("The parameter `{name}` is missing.")))
}

/// The texts of an object.
pub(super) fn from_json(body: &[u8]) -> Option<Form> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let texts = value.as_object()?.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    Some(Form::parse(form_urlencoded::Serializer::new(String::new()).extend_pairs(texts).finish().as_bytes()))
}
