//! What the server says about itself and its users: metadata, keys, and id tokens.

use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::answer::filled;
use super::facts::{Demand, Endpoint, Pkce};
use super::hostile::{BadIdToken, Misbehaviour};
use super::{Details, GenericService, State};
use crate::grants::Owner;
use crate::json::json as answer;
use crate::jwt::unix;
use crate::signing::Signer;

/// The members of the metadata that are endpoints.
const MEMBERS: [(&str, Endpoint); 8] = [
    ("authorization_endpoint", Endpoint::Authorize),
    ("token_endpoint", Endpoint::Token),
    ("revocation_endpoint", Endpoint::Revoke),
    ("introspection_endpoint", Endpoint::Introspect),
    ("registration_endpoint", Endpoint::Register),
    ("pushed_authorization_request_endpoint", Endpoint::Par),
    ("device_authorization_endpoint", Endpoint::Device),
    ("jwks_uri", Endpoint::Jwks),
];

impl GenericService {
    /// RFC 8414 section 2; the same members serve OpenID Connect Discovery.
    pub(super) fn metadata(&self) -> Response {
        let facts = &self.0.facts;
        let mut issuer = facts.issuer.clone().unwrap_or_default();
        for how in &self.0.state.get().hostile {
            match how {
                Misbehaviour::MetadataRedirect(url) => {
                    let location = HeaderValue::from_str(url).unwrap_or(HeaderValue::from_static("/"));
                    return (StatusCode::FOUND, [(LOCATION, location)]).into_response();
                }
                Misbehaviour::MetadataIssuer(other) => issuer.clone_from(other),
                _ => {}
            }
        }
        let mut document = Map::new();
        let mut add = |name: &str, value: Value| drop(document.insert(name.to_owned(), value));
        add("issuer", json!(issuer));
        for (name, endpoint) in MEMBERS {
            facts.endpoints.get(&endpoint).into_iter().for_each(|url| add(name, json!(url)));
        }
        facts.calls.first().into_iter().for_each(|call| add("userinfo_endpoint", json!(call.url)));
        add("response_types_supported", json!(["code"]));
        add("response_modes_supported", json!(["query", "form_post"]));
        add("grant_types_supported", json!(facts.request.grants));
        add("subject_types_supported", json!(["public"]));
        add("id_token_signing_alg_values_supported", json!(["RS256"]));
        let ways: Vec<String> = facts.client_auth.iter().map(|way| way.name().to_owned()).collect();
        add("token_endpoint_auth_methods_supported", json!(ways));
        if matches!(facts.authorize.pkce, Pkce::Optional | Pkce::Required) {
            add("code_challenge_methods_supported", json!(["S256"]));
        }
        if !facts.aliases.is_empty() {
            let alias = |(name, endpoint): &(&str, Endpoint)| Some(((*name).to_owned(), json!(facts.aliases.get(endpoint)?)));
            add("mtls_endpoint_aliases", Value::Object(MEMBERS.iter().filter_map(alias).collect()));
        }
        if facts.certificate_bound {
            add("tls_client_certificate_bound_access_tokens", json!(true));
        }
        if facts.authorize.iss {
            add("authorization_response_iss_parameter_supported", json!(true));
        }
        if facts.par == Demand::Required {
            add("require_pushed_authorization_requests", json!(true));
        }
        if facts.dpop != Demand::Off {
            add("dpop_signing_alg_values_supported", json!(["ES256", "ES384", "RS256", "PS256"]));
        }
        document.extend(filled(&facts.metadata, &[]));
        for how in &self.0.state.get().hostile {
            if let Misbehaviour::MetadataMember(name, value) = how {
                document.insert(name.clone(), value.clone());
            }
        }
        answer(StatusCode::OK, &Value::Object(document))
    }

    pub(super) fn key_set(&self) -> Response {
        answer(StatusCode::OK, &self.0.signer.key_set())
    }

    /// OpenID Connect Core section 2. `None` only if no key can be made.
    pub(super) fn id_token(&self, known: &State, owner: &Owner<Details>, access_token: &str) -> Option<String> {
        let bad = known.hostile.iter().find_map(|how| match how {
            Misbehaviour::IdToken(bad) => Some(*bad),
            _ => None,
        });
        let is = |wrong| bad == Some(wrong);
        let now = unix(self.0.clock.now());
        let issued = if is(BadIdToken::Expired) { now.saturating_sub(7200) } else { now };
        let nonce = if is(BadIdToken::Nonce) { Some("another request's nonce") } else { owner.details.nonce.as_deref() };
        let nonce = nonce.filter(|_| !is(BadIdToken::NonceMissing));
        let mut claims = json!({
            "iss": if is(BadIdToken::Issuer) { Some("https://other.example") } else { self.0.facts.issuer.as_deref() },
            "sub": *owner.user,
            "aud": if is(BadIdToken::Audience) { "another-client" } else { &*owner.client },
            "iat": issued,
            "exp": issued + 3600,
            "at_hash": half_hash(access_token),
        });
        if let (Some(nonce), Some(members)) = (nonce, claims.as_object_mut()) {
            members.insert("nonce".to_owned(), json!(nonce));
        }
        match bad {
            Some(BadIdToken::AlgNone) => {
                let [header, claims] =
                    [json!({ "alg": "none", "typ": "JWT" }), claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
                Some(format!("{header}.{claims}."))
            }
            Some(BadIdToken::Key) => Signer::default().sign(&claims),
            _ => self.0.signer.sign(&claims),
        }
    }
}

/// `at_hash`: the left half of the access token's SHA-256 (OpenID Connect Core section 3.1.3.6).
fn half_hash(access_token: &str) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.get(..16).unwrap_or_default())
}
