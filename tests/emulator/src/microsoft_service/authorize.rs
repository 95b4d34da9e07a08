//! The authorization endpoint of a tenant. What is wrong with the request Microsoft shows on its own page; what the user or an admin
//! decides goes back to the app.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};

use super::app::{App, Platform};
use super::grants::{Code, Grant};
use super::refusal::{Refusal, Stamp};
use super::tenant::Authority;
use super::{SERVICE, Site, redirect, scopes};
use crate::back::{Back, see};
use crate::form::{Form, words};
use crate::page::{error_page, escape, page};
use crate::people::User;
use crate::pkce::Challenge;
use crate::sign_in::{Consent, Outcome};

/// GET: the sign-in page, the consent page, or at once the way back if there is nothing to ask.
pub(super) async fn ask(State(site): State<Site>, Path(segment): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    let wish = match Wish::parse(&site, &segment, &uri, &headers) {
        Ok(wish) => wish,
        Err(refused) => return refused.into_response(),
    };
    let service = &site.service;
    let user = service.0.people.signed_in(&headers);
    let consented = |user: &User| service.0.state.get().grants.has_consent(&wish.app.client_id, &user.id, &wish.scopes);
    match user {
        Some(user) if !wish.wants_page && consented(&user) => wish.granted(&site, &user, &headers),
        Some(_) if wish.silent => wish.refused(&site, &headers, &Refusal::aadsts(65001)),
        None if wish.silent => wish.refused(&site, &headers, &Refusal::aadsts(50058).with_error("login_required")),
        _ => wish.asked().ask(&service.0.people, &uri, &headers),
    }
}

/// POST of either form.
pub(super) async fn answer(
    State(site): State<Site>,
    Path(segment): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    Extension(form): Extension<Arc<Form>>,
) -> Response {
    let wish = match Wish::parse(&site, &segment, &uri, &headers) {
        Ok(wish) => wish,
        Err(refused) => return refused.into_response(),
    };
    match wish.asked().answer(&site.service.0.people, &uri, &headers, &form) {
        Outcome::Page(page) => page,
        Outcome::Decided { user, granted: true } => wish.granted(&site, &user, &headers),
        Outcome::Decided { granted: false, .. } => wish.refused(&site, &headers, &Refusal::aadsts(65004)),
    }
}

/// A valid authorization request.
struct Wish {
    authority: Authority,
    app: App,
    platform: Platform,
    scopes: Vec<String>,
    back: Back,
    mode: Mode,
    wants_page: bool,
    silent: bool,
    challenge: Option<Challenge>,
    nonce: Option<String>,
    claims: Option<String>,
}

/// How the parameters go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Query,
    Fragment,
    FormPost,
}

