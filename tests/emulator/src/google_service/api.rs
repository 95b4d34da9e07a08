//! What a token is good for: who the user is, and a bit of Drive. And the end of it: revocation.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use serde_json::{Value, json};

use super::grants::{Access, Principal};
use super::{GoogleService, scopes};
use crate::User;
use crate::form::Form;
use crate::json::{json as answer, with};

/// GET and POST `/v1/userinfo`
pub(super) async fn userinfo(State(service): State<GoogleService>, headers: HeaderMap) -> Response {
    let user = service.admit(&headers, scopes::is_identity).and_then(|access| Ok((service.user(&access)?, access)));
    match user {
        Err(trouble) => trouble.answer(),
        Ok((user, access)) => answer(StatusCode::OK, &with(json!({}), person(&user, &access.scopes))),
    }
}

/// What a token of these scopes tells of a person.
pub(super) fn person(user: &User, scopes: &[String]) -> [(&'static str, Option<Value>); 5] {
    let has = |name: &str| scopes.iter().any(|scope| scope == name || scope.ends_with(&format!("userinfo.{name}")));
    [
        ("sub", Some(json!(user.id))),
        ("email", has("email").then(|| json!(user.login))),
        ("email_verified", has("email").then_some(json!(true))),
        ("name", has("profile").then(|| json!(user.name))),
        ("hd", organization(user).map(|domain| json!(domain))),
    ]
}

/// The domain of a Workspace account. There is one organization.
pub(super) fn organization(user: &User) -> Option<&str> {
    user.login.rsplit_once('@').map(|(_, domain)| domain).filter(|domain| *domain == "example.com")
}

/// GET `/drive/v3/about`, which wants to be told the `fields`.
pub(super) async fn about(State(service): State<GoogleService>, uri: Uri, headers: HeaderMap) -> Response {
    let access = match service.admit(&headers, scopes::reads_drive) {
        Ok(access) => access,
        Err(trouble) => return trouble.answer(),
    };
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
    let Some(fields) = query.get("fields") else { return Trouble::BadRequest.answer() };
    let (id, name, address) = match &access.principal {
        Principal::User(id) => {
            service.0.people.by_id(id).map(|user| (id, user.name, user.login)).unwrap_or((id, String::new(), String::new()))
        }
        Principal::ServiceAccount(email) => (email, email.clone(), email.clone()),
        Principal::Federated(subject) => (subject, subject.clone(), String::new()),
    };
    let id = service.0.mint.seal("drive-permission", id);
    let all = json!({
        "kind": "drive#about",
        "user": { "kind": "drive#user", "displayName": name, "emailAddress": address, "permissionId": id, "me": true },
        "storageQuota": { "limit": "16106127360", "usage": "4096" },
    });
    let wanted: Vec<&str> = fields.split(',').map(|field| field.split(['/', '(']).next().unwrap_or(field).trim()).collect();
    let kept = all.as_object().into_iter().flatten().filter(|(name, _)| wanted.contains(&"*") || wanted.contains(&name.as_str()));
    answer(StatusCode::OK, &kept.map(|(name, value)| (name.clone(), value.clone())).collect::<serde_json::Map<_, _>>())
}

/// GET `/tokeninfo?access_token=…`
pub(super) async fn tokeninfo(State(service): State<GoogleService>, uri: Uri) -> Response {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
    let now = service.now();
    let access = query.get("access_token").and_then(|token| service.0.state.get().grants.owner(now, token));
    match access {
        Some(access) => {
            let left = access.until.saturating_sub(now).as_secs();
            let mut body = json!({
                "azp": access.client, "aud": access.client, "scope": access.scopes.join(" "), "expires_in": left.to_string(),
            });
            if let (Principal::User(id), Some(members)) = (&access.principal, body.as_object_mut()) {
                members.insert("sub".to_owned(), json!(id));
            }
            answer(StatusCode::OK, &body)
        }
        None => answer(StatusCode::BAD_REQUEST, &json!({ "error": "invalid_token", "error_description": "Invalid Value" })),
    }
}

/// POST `/revoke` with `token` in the form, or GET with it in the query. No client is asked for.
pub(super) async fn revoke(State(service): State<GoogleService>, uri: Uri, form: Option<Extension<Arc<Form>>>) -> Response {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
    let token = form.as_ref().and_then(|form| form.get("token")).or_else(|| query.get("token")).unwrap_or_default();
    if service.0.state.get().grants.revoke(service.now(), token) {
        answer(StatusCode::OK, &json!({}))
    } else {
        answer(StatusCode::BAD_REQUEST, &json!({ "error": "invalid_token", "error_description": "Token expired or revoked" }))
    }
}

/// Any other path below a host of Google.
pub(super) async fn not_found() -> Response {
    Trouble::NotFound.answer()
}

/// How the APIs refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    NoAccess,
    Scope,
    PermissionDenied,
    BadRequest,
    NotFound,
    TooMany,
    Unavailable,
    Internal,
}

