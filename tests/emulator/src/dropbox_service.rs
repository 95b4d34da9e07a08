//! Dropbox, as `providers.md` section 2 describes it: authorization with and without a redirect, short-lived, online and legacy tokens, team
//! apps, and enough of the API to see every one of its error forms.
//!
//! What isn't known, and assumed: codes live ten minutes; a scope that the app hasn't and `token_access_type=legacy` where the app may not
//! have it get an error page; the texts of most descriptions. What Dropbox has and this has not: `response_type=token`, OAuth 1, and files
//! other than one.

mod api;
mod app;
mod authorize;
mod calls;
mod problem;
mod token;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode};

pub use self::app::{DropboxApp, FolderAccess, TokenAccess};
pub use self::problem::{ApiTag, Busy};
use crate::grants::{Grants, Minted, Owner};
use crate::lock::Lock;
use crate::mint::Mint;
use crate::people::People;
use crate::pkce::Challenge;
use crate::service::Service;
use crate::signing::Signer;
use crate::{Clock, Lifetimes, Rotation, User};

/// The team that team apps are linked to.
pub const TEAM_ID: &str = "dbtid:AAEmulatedTeam0001";
/// The namespace of the team's root folder.
pub const ROOT_NAMESPACE: &str = "3000000001";

/// The Dropbox of one emulator. Changes take effect with the next request.
#[derive(Clone, Debug)]
pub struct DropboxService(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Arc<Clock>,
    mint: Arc<Mint>,
    people: People,
    signer: Signer,
    state: Lock<State>,
}

#[derive(Debug)]
struct State {
    apps: HashMap<String, DropboxApp>,
    /// Who approved which scopes of which app before.
    approved: HashMap<(String, String), BTreeSet<String>>,
    grants: Grants<Details>,
    refusals: VecDeque<ApiTag>,
    decline: Option<String>,
    api_limit: Option<u32>,
    busy: Busy,
    calls: (u64, u32),
}

/// What Dropbox keeps with a code and a token.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Details {
    redirect_uri: Option<String>,
    challenge: Option<Challenge>,
    nonce: Option<String>,
    access: TokenAccess,
    team: bool,
}

impl DropboxService {
    pub(crate) fn new(clock: Arc<Clock>, mint: Arc<Mint>) -> Self {
        let mut grants = Grants::new(Arc::clone(&mint));
        grants.rotation = Rotation::Never;
        grants.lifetimes = Lifetimes { code: Duration::from_secs(600), access: Duration::from_secs(14_400), refresh: Duration::MAX };
        let state = State {
            apps: HashMap::new(),
            approved: HashMap::new(),
            grants,
            refusals: VecDeque::new(),
            decline: Some("The user chose not to give your app access to their Dropbox account.".to_owned()),
            api_limit: None,
            busy: Busy::Json,
            calls: (0, 0),
        };
        let people = People::of("Dropbox", Arc::clone(&mint));
        Self(Arc::new(Inner { clock, mint, people, signer: Signer::default(), state: Lock::new(state) }))
    }

    /// Registers an app, as in Dropbox's app console. An app of the same key is replaced; its tokens stay.
    pub fn register_app(&self, app: DropboxApp) {
        self.0.state.get().apps.insert(app.app_key.clone(), app);
    }

    /// Adds a user who can sign in, and who is a member of the team.
    pub fn add_user(&self, user: User) {
        self.0.people.add(user);
    }

    /// Dropbox's name for a user's account.
    pub fn account_id(user: &User) -> String {
        format!("dbid:AAEmulated{}", user.id)
    }

    /// The name of a user as a member of the team, for `Dropbox-API-Select-User` and `-Select-Admin`.
    pub fn member_id(user: &User) -> String {
        format!("dbmid:AAEmulated{}", user.id)
    }

    /// Answers the next API call with 401 and this tag. Several wait in line.
    pub fn refuse_next_call(&self, tag: ApiTag) {
        self.0.state.get().refusals.push_back(tag);
    }

    /// The `error_description` that goes with `access_denied`; `None` leaves it out.
    pub fn set_decline_description(&self, description: Option<&str>) {
        self.0.state.get().decline = description.map(str::to_owned);
    }

    /// Lets so many API calls through per minute of the virtual clock, then answers 429 in this form.
    pub fn set_api_limit(&self, calls_per_minute: Option<u32>, busy: Busy) {
        let mut state = self.0.state.get();
        (state.api_limit, state.busy) = (calls_per_minute, busy);
    }

    /// Lets all live access tokens expire now. Returns how many did.
    pub fn expire_access_tokens(&self) -> usize {
        self.0.state.get().grants.expire_access_tokens(self.now())
    }

    /// Whether Dropbox would accept this access or refresh token now.
    pub fn is_live(&self, token: &str) -> bool {
        self.0.state.get().grants.is_live(self.now(), token)
    }

    /// Access and refresh token as if the default user had granted `app_key` all its scopes offline. `None` if there is no such app.
    pub fn issue_tokens(&self, app_key: &str) -> Option<(String, String)> {
        let mut state = self.0.state.get();
        let app = state.apps.get(app_key)?;
        let details = Details { redirect_uri: None, challenge: None, nonce: None, access: TokenAccess::Offline, team: app.team };
        let (client, user) = (app_key.into(), User::ada().id.into());
        let owner = Owner { client, user, scopes: app.scopes.clone(), details };
        let Minted { access, refresh, .. } = state.grants.issue(self.now(), Arc::new(owner));
        Some((access, refresh?))
    }

    fn now(&self) -> Duration {
        self.0.clock.elapsed()
    }
}

impl Service for DropboxService {
    fn hosts(&self) -> &'static [&'static str] {
        &["www.dropbox.com", "api.dropboxapi.com", "api.dropbox.com", "content.dropboxapi.com"]
    }

    fn routes(&self, host: &str) -> Router {
        let authorize = || get(authorize::ask).post(authorize::answer);
        let routes = match host {
            "www.dropbox.com" => Router::new()
                .route("/oauth2/authorize", authorize())
                .route("/1/oauth2/authorize", authorize())
                .route("/oauth2/token", post(token::token)),
            "api.dropboxapi.com" | "api.dropbox.com" => Router::new()
                .route("/oauth2/token", post(token::token))
                .route("/1/oauth2/token", post(token::token))
                .route("/2/auth/token/revoke", post(calls::revoke))
                .route("/2/check/user", post(calls::check_user))
                .route("/2/check/app", post(calls::check_app))
                .route("/2/openid/userinfo", post(calls::userinfo))
                .route("/2/users/get_current_account", post(calls::current_account))
                .route("/2/files/list_folder", post(calls::list_folder))
                .route("/2/team/get_info", post(calls::team_info))
                .route("/2/team/members/get_info_v2", post(calls::members)),
            "content.dropboxapi.com" => Router::new().route("/2/files/download", post(calls::download)),
            _ => Router::new(),
        };
        let mint = Arc::clone(&self.0.mint);
        let identified = map_response(move |mut answer: Response| {
            let id = HeaderValue::from_str(&mint.request_id());
            async move {
                if let Ok(id) = id {
                    answer.headers_mut().insert("x-dropbox-request-id", id);
                }
                answer
            }
        });
        routes.fallback(calls::unknown).with_state(self.clone()).layer(identified)
    }

    fn failure(&self, status: StatusCode) -> Response {
        problem::failure(&self.0.mint, status)
    }
}
