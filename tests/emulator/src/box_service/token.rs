//! The token and revocation endpoints. The client's id and secret are read from the body only, for Box has no other way.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use super::refusal::Refusal;
use super::server_auth::Moment;
use super::{BoxService, State as Known};
use crate::form::Form;
use crate::grants::{BadGrant, Cascade, Minted, NotYours};
use crate::json::json;
use crate::jwt::unix;

/// A fresh pair of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
    /// Seconds that the access token lives.
    pub expires_in: u64,
}

impl From<Minted> for Issued {
    fn from(minted: Minted) -> Self {
        Self { access_token: minted.access, refresh_token: minted.refresh.unwrap_or_default(), expires_in: minted.lives.as_secs() }
    }
}

/// POST `/oauth2/token`
pub(super) async fn token(State(service): State<BoxService>, Extension(form): Extension<Arc<Form>>) -> Response {
    match service.exchange(&form) {
        Ok(tokens) => json(StatusCode::OK, &tokens),
        Err(refusal) => refusal.answer(),
    }
}

/// POST `/oauth2/revoke`: 200 with an empty body.
pub(super) async fn revoke(State(service): State<BoxService>, Extension(form): Extension<Arc<Form>>) -> Response {
    let revoked = || -> Result<(), Refusal> {
        once(&form)?;
        let mut known = service.0.state.get();
        let client = known.client(&form)?;
        let token = form.get("token").ok_or(Refusal::InvalidRequest)?;
        known.grants.revoke(client, token, Cascade::Pair).map_err(|NotYours| Refusal::InvalidClient)
    };
    match revoked() {
        Ok(()) => StatusCode::OK.into_response(),
        Err(refusal) => refusal.answer(),
    }
}

/// The answer, in the order in which Box documents it.
#[derive(Serialize)]
struct Tokens {
    access_token: String,
    expires_in: u64,
    restricted_to: Vec<Value>,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
}

impl From<Minted> for Tokens {
    fn from(minted: Minted) -> Self {
        Self {
            access_token: minted.access,
            expires_in: minted.lives.as_secs(),
            restricted_to: Vec::new(),
            token_type: "bearer",
            refresh_token: minted.refresh,
            issued_token_type: None,
        }
    }
}

impl BoxService {
    fn exchange(&self, form: &Form) -> Result<Tokens, Refusal> {
        let now = self.now();
        let moment = Moment { elapsed: now, unix: unix(self.0.clock.now()) };
        let mut known = self.0.state.get();
        if let Some(refusal) = known.refusals.pop_front() {
            return Err(refusal);
        }
        once(form)?;
        let grant = Grant::of(form)?;
        let client = known.client(form).map_err(|refusal| match grant {
            Grant::ClientCredentials => Refusal::GrantCredentials,
            _ => refusal,
        })?;
        let app = known.apps.get(client).cloned().ok_or(Refusal::InvalidClient)?;
        if let Some(refusal) = app.state.refusal() {
            return Err(refusal);
        }
        let tokens = match grant {
            Grant::Code(code) => {
                let owner = known.grants.redeem(now, client, code).map_err(|bad| match bad {
                    BadGrant::Unknown => Refusal::UnknownCode,
                    BadGrant::Expired => Refusal::CodeExpired,
                })?;
                known.grants.issue(now, owner)
            }
            Grant::Refresh(token) => known.grants.refresh(now, client, token, None).map_err(|bad| match bad {
                BadGrant::Unknown => Refusal::InvalidRefreshToken,
                BadGrant::Expired => Refusal::RefreshTokenExpired,
            })?,
            Grant::Jwt(assertion) => known.jwt(moment, &app, assertion)?,
            Grant::ClientCredentials => known.client_credentials(moment, &app, form)?,
            Grant::Exchange => {
                let downscoped = known.exchange(moment, &app, form)?;
                let issued_token_type = Some("urn:ietf:params:oauth:token-type:access_token");
                return Ok(Tokens { restricted_to: downscoped.restricted_to, issued_token_type, ..downscoped.minted.into() });
            }
        };
        Ok(tokens.into())
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
    Jwt(Option<&'a str>),
    ClientCredentials,
    Exchange,
}

impl<'a> Grant<'a> {
    fn of(form: &'a Form) -> Result<Self, Refusal> {
        let parameter = |name| form.get(name).ok_or(Refusal::InvalidRequest);
        match parameter("grant_type")? {
            "authorization_code" => parameter("code").map(Self::Code),
            "refresh_token" => parameter("refresh_token").map(Self::Refresh),
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => Ok(Self::Jwt(form.get("assertion"))),
            "client_credentials" => Ok(Self::ClientCredentials),
            "urn:ietf:params:oauth:grant-type:token-exchange" => Ok(Self::Exchange),
            _ => Err(Refusal::InvalidRequest),
        }
    }
}

fn once(form: &Form) -> Result<(), Refusal> {
    form.repeated().map_or(Ok(()), |_| Err(Refusal::Repeated))
}
