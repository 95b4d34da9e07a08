//! The token and revocation endpoints. The client's id and secret are read from the body only, for Box has no other way.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use super::grants::Issued;
use super::refusal::Refusal;
use super::{BoxService, State as Known};
use crate::form::Form;
use crate::json::json;

/// POST `/oauth2/token`
pub(super) async fn token(State(service): State<BoxService>, Extension(form): Extension<Arc<Form>>) -> Response {
    match service.exchange(&form) {
        Ok(issued) => json(StatusCode::OK, &Tokens::from(&issued)),
        Err(refusal) => refusal.answer(),
    }
}

/// POST `/oauth2/revoke`: 200 with an empty body.
pub(super) async fn revoke(State(service): State<BoxService>, Extension(form): Extension<Arc<Form>>) -> Response {
    let revoked = || -> Result<(), Refusal> {
        once(&form)?;
        let mut known = service.0.state.get();
        let client = known.client(&form)?;
        known.grants.revoke(client, form.get("token").ok_or(Refusal::InvalidRequest)?)
    };
    match revoked() {
        Ok(()) => StatusCode::OK.into_response(),
        Err(refusal) => refusal.answer(),
    }
}

/// The answer, in the order in which Box documents it.
#[derive(Serialize)]
struct Tokens<'a> {
    access_token: &'a str,
    expires_in: u64,
    restricted_to: [(); 0],
    token_type: &'static str,
    refresh_token: &'a str,
}

impl<'a> From<&'a Issued> for Tokens<'a> {
    fn from(issued: &'a Issued) -> Self {
        Self {
            access_token: &issued.access_token,
            expires_in: issued.expires_in,
            restricted_to: [],
            token_type: "bearer",
            refresh_token: &issued.refresh_token,
        }
    }
}

impl BoxService {
    fn exchange(&self, form: &Form) -> Result<Issued, Refusal> {
        let now = self.now();
        let mut known = self.0.state.get();
        if let Some(refusal) = known.refusals.pop_front() {
            return Err(refusal);
        }
        once(form)?;
        let grant = Grant::of(form)?;
        let client = known.client(form)?;
        if let Some(refusal) = known.apps.get(client).and_then(|app| app.state.refusal()) {
            return Err(refusal);
        }
        match grant {
            Grant::Code(code) => known.grants.redeem(now, client, code),
            Grant::Refresh(token) => known.grants.refresh(now, client, token),
            Grant::NotYet => Err(Refusal::GrantNotAllowed),
        }
    }
}

impl Known {
    /// The client that the form names and proves to be.
    fn client<'f>(&self, form: &'f Form) -> Result<&'f str, Refusal> {
        let (id, secret) = form.get("client_id").zip(form.get("client_secret")).ok_or(Refusal::InvalidClient)?;
        self.apps.get(id).filter(|app| app.client_secret == secret).map(|_| id).ok_or(Refusal::InvalidClient)
    }
}

/// What a token request shows in exchange for tokens.
enum Grant<'a> {
    Code(&'a str),
    Refresh(&'a str),
    /// Grants that Box has and the emulator hasn't yet.
    NotYet,
}

impl<'a> Grant<'a> {
    fn of(form: &'a Form) -> Result<Self, Refusal> {
        let parameter = |name| form.get(name).ok_or(Refusal::InvalidRequest);
        match parameter("grant_type")? {
            "authorization_code" => parameter("code").map(Self::Code),
            "refresh_token" => parameter("refresh_token").map(Self::Refresh),
            "client_credentials" | "urn:ietf:params:oauth:grant-type:jwt-bearer" | "urn:ietf:params:oauth:grant-type:token-exchange" => {
                Ok(Self::NotYet)
            }
            _ => Err(Refusal::InvalidRequest),
        }
    }
}

fn once(form: &Form) -> Result<(), Refusal> {
    form.repeated().map_or(Ok(()), |_| Err(Refusal::Repeated))
}
