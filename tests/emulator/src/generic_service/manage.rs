//! Introspection, revocation and registration.

use axum::response::{IntoResponse, Response};
use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Map, Value, json};

use super::answer::{Trouble, filled, trouble};
use super::client::GenericClient;
use super::facts::{Endpoint, RevocationStyle};
use super::hostile::Misbehaviour;
use super::token::{from_json, needed};
use super::{GenericService, Incoming};
use crate::form::Form;
use crate::grants::Cascade;
use crate::json::json as answer;
use crate::jwt::unix;
use crate::redirect;

impl GenericService {
    /// RFC 7662: for clients only, each about its own tokens.
    pub(super) fn introspect(&self, call: &Incoming) -> Response {
        let asked = || -> Result<Value, Trouble> {
            let mut known = self.0.state.get();
            let client = self.0.authenticate(&mut known, call, &call.form)?;
            let now = self.now();
            let token = needed(&call.form, "token")?;
            let access = known.grants.access_until(now, token).map(|(owner, left)| (owner, left, "access_token"));
            let found = access.ok().or_else(|| {
                let owner = known.grants.refreshable(now, &client.client_id, token).ok()?;
                Some((owner, std::time::Duration::MAX, "refresh_token"))
            });
            let Some((owner, left, kind)) = found.filter(|(owner, ..)| *owner.client == *client.client_id) else {
                return Ok(json!({ "active": false }));
            };
            let mut about = json!({
                "active": true,
                "scope": owner.scopes.join(&self.0.facts.scope_separator),
                "client_id": *owner.client,
                "sub": *owner.user,
                "token_type": if owner.details.key.is_some() { "DPoP" } else { "Bearer" },
                "token_use": kind,
            });
            if let Some(members) = about.as_object_mut() {
                let mut add = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
                if left != std::time::Duration::MAX {
                    add("exp", json!(unix(self.0.clock.now()).saturating_add(left.as_secs())));
                }
                let user = self.0.people.find(|user| *user.id == *owner.user);
                user.into_iter().for_each(|user| add("username", json!(user.login)));
                owner.details.key.iter().for_each(|key| add("cnf", json!({ "jkt": key })));
                known.certified.get(token).into_iter().for_each(|certificate| add("cnf", json!({ "x5t#S256": **certificate })));
                owner.details.resource.iter().for_each(|resource| add("aud", json!(resource)));
            }
            Ok(about)
        };
        match asked() {
            Ok(about) => answer(StatusCode::OK, &about),
            Err(trouble) => self.refused(&call.headers, &trouble),
        }
    }

    pub(super) fn revoke(&self, call: &Incoming) -> Response {
        match self.revoked(call) {
            Ok(()) => match &self.0.facts.revocation.answer {
                Some(table) => answer(StatusCode::OK, &Value::Object(filled(table, &[]))),
                None if self.0.facts.revocation.style == RevocationStyle::Delete => StatusCode::NO_CONTENT.into_response(),
                None => StatusCode::OK.into_response(),
            },
            Err(trouble) => {
                let refused = self.refused(&call.headers, &trouble);
                self.0.with_nonce(&self.0.state.get(), call, refused)
            }
        }
    }