impl Trouble {
    pub(super) fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::TOO_MANY_REQUESTS => Self::TooMany,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            _ => Self::Internal,
        }
    }

    /// Status, `status`, reason and message.
    fn wire(self) -> (u16, &'static str, &'static str, &'static str) {
        match self {
            Self::NoAccess => (
                401,
                "UNAUTHENTICATED",
                "authError",
                "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.",
            ),
            Self::Scope => (403, "PERMISSION_DENIED", "insufficientPermissions", "Request had insufficient authentication scopes."),
            Self::PermissionDenied => (
                403,
                "PERMISSION_DENIED",
                "forbidden",
                "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
            ),
            Self::BadRequest => (400, "INVALID_ARGUMENT", "required", "A required parameter is missing or malformed."),
            Self::NotFound => (404, "NOT_FOUND", "notFound", "There is nothing here."),
            Self::TooMany => (429, "RESOURCE_EXHAUSTED", "rateLimitExceeded", "Rate limit exceeded."),
            Self::Unavailable => (503, "UNAVAILABLE", "backendError", "The service is currently unavailable."),
            Self::Internal => (500, "INTERNAL", "backendError", "Internal error encountered."),
        }
    }

    pub(super) fn answer(self) -> Response {
        let (code, status, reason, message) = self.wire();
        let mut error = json!({ "message": message, "domain": "global", "reason": reason });
        if let (Self::NoAccess, Some(members)) = (self, error.as_object_mut()) {
            members.insert("message".to_owned(), json!("Invalid Credentials"));
            members.insert("location".to_owned(), json!("Authorization"));
            members.insert("locationType".to_owned(), json!("header"));
        }
        let mut body = json!({ "error": { "code": code, "message": message, "errors": [error], "status": status } });
        if self == Self::Scope {
            let detail = json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
                "domain": "googleapis.com",
            });
            if let Some(error) = body.get_mut("error").and_then(Value::as_object_mut) {
                error.insert("details".to_owned(), json!([detail]));
            }
        }
        let mut refused = answer(StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &body);
        let challenge = match self {
            Self::NoAccess => r#"Bearer realm="https://accounts.google.com/", error="invalid_token""#,
            Self::Scope => r#"Bearer realm="https://accounts.google.com/", error="insufficient_scope""#,
            _ => return refused,
        };
        refused.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        refused
    }
}

/// The token of a request.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

impl GoogleService {
    /// Lets a call in that shows a live token with a scope that fits.
    fn admit(&self, headers: &HeaderMap, fits: impl Fn(&str) -> bool) -> Result<Access, Trouble> {
        let access = bearer(headers).and_then(|token| self.0.state.get().grants.owner(self.now(), token)).ok_or(Trouble::NoAccess)?;
        if access.scopes.iter().any(|scope| fits(scope)) { Ok(access) } else { Err(Trouble::Scope) }
    }

    fn user(&self, access: &Access) -> Result<User, Trouble> {
        match &access.principal {
            Principal::User(id) => self.0.people.by_id(id).ok_or(Trouble::NoAccess),
            Principal::ServiceAccount(_) | Principal::Federated(_) => Err(Trouble::NoAccess),
        }
    }
}
