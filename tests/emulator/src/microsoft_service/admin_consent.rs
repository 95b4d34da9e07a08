//! Where an administrator allows an app for the whole organization (`providers.md` 4.1).
//!
//! Everybody of an organization is an administrator here. Without a `redirect_uri` it goes back to the first that is registered.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri};

use super::app::App;
use super::authorize::Refused;
use super::refusal::{Refusal, Stamp};
use super::tenant::Authority;
use super::{PERSONAL_TENANT, SERVICE, Site, redirect};
use crate::back::Back;
use crate::form::Form;
use crate::people::User;
use crate::sign_in::{Consent, Outcome};

/// GET `/{tenant}/adminconsent` and `/{tenant}/v2.0/adminconsent`
pub(super) async fn ask(State(site): State<Site>, Path(segment): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    match Wish::parse(&site, &segment, &uri, &headers) {
        Ok(wish) => wish.asked().ask(&site.service.0.people, &uri, &headers),
        Err(refused) => refused.into_response(),
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
        Outcome::Decided { granted: false, .. } => wish.denied("The administrator declined."),
    }
}

/// A valid request.
struct Wish {
    authority: Authority,
    app: App,
    back: Back,
}

impl Wish {
    fn parse(site: &Site, segment: &str, uri: &Uri, headers: &HeaderMap) -> Result<Self, Refused> {
        Self::read(site, segment, uri).map_err(|refusal| Refused::of(site, headers, &refusal))
    }

    fn read(site: &Site, segment: &str, uri: &Uri) -> Result<Self, Refusal> {
        let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
        let state = site.service.0.state.get();
        let authority = Authority::parse(segment, site.cloud, &state.tenants)?;
        let id = query.get("client_id").ok_or(Refusal::aadsts(900_144))?;
        let app = state.apps.get(id).cloned().ok_or(Refusal::aadsts(700_016))?;
        let first = app.redirect_uris.first().map(|uri| uri.uri.as_str());
        let asked = query.get("redirect_uri").or(first).ok_or(Refusal::aadsts(900_971))?;
        let (redirect_uri, _) = redirect::choose(&app, asked).ok_or(Refusal::aadsts(50011))?;
        let back = Back { service: SERVICE, redirect_uri, state: query.get("state").map(str::to_owned) };
        Ok(Self { authority, app, back })
    }

    fn asked(&self) -> Consent<'_> {
        Consent { service: SERVICE, app: &self.app.client_id, scopes: vec![(".default", "All that the app is configured for")] }
    }

    fn granted(&self, site: &Site, user: &User, headers: &HeaderMap) -> Response {
        let tenant = site.service.tenant_of(&user.id);
        if tenant == PERSONAL_TENANT {
            return self.denied("A personal account is no administrator.");
        }
        if let Err(refusal) = self.authority.admits_account(&tenant, &self.app) {
            return self.denied(&Stamp::of(&site.service.0.mint, site.service.0.clock.now(), headers).describe(&refusal));
        }
        if let Some(app) = site.service.0.state.get().apps.get_mut(&self.app.client_id) {
            app.admin_consent.push(tenant.clone());
        }
        self.back.with(&[("tenant", &tenant), ("admin_consent", "True")])
    }

    fn denied(&self, text: &str) -> Response {
        self.back.with(&[("error", "permission_denied"), ("error_description", text)])
    }
}
