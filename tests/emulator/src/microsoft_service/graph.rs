//! Two calls of Graph, and how it refuses (`providers.md` 4.8).

use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::grants::Access;
use super::refusal::guid;
use super::{MicrosoftService, PERSONAL_TENANT, Site, scopes};
use crate::User;
use crate::json::json as answer;
use crate::shelf::Missing;

/// GET `/v1.0/me`
pub(super) async fn me(State(site): State<Site>, headers: HeaderMap) -> Response {
    match site.admit(&headers, &["User.Read"]).and_then(|access| site.user(&access)) {
        Err(trouble) => site.service.trouble(trouble, &headers),
        Ok(user) => answer(
            StatusCode::OK,
            &json!({
                "@odata.context": format!("{}/v1.0/$metadata#users/$entity", site.cloud.graph()),
                "id": guid(&site.service.0.mint, "oid", &user.id),
                "displayName": user.name,
                "mail": user.login,
                "userPrincipalName": user.login,
            }),
        ),
    }
}

/// GET `/v1.0/me/drive`
pub(super) async fn drive(State(site): State<Site>, headers: HeaderMap) -> Response {
    match site.admit(&headers, &["Files.Read", "Files.ReadWrite"]).and_then(|access| site.user(&access)) {
        Err(trouble) => site.service.trouble(trouble, &headers),
        Ok(user) => answer(StatusCode::OK, &site.drive_of(&user)),
    }
}

/// GET `/oidc/userinfo`
pub(super) async fn userinfo(State(site): State<Site>, headers: HeaderMap) -> Response {
    match site.admit(&headers, &["openid"]).and_then(|access| site.user(&access)) {
        Err(trouble) => site.service.trouble(trouble, &headers),
        Ok(user) => {
            let sub = site.service.0.mint.seal("userinfo", &user.id);
            answer(StatusCode::OK, &json!({ "sub": sub, "name": user.name, "email": user.login }))
        }
    }
}

/// POST `/v1.0/me/revokeSignInSessions`: the nearest that Microsoft has to a revocation.
pub(super) async fn revoke_sessions(State(site): State<Site>, headers: HeaderMap) -> Response {
    match site.admit(&headers, &["User.RevokeSessions.All", "User.ReadWrite"]).and_then(|access| site.user(&access)) {
        Err(trouble) => site.service.trouble(trouble, &headers),
        Ok(user) => {
            site.service.0.state.get().grants.revoke_sessions(site.service.now(), &user.id);
            answer(StatusCode::OK, &json!({ "value": true }))
        }
    }
}

/// Any other path below a host of Microsoft.
pub(super) async fn not_found(State(site): State<Site>, headers: HeaderMap) -> Response {
    site.service.trouble(Trouble::NotFound, &headers)
}

/// Why Graph refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    NoToken,
    Invalid,
    Expired,
    /// The token was issued before something happened, and lacks these claims.
    Claims(String),
    Scope,
    NotDelegated,
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

    fn wire(&self) -> (u16, &'static str, &'static str) {
        match self {
            Self::NoToken => (401, "InvalidAuthenticationToken", "Access token is empty."),
            Self::Invalid => (401, "InvalidAuthenticationToken", "The access token isn't one that this service takes."),
            Self::Expired => (401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."),
            Self::Claims(_) => (401, "InvalidAuthenticationToken", "Continuous access evaluation resulted in a challenge."),
            Self::Scope => (403, "accessDenied", "The token hasn't the scopes that this call needs."),
            Self::NotDelegated => (400, "BadRequest", "/me request is only valid with delegated authentication flow."),
            Self::NotFound => (404, "itemNotFound", "There is nothing here."),
            Self::TooMany => (429, "activityLimitReached", "Too many requests; try again later."),
            Self::Unavailable => (503, "serviceNotAvailable", "The service is temporarily unavailable; try again later."),
            Self::Internal => (500, "generalException", "Something went wrong on our side."),
        }
    }

    /// The `WWW-Authenticate` header of a 401.
    fn challenge(&self) -> Option<String> {
        let more = match self {
            Self::Claims(claims) => format!(", error=\"insufficient_claims\", claims=\"{}\"", STANDARD.encode(claims)),
            Self::NoToken => String::new(),
            Self::Invalid | Self::Expired => ", error=\"invalid_token\"".to_owned(),
            _ => return None,
        };
        let authority = "https://login.microsoftonline.com/common/oauth2/authorize";
        let graph = "00000003-0000-0000-c000-000000000000";
        Some(format!("Bearer realm=\"\", authorization_uri=\"{authority}\", client_id=\"{graph}\"{more}"))
    }
}

impl MicrosoftService {
    pub(super) fn trouble(&self, trouble: Trouble, headers: &HeaderMap) -> Response {
        let (status, code, message) = trouble.wire();
        let id = guid(&self.0.mint, "request", &self.0.mint.request_id());
        let sent = headers.get("client-request-id").and_then(|id| id.to_str().ok()).unwrap_or(&id);
        let inner = json!({ "date": httpdate::fmt_http_date(self.0.clock.now()), "request-id": id, "client-request-id": sent });
        let body = json!({ "error": { "code": code, "message": message, "innerError": inner } });
        let mut refused = answer(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &body);
        if let Some(challenge) = trouble.challenge().and_then(|challenge| HeaderValue::from_str(&challenge).ok()) {
            refused.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        refused
    }
}

impl Site {
    /// Lets a call in that shows a live token for this Graph with one of the scopes, or one that begins like it.
    fn admit(&self, headers: &HeaderMap, wanted: &[&str]) -> Result<Access, Trouble> {
        let header = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok()).ok_or(Trouble::NoToken)?;
        let (_, token) = header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).ok_or(Trouble::NoToken)?;
        let mut state = self.service.0.state.get();
        let access = state.grants.owner(self.service.now(), token).map_err(|missing| match missing {
            Missing::Expired => Trouble::Expired,
            Missing::Unknown | Missing::Ended => Trouble::Invalid,
        })?;
        if access.cloud != self.cloud || !self.cloud.is_graph(&access.resource) {
            return Err(Trouble::Invalid);
        }
        if let Some(claims) = state.required_claims.as_ref().filter(|claims| access.claims.as_ref() != Some(*claims)) {
            return Err(Trouble::Claims(claims.clone()));
        }
        let has = |wanted: &&str| {
            let longer = format!("{wanted}.");
            access
                .scopes
                .iter()
                .map(|scope| scopes::short(scope))
                .any(|scope| scope == ".default" || scope == *wanted || scope.starts_with(&longer))
        };
        if wanted.iter().any(has) { Ok(access) } else { Err(Trouble::Scope) }
    }

    /// The OneDrive of a person, which has ids of another form than that of an organization.
    fn drive_of(&self, user: &User) -> Value {
        let mint = &self.service.0.mint;
        let personal = self.service.tenant_of(&user.id) == PERSONAL_TENANT;
        let number = mint.seal("drive", &user.id);
        let (id, kind) = match personal {
            true => (number.get(..16).unwrap_or(&number).to_ascii_uppercase(), "personal"),
            false => (format!("b!{number}"), "business"),
        };
        json!({
            "id": id,
            "driveType": kind,
            "owner": { "user": { "id": guid(mint, "oid", &user.id), "displayName": user.name } },
            "quota": { "total": 1_099_511_627_776_u64, "used": 4096, "state": "normal" },
        })
    }

    fn user(&self, access: &Access) -> Result<User, Trouble> {
        let id = access.user.as_ref().ok_or(Trouble::NotDelegated)?;
        self.service.0.people.by_id(id).ok_or(Trouble::Invalid)
    }
}
