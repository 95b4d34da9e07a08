//! The authorization endpoint. What is wrong with a request Google shows on a page of its own; only what the user decides goes back.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::USER_AGENT;
use http::{HeaderMap, StatusCode, Uri};

use super::api::organization;
use super::client::{Client, ClientState, Publishing};
use super::grants::{Code, Grant};
use super::{GoogleService, SERVICE, redirect, scopes};
use crate::back::Back;
use crate::form::{Form, words};
use crate::page::error_page_with;
use crate::people::User;
use crate::pkce::Challenge;
use crate::sign_in::{Consent, Outcome};

/// GET: the sign-in page, the consent page, or at once the way back if there is nothing to ask.
pub(super) async fn ask(State(service): State<GoogleService>, uri: Uri, headers: HeaderMap) -> Response {
    let wish = match Wish::parse(&service, &uri, &headers) {
        Ok(wish) => wish,
        Err(refused) => return refused.into_response(),
    };
    let user = service.0.people.signed_in(&headers);
    let consented = |user: &User| service.0.state.get().grants.has_consent(&wish.client.project, &user.id, &wish.scopes);
    match user {
        Some(user) if !wish.wants_consent && wish.client.publishing != Publishing::Internal && consented(&user) => {
            wish.granted(&service, &user, None)
        }
        Some(_) if wish.silent => wish.back.with(&[("error", "consent_required")]),
        None if wish.silent => wish.back.with(&[("error", "login_required")]),
        _ => wish.asked().ask_granular(&service.0.people, &uri, &headers, |scope| wish.granular && !scopes::is_identity(scope)),
    }
}

/// POST of either form.
pub(super) async fn answer(
    State(service): State<GoogleService>,
    uri: Uri,
    headers: HeaderMap,
    Extension(form): Extension<Arc<Form>>,
) -> Response {
    let wish = match Wish::parse(&service, &uri, &headers) {
        Ok(wish) => wish,
        Err(refused) => return refused.into_response(),
    };
    match wish.asked().answer(&service.0.people, &uri, &headers, &form) {
        Outcome::Page(page) => page,
        Outcome::Decided { granted: false, .. } => wish.denied(),
        Outcome::Decided { user, granted: true } => {
            if wish.client.publishing == Publishing::Testing && !wish.client.is_tested_by(&user.login) {
                let text = "The app is being tested, and only its testers get in.";
                return Refused(StatusCode::FORBIDDEN, "access_denied", text).into_response();
            }
            if wish.client.publishing == Publishing::Internal && organization(&user).is_none() {
                return Refused(StatusCode::FORBIDDEN, "org_internal", "This app is for the users of its organization.").into_response();
            }
            let ticked: Vec<_> = form.parameters().iter().filter(|(name, _)| name == "scope").map(|(_, scope)| scope.as_str()).collect();
            wish.granted(&service, &user, wish.granular.then_some(&ticked))
        }
    }
}

/// A valid authorization request.
struct Wish {
    client: Client,
    scopes: Vec<String>,
    back: Back,
    offline: bool,
    wants_consent: bool,
    silent: bool,
    include_granted: bool,
    granular: bool,
    challenge: Option<Challenge>,
    nonce: Option<String>,
}

/// Why a request isn't valid: status, code and text of the page.
struct Refused(StatusCode, &'static str, &'static str);

impl Refused {
    const fn bad(error: &'static str, text: &'static str) -> Self {
        Self(StatusCode::BAD_REQUEST, error, text)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        error_page_with(self.0, SERVICE, self.1, self.2)
    }
}