/// A page that leads nowhere.
pub(super) struct Refused(String, &'static str);

impl Refused {
    pub(super) fn of(site: &Site, headers: &HeaderMap, refusal: &Refusal) -> Self {
        let stamp = Stamp::of(&site.service.0.mint, site.service.0.clock.now(), headers);
        Self(stamp.describe(refusal), refusal.error())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        error_page(SERVICE, self.1, &self.0)
    }
}

impl Wish {
    fn parse(site: &Site, segment: &str, uri: &Uri, headers: &HeaderMap) -> Result<Self, Refused> {
        Self::read(site, segment, uri).map_err(|refusal| Refused::of(site, headers, &refusal))
    }

    fn read(site: &Site, segment: &str, uri: &Uri) -> Result<Self, Refusal> {
        let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
        if query.repeated().is_some() {
            return Err(Refusal::aadsts(9_002_313));
        }
        let (app, authority) = {
            let state = site.service.0.state.get();
            let authority = Authority::parse(segment, site.cloud, &state.tenants)?;
            let id = query.get("client_id").ok_or(Refusal::aadsts(900_144))?;
            (state.apps.get(id).cloned().ok_or(Refusal::aadsts(700_016))?, authority)
        };
        if app.disabled {
            return Err(Refusal::aadsts(7_000_112));
        }
        authority.admits_app(&app)?;
        let asked = query.get("redirect_uri").ok_or(Refusal::aadsts(900_971))?;
        let (redirect_uri, platform) = redirect::choose(&app, asked).ok_or(Refusal::aadsts(50011))?;
        if query.get("resource").is_some() {
            return Err(Refusal::aadsts(901_002));
        }
        if query.get("response_type") != Some("code") {
            return Err(Refusal::aadsts(700_054));
        }
        let scopes = words(query.get("scope"));
        if scopes.is_empty() {
            return Err(Refusal::aadsts(900_144));
        }
        site.known_resources(&scopes)?;
        let challenge = Challenge::of(&query).map_err(|_| Refusal::aadsts(501_491))?;
        if platform == Platform::Spa && challenge.is_none() {
            return Err(Refusal::aadsts(50147));
        }
        let prompt = query.get("prompt").unwrap_or_default();
        Ok(Self {
            authority,
            platform,
            scopes,
            back: Back { service: SERVICE, redirect_uri, state: query.get("state").map(str::to_owned) },
            mode: match query.get("response_mode") {
                None | Some("query") => Mode::Query,
                Some("fragment") => Mode::Fragment,
                Some("form_post") => Mode::FormPost,
                Some(_) => return Err(Refusal::aadsts(9_002_313)),
            },
            wants_page: matches!(prompt, "consent" | "select_account" | "login" | "create"),
            silent: prompt == "none",
            challenge,
            nonce: query.get("nonce").map(str::to_owned),
            claims: query.get("claims").map(str::to_owned),
            app,
        })
    }

    fn asked(&self) -> Consent<'_> {
        let scopes = self.scopes.iter().map(|scope| (scope.as_str(), scopes::name(scope))).collect();
        Consent { service: SERVICE, app: &self.app.client_id, scopes }
    }

    fn granted(&self, site: &Site, user: &User, headers: &HeaderMap) -> Response {
        let tenant = site.service.tenant_of(&user.id);
        let allowed = self.authority.admits_account(&tenant, &self.app).and_then(|()| site.service.users_may_consent(&self.app, &tenant));
        if let Err(refusal) = allowed {
            return self.refused(site, headers, &refusal);
        }
        let grant = Grant {
            client: self.app.client_id.clone(),
            user: user.id.clone(),
            tenant,
            cloud: site.cloud,
            scopes: self.scopes.clone(),
            platform: self.platform,
        };
        let mut state = site.service.0.state.get();
        state.grants.consent(&grant);
        let code = Code {
            grant,
            authority: self.authority.clone(),
            redirect_uri: self.back.redirect_uri.clone(),
            challenge: self.challenge.clone(),
            nonce: self.nonce.clone(),
            claims: self.claims.clone(),
        };
        let code = state.grants.code(site.service.now(), code);
        drop(state);
        self.send(&[("code", &code)])
    }

    fn refused(&self, site: &Site, headers: &HeaderMap, refusal: &Refusal) -> Response {
        let stamp = Stamp::of(&site.service.0.mint, site.service.0.clock.now(), headers);
        self.send(&[("error", refusal.error()), ("error_description", &stamp.describe(refusal))])
    }

    fn send(&self, parameters: &[(&str, &str)]) -> Response {
        match self.mode {
            Mode::Query => self.back.with(parameters),
            Mode::Fragment => see(SERVICE, StatusCode::FOUND, &format!("{}#{}", self.back.redirect_uri, self.back.query(parameters))),
            Mode::FormPost => {
                let state = self.back.state.as_deref().map(|state| ("state", state));
                let hidden = |(name, value): &(&str, &str)| {
                    format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value))
                };
                let fields: String = parameters.iter().copied().chain(state).map(|field| hidden(&field)).collect();
                let action = escape(&self.back.redirect_uri);
                let button = "<button id=\"continue\" type=\"submit\">Continue</button>";
                page(
                    StatusCode::OK,
                    SERVICE,
                    "Back to the app",
                    &format!("<form method=\"post\" action=\"{action}\">\n{fields}{button}\n</form>"),
                )
            }
        }
    }
}
