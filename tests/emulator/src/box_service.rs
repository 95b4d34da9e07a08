//! Box, as `providers.md` section 1 describes it: sign-in and consent pages, the token and revocation endpoints, and three calls of its API.
//!
//! An app gets its tokens from people (authorization code) or by itself (JWT, client credentials), and tokens can be exchanged for ones of
//! less power. What Box has and this has not: app tokens of Limited Access apps, and the APIs behind most of the scopes.

mod api;
mod app;
mod authorize;
mod refusal;
mod scopes;
mod server_auth;
mod settings;
mod token;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;

pub use self::app::{App, AppState, PublicKey, RegistrationError};
pub use self::refusal::{Claim, Refusal};
pub use self::settings::ExpiredError;
pub use self::token::Issued;
use crate::grants::{Grants, Owner};
use crate::lock::Lock;
use crate::mint::Mint;
use crate::people::People;
use crate::service::Service;
use crate::{Clock, Lifetimes, Rotation, User};

/// The Box of one emulator: what it knows and how it behaves. Changes take effect with the next request.
#[derive(Clone, Debug)]
pub struct BoxService(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Arc<Clock>,
    mint: Arc<Mint>,
    people: People,
    state: Lock<State>,
}

/// What Box keeps with a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Details {
    /// It came of a token exchange.
    downscoped: bool,
    /// Who annotates, for tokens that were made for somebody without a Box account.
    annotator: Option<String>,
}

#[derive(Debug)]
struct State {
    apps: HashMap<String, App>,
    managed_users: Vec<String>,
    grants: Grants<Details>,
    seen_jti: HashMap<(String, String), u64>,
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
            managed_users: vec![User::ada().id],
            grants: Grants::new(Arc::clone(&mint)),
            seen_jti: HashMap::new(),
            refusals: VecDeque::new(),
            expired_error: ExpiredError::InvalidToken,
            decline: Some("The user denied access to your application".to_owned()),
            api_limit: None,
            api_calls: HashMap::new(),
        };
        let people = People::of("Box", Arc::clone(&mint));
        Self(Arc::new(Inner { clock, mint, people, state: Lock::new(state) }))
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

    /// Adds a user who can sign in, and whom apps of the enterprise may act as.
    pub fn add_user(&self, user: User) {
        self.0.state.get().managed_users.push(user.id.clone());
        self.0.people.add(user);
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
        let (client, user) = (app.client_id.as_str().into(), User::ada().id.into());
        let owner = Owner { client, user, scopes: app.scopes.clone(), details: Details::default() };
        Some(state.grants.issue(self.now(), Arc::new(owner)).into())
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
            "upload.box.com" => Router::new().route("/api/2.0/files/content", post(api::upload)),
            _ => Router::new(),
        };
        routes.fallback(api::not_found).with_state(self.clone())
    }

    fn failure(&self, status: StatusCode) -> Response {
        api::trouble(&self.0.mint, status)
    }
}
