//! Box, as `providers.md` section 1 describes it: sign-in and consent pages, the token and revocation endpoints, and two calls of its API.
//!
//! What Box has and this has not yet: the grants `client_credentials`, `jwt-bearer` and `token-exchange`. Each is answered with
//! `unauthorized_client`, "The grant type is unauthorized for this client_id", as Box answers an app that may not use them.

mod api;
mod app;
mod authorize;
mod grants;
mod pages;
mod redirect;
mod refusal;
mod settings;
mod token;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;

pub use self::app::{App, AppState, RegistrationError, User};
pub use self::grants::Issued;
use self::grants::{Grants, Owner};
pub use self::refusal::{Claim, Refusal};
pub use self::settings::{ExpiredError, Lifetimes, Rotation};
use crate::Clock;
use crate::lock::Lock;
use crate::mint::Mint;
use crate::service::Service;

/// The Box of one emulator: what it knows and how it behaves. Changes take effect with the next request.
#[derive(Clone, Debug)]
pub struct BoxService(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Arc<Clock>,
    mint: Arc<Mint>,
    state: Lock<State>,
}

#[derive(Debug)]
struct State {
    apps: HashMap<String, App>,
    users: Vec<User>,
    grants: Grants,
    refusals: VecDeque<Refusal>,
    expired_error: ExpiredError,
    decline: Option<String>,
    api_limit: Option<u32>,
    api_calls: HashMap<Arc<str>, (u64, u32)>,
}

impl BoxService {
    pub(crate) fn new(clock: Arc<Clock>, mint: Arc<Mint>) -> Self {
        let state = State {
            apps: HashMap::new(),
            users: vec![User::ada()],
            grants: Grants::new(Arc::clone(&mint)),
            refusals: VecDeque::new(),
            expired_error: ExpiredError::InvalidToken,
            decline: Some("The user denied access to your application".to_owned()),
            api_limit: None,
            api_calls: HashMap::new(),
        };
        Self(Arc::new(Inner { clock, mint, state: Lock::new(state) }))
    }

    /// Registers an app, as in Box's developer console. An app of the same client id is replaced; its tokens stay.
    pub fn register_app(&self, app: App) -> Result<(), RegistrationError> {
        app.check()?;
        self.0.state.get().apps.insert(app.client_id.clone(), app);
        Ok(())
    }

    /// Changes what stands between an app and its tokens. `false` if there is no such app.
    pub fn set_app_state(&self, client_id: &str, state: AppState) -> bool {
        self.0.state.get().apps.get_mut(client_id).map(|app| app.state = state).is_some()
    }

    /// The user that is there from the start: `ada@example.com` with the password `emulator`.
    pub fn default_user(&self) -> User {
        User::ada()
    }

    /// Adds a user who can sign in.
    pub fn add_user(&self, user: User) {
        self.0.state.get().users.push(user);
    }

    /// What becomes of a used refresh token.
    pub fn set_rotation(&self, rotation: Rotation) {
        self.0.state.get().grants.rotation = rotation;
    }

    /// How long what is issued from now on lives.
    pub fn set_lifetimes(&self, lifetimes: Lifetimes) {
        self.0.state.get().grants.lifetimes = lifetimes;
    }

    /// The `error` in the `WWW-Authenticate` header for an expired access token.
    pub fn set_expired_error(&self, error: ExpiredError) {
        self.0.state.get().expired_error = error;
    }

    /// The `error_description` that goes with `access_denied` when the user declines; `None` leaves it out.
    pub fn set_decline_description(&self, description: Option<&str>) {
        self.0.state.get().decline = description.map(str::to_owned);
    }

    /// Lets a user make so many API calls per minute of the virtual clock, then answers 429. `None`, the default, sets no limit.
    pub fn set_api_limit(&self, calls_per_minute: Option<u32>) {
        self.0.state.get().api_limit = calls_per_minute;
    }

    /// Answers the next token request with this refusal, whatever it asks. Several wait in line.
    pub fn refuse_next(&self, refusal: Refusal) {
        self.0.state.get().refusals.push_back(refusal);
    }

    /// Lets all live access tokens expire now. Returns how many did.
    pub fn expire_access_tokens(&self) -> usize {
        self.0.state.get().grants.expire_access_tokens(self.now())
    }

    /// Lets one access or refresh token expire now. `false` if it wasn't live.
    pub fn expire_token(&self, token: &str) -> bool {
        self.0.state.get().grants.expire(self.now(), token)
    }

    /// Whether Box would accept this access or refresh token now.
    pub fn is_live(&self, token: &str) -> bool {
        self.0.state.get().grants.is_live(self.now(), token)
    }

    /// How many refresh tokens Box would accept now.
    pub fn live_refresh_tokens(&self) -> usize {
        self.0.state.get().grants.live_refresh_tokens(self.now())
    }

    /// A pair of tokens as if the default user had granted `client_id` all its scopes: for benchmarks and tests that aren't about
    /// consent. `None` if there is no such app.
    pub fn issue_tokens(&self, client_id: &str) -> Option<Issued> {
        let mut state = self.0.state.get();
        let app = state.apps.get(client_id)?;
        let owner = Owner { client: app.client_id.as_str().into(), user: User::ada().id.into(), scopes: app.scopes.clone() };
        Some(state.grants.issue(self.now(), Arc::new(owner)))
    }

    fn now(&self) -> Duration {
        self.0.clock.elapsed()
    }
}

impl Service for BoxService {
    fn hosts(&self) -> &'static [&'static str] {
        &["account.box.com", "ent.box.com", "app.box.com", "api.box.com", "upload.box.com"]
    }

    fn routes(&self, host: &str) -> Router {
        let authorize = || get(authorize::ask).post(authorize::answer);
        let routes = match host {
            "account.box.com" | "ent.box.com" => Router::new().route("/api/oauth2/authorize", authorize()),
            "app.box.com" => Router::new().route("/api/oauth2/authorize", authorize()).route("/api/oauth2/token", post(token::token)),
            "api.box.com" => Router::new()
                .route("/oauth2/token", post(token::token))
                .route("/oauth2/revoke", post(token::revoke))
                .route("/2.0/users/me", get(api::users_me))
                .route("/2.0/folders/0/items", get(api::root_items)),
            _ => Router::new(),
        };
        routes.fallback(api::not_found).with_state(self.clone())
    }

    fn failure(&self, status: StatusCode) -> Response {
        api::trouble(&self.0.mint, status)
    }
}
