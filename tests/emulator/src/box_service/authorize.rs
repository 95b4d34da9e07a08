//! The authorization endpoint: sign-in, consent, and the way back to the app.
//!
//! Nothing is kept between the pages. The request stands in the query of every form's action and is checked again each time; who is signed
//! in stands in a sealed cookie; the consent form carries a ticket that binds it to both, so no other site can send it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

use super::grants::Owner;
use super::redirect::{self, RedirectError};
use super::{BoxService, User, pages};
use crate::form::Form;
use crate::page::error_page;

const COOKIE_NAME: &str = "emulator_session";

/// GET: the sign-in page, or the consent page for a browser that is signed in.
pub(super) async fn ask(State(service): State<BoxService>, uri: Uri, headers: HeaderMap) -> Response {
    match Wish::parse(&service, &uri) {
        Err(refused) => refused.into_response(),
        Ok(wish) => match service.signed_in(&headers) {
            Some(user) => wish.consent_page(&service, &uri, &user),
            None => pages::sign_in(&uri, &wish.app, None),
        },
    }
}

/// POST of either form.
pub(super) async fn answer(
    State(service): State<BoxService>,
    uri: Uri,
    headers: HeaderMap,
    Extension(form): Extension<Arc<Form>>,
) -> Response {
    let wish = match Wish::parse(&service, &uri) {
        Ok(wish) => wish,
        Err(refused) => return refused.into_response(),
    };
    match (form.get("decision"), service.signed_in(&headers)) {
        (None, _) => service.sign_in(&uri, &wish, &form),
        (Some(_), None) => pages::sign_in(&uri, &wish.app, Some("Your sign-in has ended. Please sign in again.")),
        (Some(decision), Some(user)) => {
            if form.get("ticket") != Some(service.ticket(&uri, &user).as_str()) {
                return error_page("Box", "invalid_request", "The consent doesn't belong to this sign-in.");
            }
            match decision {
                "grant" => wish.granted(&service, &user),
                "deny" => wish.denied(&service),
                _ => error_page("Box", "invalid_request", "The decision is neither `grant` nor `deny`."),
            }
        }
    }
}

/// A valid authorization request.
struct Wish {
    app: String,
    scopes: Vec<String>,
    back: Back,
}

/// Where the browser goes in the end.
struct Back {
    redirect_uri: String,
    state: Option<String>,
}

/// Why a request isn't valid. Only what is known to go to the app's own redirect URI may go there.
enum Refused {
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
        let redirect_uri = redirect::choose(&app.redirect_uris, query.get("redirect_uri"))?.to_owned();
        let back = Back { redirect_uri, state: query.get("state").map(str::to_owned) };
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

    fn consent_page(&self, service: &BoxService, uri: &Uri, user: &User) -> Response {
        pages::consent(uri, &self.app, &self.scopes, user, &service.ticket(uri, user))
    }

    fn granted(self, service: &BoxService, user: &User) -> Response {
        let owner = Owner { client: self.app.into(), user: user.id.as_str().into(), scopes: self.scopes };
        let code = service.0.state.get().grants.code(service.now(), owner);
        self.back.with(&[("code", &code)])
    }

    fn denied(&self, service: &BoxService) -> Response {
        let description = service.0.state.get().decline.clone();
        match &description {
            Some(description) => self.back.with(&[("error", "access_denied"), ("error_description", description)]),
            None => self.back.with(&[("error", "access_denied")]),
        }
    }
}

impl Back {
    fn with(&self, parameters: &[(&str, &str)]) -> Response {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        // The registered URI stays as it is, letter by letter.
        let joint = if self.redirect_uri.contains('?') { '&' } else { '?' };
        see(StatusCode::FOUND, &format!("{}{joint}{}", self.redirect_uri, query.finish()))
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

impl BoxService {
    fn sign_in(&self, uri: &Uri, wish: &Wish, form: &Form) -> Response {
        let (login, password) = (form.get("login").unwrap_or_default(), form.get("password").unwrap_or_default());
        let fits = |user: &&User| user.login == login && user.password == password;
        let Some(user) = self.0.state.get().users.iter().find(fits).map(|user| user.id.clone()) else {
            return pages::sign_in(uri, &wish.app, Some("Login or password is wrong."));
        };
        let session = format!("{COOKIE_NAME}={user}.{}; Path=/; Secure; HttpOnly; SameSite=Lax", self.0.mint.seal("session", &user));
        let mut answer = see(StatusCode::SEE_OTHER, &uri.to_string());
        if let Ok(session) = HeaderValue::from_str(&session) {
            answer.headers_mut().insert(SET_COOKIE, session);
        }
        answer
    }

    fn signed_in(&self, headers: &HeaderMap) -> Option<User> {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
        let session = cookies.filter_map(|cookie| cookie.trim().split_once('=')).find(|(name, _)| *name == COOKIE_NAME)?.1;
        let (id, seal) = session.split_once('.')?;
        if self.0.mint.seal("session", id) != seal {
            return None;
        }
        self.0.state.get().users.iter().find(|user| user.id == id).cloned()
    }

    fn ticket(&self, uri: &Uri, user: &User) -> String {
        self.0.mint.seal("ticket", &format!("{} {}", user.id, uri.query().unwrap_or_default()))
    }
}

fn see(status: StatusCode, location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (status, [(LOCATION, location), (CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response(),
        Err(_) => error_page("Box", "invalid_request", "The redirect URI has characters that no header can carry."),
    }
}
