//! The authorization endpoint: what Box demands of a request. The pages are those of all services, see `sign_in.rs`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri};

use super::scopes::console_name;
use super::{BoxService, Details};
use crate::back::Back;
use crate::form::Form;
use crate::grants::Owner;
use crate::page::error_page;
use crate::people::User;
use crate::redirect::{self, RedirectError, RedirectRule};
use crate::sign_in::{Consent, Outcome};

/// GET: the sign-in page, or the consent page for a browser that is signed in.
pub(super) async fn ask(State(service): State<BoxService>, uri: Uri, headers: HeaderMap) -> Result<Response, Refused> {
    Ok(Wish::parse(&service, &uri)?.asked().ask(&service.0.people, &uri, &headers))
}

/// POST of either form.
pub(super) async fn answer(
    State(service): State<BoxService>,
    uri: Uri,
    headers: HeaderMap,
    Extension(form): Extension<Arc<Form>>,
) -> Result<Response, Refused> {
    let wish = Wish::parse(&service, &uri)?;
    Ok(match wish.asked().answer(&service.0.people, &uri, &headers, &form) {
        Outcome::Page(page) => page,
        Outcome::Decided { user, granted: true } => wish.granted(&service, &user),
        Outcome::Decided { granted: false, .. } => wish.back.declined(service.0.state.get().decline.as_deref()),
    })
}

/// A valid authorization request.
struct Wish {
    app: String,
    scopes: Vec<String>,
    back: Back,
}

/// Why a request isn't valid. Only what is known to go to the app's own redirect URI may go there.
pub(super) enum Refused {
    Page { error: &'static str, description: String },
    Redirect { back: Back, error: &'static str },
}

impl Wish {
    /// Unknown parameters, PKCE's among them, are ignored, as Box does.
    fn parse(service: &BoxService, uri: &Uri) -> Result<Self, Refused> {
        let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
        if let Some(name) = query.repeated() {
            return Err(Refused::page("invalid_request", &format!("The parameter `{name}` was sent more than once.")));
        }
        let app = query.get("client_id").and_then(|id| service.0.state.get().apps.get(id).cloned());
        let app = app.ok_or_else(|| Refused::page("invalid_client", "The client credentials are invalid"))?;
        let redirect_uri = redirect::choose(&app.redirect_uris, query.get("redirect_uri"), RedirectRule::LoopbackPort)?.to_owned();
        let back = Back { service: "Box", redirect_uri, state: query.get("state").map(str::to_owned) };
        if query.get("response_type") != Some("code") {
            return Err(Refused::Redirect { back, error: "unsupported_response_type" });
        }
        let scopes: Vec<String> = match query.get("scope") {
            Some(scopes) => scopes.split_ascii_whitespace().map(str::to_owned).collect(),
            None => app.scopes.clone(),
        };
        if scopes.iter().any(|scope| !app.scopes.contains(scope)) {
            return Err(Refused::Redirect { back, error: "invalid_scope" });
        }
        Ok(Self { app: app.client_id, scopes, back })
    }

    fn asked(&self) -> Consent<'_> {
        Consent { service: "Box", app: &self.app, scopes: self.scopes.iter().map(|scope| (scope.as_str(), console_name(scope))).collect() }
    }

    fn granted(self, service: &BoxService, user: &User) -> Response {
        let (client, user) = (self.app.into(), user.id.as_str().into());
        let owner = Owner { client, user, scopes: self.scopes, details: Details::default() };
        let code = service.0.state.get().grants.code(service.now(), owner);
        self.back.with(&[("code", &code)])
    }
}

impl Refused {
    fn page(error: &'static str, description: &str) -> Self {
        Self::Page { error, description: description.to_owned() }
    }
}

impl From<RedirectError> for Refused {
    fn from(error: RedirectError) -> Self {
        Self::page(error.code(), error.description())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Page { error, description } => error_page("Box", error, &description),
            Self::Redirect { back, error } => back.with(&[("error", error)]),
        }
    }
}