impl Wish {
    fn parse(service: &GoogleService, uri: &Uri, headers: &HeaderMap) -> Result<Self, Refused> {
        let browser = headers.get(USER_AGENT).and_then(|name| name.to_str().ok()).unwrap_or_default();
        if browser.contains("; wv)") {
            return Err(Refused(StatusCode::FORBIDDEN, "disallowed_useragent", "Google doesn't sign in inside of other apps."));
        }
        let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
        if query.repeated().is_some() {
            return Err(Refused::bad("invalid_request", "A parameter was sent more than once."));
        }
        let client = query.get("client_id").and_then(|id| service.client(id));
        let client = client.ok_or(Refused(StatusCode::UNAUTHORIZED, "invalid_client", "The OAuth client was not found."))?;
        match client.state {
            ClientState::Active => {}
            ClientState::Deleted => {
                return Err(Refused(StatusCode::UNAUTHORIZED, "deleted_client", "The OAuth client was deleted."));
            }
            ClientState::RestrictedByAdmin => {
                return Err(Refused::bad("admin_policy_enforced", "Your organization's policy doesn't let this app in."));
            }
        }
        let asked = query.get("redirect_uri").ok_or(Refused::bad("invalid_request", "Missing required parameter: redirect_uri"))?;
        if asked.starts_with("urn:ietf:wg:oauth:2.0:oob") {
            return Err(Refused::bad("invalid_request", "The out-of-band flow has been blocked."));
        }
        if !redirect::fits(&client, asked) {
            return Err(Refused::bad("redirect_uri_mismatch", "The redirect URI is none of those that the client may use."));
        }
        if query.get("response_type") != Some("code") {
            return Err(Refused::bad("unsupported_response_type", "The emulator knows only response_type=code."));
        }
        let scopes = words(query.get("scope"));
        if scopes.is_empty() {
            return Err(Refused::bad("invalid_request", "Missing required parameter: scope"));
        }
        if !scopes.iter().all(|scope| scopes::is_known(scope)) {
            return Err(Refused::bad("invalid_scope", "Some requested scopes were invalid."));
        }
        let challenge = Challenge::of(&query).map_err(|_| Refused::bad("invalid_request", "The code challenge is malformed."))?;
        let prompts: Vec<_> = query.get("prompt").unwrap_or_default().split_ascii_whitespace().collect();
        Ok(Self {
            scopes,
            back: Back { service: SERVICE, redirect_uri: asked.to_owned(), state: query.get("state").map(str::to_owned) },
            offline: query.get("access_type") == Some("offline"),
            wants_consent: prompts.contains(&"consent") || query.get("approval_prompt") == Some("force"),
            silent: prompts.contains(&"none"),
            include_granted: query.get("include_granted_scopes") == Some("true"),
            granular: query.get("enable_granular_consent") != Some("false"),
            challenge,
            nonce: query.get("nonce").map(str::to_owned),
            client,
        })
    }

    fn asked(&self) -> Consent<'_> {
        let scopes = self.scopes.iter().map(|scope| (scope.as_str(), scopes::name(scope))).collect();
        Consent { service: SERVICE, app: &self.client.client_id, scopes }
    }

    /// Back with a code for what was ticked, or for everything if nothing could be unticked.
    fn granted(&self, service: &GoogleService, user: &User, ticked: Option<&Vec<&str>>) -> Response {
        let kept = |scope: &&String| ticked.is_none_or(|ticked| scopes::is_identity(scope) || ticked.contains(&scope.as_str()));
        let scopes: Vec<String> = self.scopes.iter().filter(kept).cloned().collect();
        if scopes.is_empty() {
            return self.denied();
        }
        let mut state = service.0.state.get();
        let mut grant = service.grant(&self.client, user, scopes);
        let refresh = self.offline && (self.wants_consent || !state.grants.was_offline(&grant));
        let all = state.grants.consent(&grant, refresh);
        if self.include_granted {
            grant.scopes = all;
        }
        let shown = grant.scopes.join(" ");
        let (redirect_uri, challenge, nonce) = (self.back.redirect_uri.clone(), self.challenge.clone(), self.nonce.clone());
        let code = state.grants.code(service.now(), Code { grant, redirect_uri, challenge, nonce, refresh });
        self.back.with(&[("code", &code), ("scope", &shown)])
    }

    fn denied(&self) -> Response {
        self.back.with(&[("error", "access_denied")])
    }
}

impl GoogleService {
    /// A grant of this client by this user.
    pub(super) fn grant(&self, client: &Client, user: &User, scopes: Vec<String>) -> Grant {
        Grant {
            client: client.client_id.clone(),
            project: client.project.clone(),
            user: user.id.clone(),
            scopes,
            testing: client.publishing == Publishing::Testing,
            access_for: client.access_seconds.map(std::time::Duration::from_secs),
        }
    }
}
