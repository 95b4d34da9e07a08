//! Three calls of Box's API, enough to see a token work, and the shapes in which the API refuses.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::{App, BoxService, Details};
use crate::grants::{NoAccess, Owner};
use crate::json::json as answer;
use crate::mint::Mint;
use crate::people::User;

/// GET `/2.0/users/me`
pub(super) async fn users_me(State(service): State<BoxService>, headers: HeaderMap) -> Response {
    let owner = match service.admit(&headers, &[]) {
        Ok(owner) => owner,
        Err(refused) => return refused.answer(&service),
    };
    let user = service.user(&owner.user);
    match user {
        Some(user) => answer(
            StatusCode::OK,
            &json!({
                "type": "user",
                "id": user.id,
                "name": user.name,
                "login": user.login,
                "status": "active",
                "language": "en",
                "timezone": "Etc/UTC",
                "space_amount": 10_737_418_240_u64,
                "space_used": 4096,
            }),
        ),
        None => trouble(&service.0.mint, StatusCode::NOT_FOUND),
    }
}

/// GET `/2.0/folders/0/items`: one folder and one file.
pub(super) async fn root_items(State(service): State<BoxService>, headers: HeaderMap) -> Response {
    if let Err(refused) = service.admit(&headers, &["root_readonly", "root_readwrite"]) {
        return refused.answer(&service);
    }
    let entries = json!([
        { "type": "folder", "id": "2000000001", "etag": "0", "sequence_id": "0", "name": "Letters" },
        { "type": "file", "id": "2000000002", "etag": "0", "sequence_id": "0", "name": "Notes on the engine.txt" },
    ]);
    let order: Value = json!([{ "by": "type", "direction": "ASC" }, { "by": "name", "direction": "ASC" }]);
    answer(StatusCode::OK, &json!({ "total_count": 2, "entries": entries, "offset": 0, "limit": 100, "order": order }))
}

/// POST `/api/2.0/files/content`: says that there is a new file, and keeps nothing.
pub(super) async fn upload(State(service): State<BoxService>, headers: HeaderMap) -> Response {
    match service.admit(&headers, &["root_readwrite", "item_upload", "base_upload"]) {
        Ok(_) => {
            answer(StatusCode::CREATED, &json!({ "total_count": 1, "entries": [{ "type": "file", "id": "2000000003", "etag": "0" }] }))
        }
        Err(refused) => refused.answer(&service),
    }
}

/// Any other path below a host of Box.
pub(super) async fn not_found(State(service): State<BoxService>) -> Response {
    trouble(&service.0.mint, StatusCode::NOT_FOUND)
}

/// An error in the API's own shape.
pub(super) fn trouble(mint: &Mint, status: StatusCode) -> Response {
    let (code, message) = match status {
        StatusCode::FORBIDDEN => ("insufficient_scope", "The request requires higher privileges than provided by the access token."),
        StatusCode::NOT_FOUND => ("not_found", "There is nothing here"),
        StatusCode::TOO_MANY_REQUESTS => ("rate_limit_exceeded", "Too many requests; try again later"),
        StatusCode::SERVICE_UNAVAILABLE => ("unavailable", "The service is unavailable for the moment"),
        _ => ("internal_server_error", "Something went wrong on our side"),
    };
    trouble_with(mint, status, code, message)
}

fn trouble_with(mint: &Mint, status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({
        "type": "error",
        "status": status.as_u16(),
        "code": code,
        "message": message,
        "help_url": "https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/",
        "request_id": mint.request_id(),
    });
    answer(status, &body)
}

/// Why a call isn't let in.
enum Refused {
    NoToken,
    Token(NoAccess),
    Scope,
    AsUser,
    TooMany,
}

impl Refused {
    /// 401 has an empty body: that is how Box's own clients know that a token should be refreshed.
    fn answer(self, service: &BoxService) -> Response {
        let unauthorized = |challenge: String| challenged(StatusCode::UNAUTHORIZED.into_response(), &challenge);
        match self {
            Self::NoToken => unauthorized("Bearer realm=\"Service\"".to_owned()),
            Self::Token(NoAccess::Invalid) => unauthorized(challenge("invalid_token", "The access token provided is invalid.")),
            Self::Token(NoAccess::Expired) => {
                let error = service.0.state.get().expired_error.as_str();
                unauthorized(challenge(error, "The access token provided has expired."))
            }
            Self::Scope => {
                let text = "The request requires higher privileges than provided by the access token.";
                challenged(trouble(&service.0.mint, StatusCode::FORBIDDEN), &challenge("insufficient_scope", text))
            }
            Self::AsUser => trouble_with(
                &service.0.mint,
                StatusCode::FORBIDDEN,
                "access_denied_insufficient_permissions",
                "Access denied - insufficient permission",
            ),
            Self::TooMany => {
                let mut refused = trouble(&service.0.mint, StatusCode::TOO_MANY_REQUESTS);
                refused.headers_mut().insert(RETRY_AFTER, HeaderValue::from(60 - service.now().as_secs() % 60));
                refused
            }
        }
    }
}

fn challenge(error: &str, description: &str) -> String {
    format!("Bearer realm=\"Service\", error=\"{error}\", error_description=\"{description}\"")
}

fn challenged(mut answer: Response, challenge: &str) -> Response {
    if let Ok(challenge) = HeaderValue::from_str(challenge) {
        answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    answer
}

impl BoxService {
    /// Lets a call in that shows a live token with one of the scopes (any, if none is named), within the user's rate. The owner's user is
    /// whom the call is made as.
    fn admit(&self, headers: &HeaderMap, scopes: &[&str]) -> Result<Arc<Owner<Details>>, Refused> {
        let header = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok()).ok_or(Refused::NoToken)?;
        let (scheme, token) = header.split_once(' ').ok_or(Refused::NoToken)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refused::NoToken);
        }
        let now = self.now();
        let mut known = self.0.state.get();
        let owner = known.grants.access(now, token).map_err(Refused::Token)?;
        if let Some(limit) = known.api_limit {
            let minute = now.as_secs() / 60;
            let calls = known.api_calls.entry(Arc::clone(&owner.user)).or_default();
            *calls = (minute, if calls.0 == minute { calls.1.saturating_add(1) } else { 1 });
            if calls.1 > limit {
                return Err(Refused::TooMany);
            }
        }
        if !scopes.is_empty() && !owner.scopes.iter().any(|scope| scopes.contains(&scope.as_str())) {
            return Err(Refused::Scope);
        }
        let Some(target) = headers.get("as-user") else { return Ok(owner) };
        let allowed = known.apps.get(&*owner.client).is_some_and(|app| app.as_user) && !owner.details.downscoped;
        // Only users of the enterprise: no service account is among them.
        let target = target.to_str().ok().filter(|id| allowed && known.managed_users.iter().any(|user| user == id));
        let user = target.ok_or(Refused::AsUser)?.into();
        Ok(Arc::new(Owner { user, ..(*owner).clone() }))
    }

    /// A person, or the service account of an app.
    fn user(&self, id: &str) -> Option<User> {
        self.0.people.by_id(id).or_else(|| self.0.state.get().apps.values().map(App::service_account).find(|user| user.id == id))
    }
}