    fn revoked(&self, call: &Incoming) -> Result<(), Trouble> {
        let facts = &self.0.facts.revocation;
        let mut known = self.0.state.get();
        let method = match facts.style {
            RevocationStyle::Rfc7009 | RevocationStyle::BearerPost | RevocationStyle::Alone => Method::POST,
            RevocationStyle::Get => Method::GET,
            RevocationStyle::Delete => Method::DELETE,
        };
        if call.method != method {
            return Err(trouble("invalid_request", format!("Tokens are revoked with {method} here.")));
        }
        let query = Form::parse(call.uri.query().unwrap_or_default().as_bytes());
        let (client, token) = match facts.style {
            RevocationStyle::Rfc7009 => {
                let form = if facts.json { from_json(&call.body).unwrap_or_default() } else { (*call.form).clone() };
                let form = form.renamed(&self.0.facts.names);
                let client = self.0.authenticate(&mut known, call, &form)?;
                (client.client_id, needed(&form, "token")?.to_owned())
            }
            RevocationStyle::Alone => {
                let token = needed(&call.form, "token")?;
                let client = known.grants.client_of(token).ok_or_else(|| trouble("invalid_token", "The token isn't good."))?;
                (client.to_string(), token.to_owned())
            }
            RevocationStyle::Delete => {
                let client = self.0.authenticate(&mut known, call, &Form::default())?;
                let body = from_json(&call.body).unwrap_or_default();
                (client.client_id, needed(&body, "access_token")?.to_owned())
            }
            RevocationStyle::Get | RevocationStyle::BearerPost => {
                let bearer = call.headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok()?.split_once(' '));
                let token = query.get("token").or(bearer.map(|(_, token)| token)).unwrap_or_default().to_owned();
                let owner = known.grants.access(self.now(), &token).map_err(|_| trouble("invalid_token", "The token isn't good."))?;
                if let Some(key) = &owner.details.key {
                    let scheme = bearer.map(|(scheme, _)| scheme).unwrap_or_default();
                    self.0.is_proven(&mut known, call, (scheme, &token), key)?;
                }
                (owner.client.to_string(), token)
            }
        };
        let kind = if token.contains("-refresh-") { "refresh_token" } else { "access_token" };
        // A token that nobody knows has no kind (RFC 7009 section 2.2).
        if token.starts_with("emulated-") && facts.unsupported.iter().any(|one| one == kind) {
            return Err(trouble("unsupported_token_type", format!("A token of the kind `{kind}` can't be revoked.")));
        }
        let cascade = if facts.cascade { Cascade::Grant } else { Cascade::Pair };
        known.grants.revoke(&client, &token, cascade).map_err(|_| trouble("invalid_client", "The token is another client's."))
    }

    /// RFC 7591. What is sent back is what was registered.
    pub(super) fn register(&self, call: &Incoming) -> Response {
        let Ok(Value::Object(mut metadata)) = serde_json::from_slice::<Value>(&call.body) else {
            return self.refused(&call.headers, &trouble("invalid_client_metadata", "The body isn't an object in JSON."));
        };
        if let Some(token) = &self.0.facts.registration_token {
            let bearer = call.headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok()?.strip_prefix("Bearer "));
            if bearer != Some(token) {
                let value = self.0.facts.errors.value(&trouble("invalid_token", "Registering needs an initial access token."));
                return answer(StatusCode::UNAUTHORIZED, &value);
            }
        }
        match self.registered(&mut metadata) {
            Ok(()) => answer(StatusCode::CREATED, &Value::Object(metadata)),
            Err(trouble) => self.refused(&call.headers, &trouble),
        }
    }

    fn registered(&self, metadata: &mut Map<String, Value>) -> Result<(), Trouble> {
        let uris = metadata.get("redirect_uris").and_then(Value::as_array).cloned().unwrap_or_default();
        let redirect_uris: Vec<String> = uris.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if redirect_uris.is_empty() || redirect_uris.len() != uris.len() || !redirect_uris.iter().all(|uri| redirect::is_registrable(uri)) {
            return Err(trouble("invalid_redirect_uri", "Redirect URIs must be https, or http on loopback."));
        }
        let ways = &self.0.facts.client_auth;
        let way = match metadata.get("token_endpoint_auth_method").and_then(Value::as_str) {
            Some(name) => ways.iter().find(|way| way.name() == name),
            None => ways.first(),
        };
        let way = way.ok_or_else(|| trouble("invalid_client_metadata", "`token_endpoint_auth_method` isn't known here."))?;
        let jwks: Option<JwkSet> = metadata.get("jwks").and_then(|jwks| serde_json::from_value(jwks.clone()).ok());
        let keys: Vec<_> = jwks.iter().flat_map(|set| &set.keys).filter_map(|key| DecodingKey::from_jwk(key).ok()).collect();
        if way.signs() && keys.is_empty() {
            return Err(trouble("invalid_client_metadata", "A client that signs needs `jwks`."));
        }
        let mut known = self.0.state.get();
        known.registered += 1;
        let client_id = self.0.mint.name("client", known.registered);
        let client_secret = way.has_secret().then(|| self.0.mint.name("secret", known.registered));
        let scopes = metadata.get("scope").and_then(Value::as_str).map(|text| self.split(text)).unwrap_or_default();
        let mut add = |name: &str, value: Value| drop(metadata.insert(name.to_owned(), value));
        add("client_id", json!(client_id));
        let endpoint = self.0.facts.endpoints.get(&Endpoint::Register).map(String::as_str).unwrap_or_default();
        add("registration_client_uri", json!(format!("{endpoint}/{client_id}")));
        add("client_id_issued_at", json!(unix(self.0.clock.now())));
        add("token_endpoint_auth_method", json!(way.name()));
        add("registration_access_token", json!(self.0.mint.name("registration", known.registered)));
        if let Some(secret) = &client_secret {
            add("client_secret", json!(secret));
            add("client_secret_expires_at", json!(0));
        }
        for how in &known.hostile {
            if let Misbehaviour::RegisteredMember(name, value) = how {
                add(name, value.clone());
            }
        }
        let token = self.0.mint.name("registration", known.registered);
        known.registrations.insert(client_id.clone(), token);
        let client = GenericClient { client_secret, redirect_uris, scopes, keys, ..GenericClient::public(&client_id) };
        known.clients.insert(client_id, client);
        Ok(())
    }

    /// RFC 7592 section 2.3.
    pub(super) fn unregister(&self, call: &Incoming) -> Response {
        let client = call.uri.path().rsplit('/').next().unwrap_or_default();
        let bearer = call.headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok()?.strip_prefix("Bearer "));
        let mut known = self.0.state.get();
        if bearer.is_none() || known.registrations.get(client).map(String::as_str) != bearer {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        known.registrations.remove(client);
        known.clients.remove(client);
        StatusCode::NO_CONTENT.into_response()
    }
}
