//! The authorization endpoint. Without a redirect URI the code is shown on a page, to be copied (id `code`).

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};

use super::app::is_team_scope;
use super::{Details, DropboxService, TokenAccess};
use crate::back::Back;
use crate::form::Form;
use crate::grants::Owner;
use crate::page::{error_page, escape, page};
use crate::people::User;
use crate::pkce::Challenge;
use crate::redirect::{self, RedirectRule};
use crate::sign_in::{Consent, Outcome};

/// GET: the sign-in page, the consent page, or the way back at once if this user has approved all of it before.
pub(super) async fn ask(State(service): State<DropboxService>, uri: Uri, headers: HeaderMap) -> Result<Response, Refused> {
    let wish = Wish::parse(&service, &uri)?;
    Ok(match service.0.people.signed_in(&headers) {
        Some(user) if wish.is_approved(&service, &user) => wish.granted(&service, &user),
        _ => wish.consent().ask(&service.0.people, &uri, &headers),
    })
}

/// POST of either form.
pub(super) async fn answer(
    State(service): State<DropboxService>,
    uri: Uri,
    headers: HeaderMap,
    Extension(form): Extension<Arc<Form>>,
) -> Result<Response, Refused> {
    let wish = Wish::parse(&service, &uri)?;
    Ok(match wish.consent().answer(&service.0.people, &uri, &headers, &form) {
        Outcome::Page(page) => page,
        Outcome::Decided { user, granted: true } => wish.granted(&service, &user),
        Outcome::Decided { granted: false, .. } => wish.denied(&service),
    })
}

/// A valid authorization request.
struct Wish {
    app: String,
    scopes: Vec<String>,
    include: Option<bool>,
    force: bool,
    state: Option<String>,
    details: Details,
}

/// Dropbox shows mistakes to the person.
pub(super) struct Refused {
    error: &'static str,
    description: String,
}

fn refused(error: &'static str, description: &str) -> Refused {
    Refused { error, description: description.to_owned() }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        error_page("Dropbox", self.error, &self.description)
    }
}

impl Wish {
    fn parse(service: &DropboxService, uri: &Uri) -> Result<Self, Refused> {
        let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
        if let Some(name) = query.repeated() {
            return Err(refused("invalid_request", &format!("The parameter `{name}` was sent more than once.")));
        }
        if query.parameters().iter().any(|(name, value)| name == "scope" && value.trim().is_empty()) {
            return Err(refused("invalid_scope", "`scope` is empty. Leave it out to ask for all scopes of the app."));
        }
        let app = query.get("client_id").and_then(|id| service.0.state.get().apps.get(id).cloned());
        let app = app.ok_or_else(|| refused("invalid_client", "There is no app with this client_id."))?;
        let redirect_uri = match query.get("redirect_uri") {
            Some(_) => Some(
                redirect::choose(&app.redirect_uris, query.get("redirect_uri"), RedirectRule::Exact)
                    .map_err(|error| refused("invalid_redirect_uri", error.description()))?
                    .to_owned(),
            ),
            None => None,
        };
        if query.get("response_type") != Some("code") {
            return Err(refused("unsupported_response_type", "`response_type` must be `code`."));
        }
        let access = match query.get("token_access_type") {
            // The first version of the API knew nothing else.
            None if uri.path().starts_with("/1/") => TokenAccess::Legacy,
            None => app.default_access,
            Some("offline") => TokenAccess::Offline,
            Some("online") => TokenAccess::Online,
            Some("legacy") => TokenAccess::Legacy,
            Some(_) => return Err(refused("invalid_request", "`token_access_type` must be `online`, `offline` or `legacy`.")),
        };
        if access == TokenAccess::Legacy && !app.legacy_tokens {
            return Err(refused("invalid_request", "This app can't have tokens that never expire."));
        }
        let include = match (query.get("include_granted_scopes"), query.get("scope")) {
            (None, _) => None,
            (Some(_), None) => return Err(refused("invalid_request", "`include_granted_scopes` needs `scope`.")),
            (Some("user"), _) => Some(false),
            (Some("team"), _) => Some(true),
            (Some(_), _) => return Err(refused("invalid_request", "`include_granted_scopes` must be `user` or `team`.")),
        };
        let scopes = match query.get("scope") {
            Some(scopes) => scopes.split_ascii_whitespace().map(str::to_owned).collect(),
            None => app.scopes.clone(),
        };
        if let Some(scope) = scopes.iter().find(|scope| !app.scopes.contains(scope)) {
            return Err(refused("invalid_scope", &format!("The app isn't configured for the scope `{scope}`.")));
        }
        let challenge = Challenge::of(&query).map_err(|_| refused("invalid_request", "`code_challenge` or its method can't be used."))?;
        let [state, nonce] = ["state", "nonce"].map(|name| query.get(name).map(str::to_owned));
        let details = Details { redirect_uri, challenge, nonce, access, team: app.team };
        Ok(Self { app: app.app_key, scopes, include, force: query.get("force_reapprove") == Some("true"), state, details })
    }

    fn consent(&self) -> Consent<'_> {
        let scopes = self.scopes.iter().map(|scope| (scope.as_str(), if is_team_scope(scope) { "For the team:" } else { "Use" })).collect();
        Consent { service: "Dropbox", app: &self.app, scopes }
    }

    fn key(&self, user: &User) -> (String, String) {
        (self.app.clone(), user.id.clone())
    }

    fn is_approved(&self, service: &DropboxService, user: &User) -> bool {
        let state = service.0.state.get();
        let approved = state.approved.get(&self.key(user));
        !self.force && approved.is_some_and(|approved| self.scopes.iter().all(|scope| approved.contains(scope)))
    }

    fn granted(mut self, service: &DropboxService, user: &User) -> Response {
        let mut state = service.0.state.get();
        let approved: &mut BTreeSet<String> = state.approved.entry(self.key(user)).or_default();
        approved.extend(self.scopes.iter().cloned());
        if let Some(team) = self.include {
            self.scopes.extend(approved.iter().filter(|scope| is_team_scope(scope) == team).cloned());
            self.scopes.sort_unstable();
            self.scopes.dedup();
        }
        let redirect_uri = self.details.redirect_uri.clone();
        let owner = Owner { client: self.app.into(), user: user.id.as_str().into(), scopes: self.scopes, details: self.details };
        let code = state.grants.code(service.now(), owner);
        match redirect_uri {
            Some(redirect_uri) => Back { service: "Dropbox", redirect_uri, state: self.state }.with(&[("code", &code)]),
            None => {
                let content = format!("<p>Copy this code into the app:</p>\n<p><code id=\"code\">{}</code></p>", escape(&code));
                page(StatusCode::OK, "Dropbox", "One more step", &content)
            }
        }
    }

    fn denied(self, service: &DropboxService) -> Response {
        let description = service.0.state.get().decline.clone();
        let Some(redirect_uri) = self.details.redirect_uri else {
            return error_page("Dropbox", "access_denied", &description.unwrap_or_default());
        };
        Back { service: "Dropbox", redirect_uri, state: self.state }.declined(description.as_deref())
    }
}
