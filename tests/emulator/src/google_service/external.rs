//! Identities of other providers: the security token service, and tokens of service accounts for those who may have them
//! (`providers.md` 3.7).

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::api::{Trouble, bearer};
use super::grants::{Access, Principal};
use super::refusal::Refusal;
use super::{GoogleService, scopes};
use crate::form::{Form, words};
use crate::json::json as answer;
use crate::jwt::{Jwt, unix};

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const SUBJECT_TOKENS: [&str; 2] = ["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"];
const SAML: &str = "urn:ietf:params:oauth:token-type:saml2";

/// A provider of a workload identity pool: whose tokens Google takes. Of the kinds of token the emulator knows JWTs in RS256, and a
/// little of SAML.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkloadProvider {
    /// The provider's own name: `//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`.
    pub audience: String,
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The `aud` of its tokens.
    pub token_audience: String,
    /// The public half of its key, in PEM.
    pub public_key_pem: String,
}

impl WorkloadProvider {
    /// Whom a JWT is about, if it is one of this provider's.
    fn subject(&self, token: &str, now: u64) -> Option<String> {
        let jwt = Jwt::read(token)?;
        let key = DecodingKey::from_rsa_pem(self.public_key_pem.as_bytes()).ok()?;
        let fits = jwt.is_signed(&key, &[Algorithm::RS256])
            && jwt.text("iss") == Some(&self.issuer)
            && jwt.is_for(&[&self.token_audience])
            && jwt.seconds("exp").is_some_and(|exp| now < exp);
        jwt.text("sub").filter(|_| fits).map(str::to_owned)
    }

    /// The same for an assertion in base64 that isn't signed: the emulator knows of SAML only how it is sent.
    fn saml_subject(&self, token: &str) -> Option<String> {
        let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
        let between = |tag: &str| text.split_once(&format!("<{tag}>"))?.1.split('<').next();
        between("Issuer").filter(|issuer| *issuer == self.issuer)?;
        between("NameID").map(str::to_owned)
    }
}

/// POST `/v1/token` of the security token service.
pub(super) async fn exchange(State(service): State<GoogleService>, Extension(form): Extension<Arc<Form>>) -> Response {
    match service.federate(&form) {
        Ok(token) => answer(StatusCode::OK, &token),
        Err(refusal) => refusal.answer(),
    }
}

#[derive(Deserialize)]
struct Wish {
    scope: Vec<String>,
    lifetime: Option<String>,
}

/// POST `/v1/projects/-/serviceAccounts/{email}:generateAccessToken`.
pub(super) async fn impersonate(
    State(service): State<GoogleService>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match service.impersonated(&name, &headers, &body) {
        Ok(token) => answer(StatusCode::OK, &token),
        Err(trouble) => trouble.answer(),
    }
}

impl GoogleService {
    fn federate(&self, form: &Form) -> Result<Value, Refusal> {
        let parameter = |name| form.get(name).ok_or(Refusal::MissingParameter);
        if parameter("grant_type")? != TOKEN_EXCHANGE {
            return Err(Refusal::UnsupportedGrantType);
        }
        if parameter("requested_token_type")? != ACCESS_TOKEN {
            return Err(Refusal::SubjectToken);
        }
        let audience = parameter("audience")?;
        let providers = self.0.state.get().workload_providers.clone();
        let provider = providers.iter().find(|provider| provider.audience == audience).ok_or(Refusal::SubjectToken)?;
        let asked = words(Some(parameter("scope")?));
        if asked.is_empty() || !asked.iter().all(|scope| scopes::is_known(scope)) {
            return Err(Refusal::InvalidScope);
        }
        let token = parameter("subject_token")?;
        let subject = match parameter("subject_token_type")? {
            SAML => provider.saml_subject(token),
            kind if SUBJECT_TOKENS.contains(&kind) => provider.subject(token, unix(self.0.clock.now())),
            _ => None,
        };
        let principal = Principal::Federated(subject.ok_or(Refusal::SubjectToken)?);
        let issued = self.0.state.get().grants.access(self.now(), audience, "", principal, &asked);
        Ok(json!({
            "access_token": issued.access_token,
            "issued_token_type": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
        }))
    }

    fn impersonated(&self, name: &str, headers: &HeaderMap, body: &[u8]) -> Result<Value, Trouble> {
        let email = name.strip_suffix(":generateAccessToken").ok_or(Trouble::NotFound)?;
        let access = bearer(headers).and_then(|token| self.0.state.get().grants.owner(self.now(), token)).ok_or(Trouble::NoAccess)?;
        if !access.scopes.iter().any(|scope| scopes::impersonates(scope)) {
            return Err(Trouble::Scope);
        }
        let wish: Wish = serde_json::from_slice(body).map_err(|_| Trouble::BadRequest)?;
        let caller = match &access.principal {
            Principal::User(id) => self.0.people.by_id(id).map(|user| user.login).unwrap_or_default(),
            Principal::ServiceAccount(email) => email.clone(),
            Principal::Federated(subject) => subject.clone(),
        };
        let mut state = self.0.state.get();
        let account = state.service_accounts.get(email).filter(|account| account.impersonators.contains(&caller));
        account.ok_or(Trouble::PermissionDenied)?;
        let lifetime = wish.lifetime.as_deref().unwrap_or("3600s").strip_suffix('s').and_then(|seconds| seconds.parse::<u64>().ok());
        let lifetime = lifetime.filter(|seconds| (1..=3600).contains(seconds)).ok_or(Trouble::BadRequest)?;
        if wish.scope.is_empty() || !wish.scope.iter().all(|scope| scopes::is_known(scope)) {
            return Err(Trouble::BadRequest);
        }
        let (client, scopes) = (email.to_owned(), wish.scope);
        let principal = Principal::ServiceAccount(email.to_owned());
        let access = Access { client, project: String::new(), principal, scopes, until: Duration::ZERO };
        let issued = state.grants.access_for(self.now(), Duration::from_secs(lifetime), access);
        let until = OffsetDateTime::from(self.0.clock.now()) + time::Duration::seconds(lifetime.cast_signed());
        let until = until.replace_nanosecond(0).unwrap_or(until).format(&Rfc3339).map_err(|_| Trouble::BadRequest)?;
        Ok(json!({ "accessToken": issued.access_token, "expireTime": until }))
    }
}
