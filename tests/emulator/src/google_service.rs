//! Google, as `providers.md` section 3 describes it: sign-in with consent scope by scope, the token endpoint with refresh tokens that
//! don't rotate, the device flow, service accounts, identities of other providers, and two calls of its APIs.
//!
//! What Google has and this has not: consent pages for unverified apps, limits on the number of users, SAML's signatures, AWS's
//! signed requests, JWTs that services take in place of tokens, downscoped tokens, and mutual TLS.

mod api;
mod authorize;
mod client;
mod device;
mod discovery;
mod dpop;
mod external;
mod grants;
mod redirect;
mod refusal;
mod scopes;
mod service_account;
mod token;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;

pub use self::client::{Client, ClientKind, ClientState, Publishing, RegistrationError};
pub use self::external::WorkloadProvider;
use self::grants::Grants;
pub use self::grants::Issued;
pub use self::refusal::Refusal;
pub use self::service_account::ServiceAccount;
use crate::device::Devices;
use crate::lock::Lock;
use crate::mint::Mint;
use crate::people::People;
use crate::service::Service;
use crate::signing::Signer;
use crate::{Clock, Lifetimes, User};

const SERVICE: &str = "Google";

/// The Google of one emulator: what it knows and how it behaves. Changes take effect with the next request.
#[derive(Clone, Debug)]
pub struct GoogleService(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Arc<Clock>,
    mint: Arc<Mint>,
    signer: Arc<Signer>,
    people: People,
    devices: Lock<Devices<device::Wish>>,
    state: Lock<State>,
}

#[derive(Debug)]
struct State {
    clients: HashMap<String, Client>,
    service_accounts: HashMap<String, ServiceAccount>,
    workload_providers: Vec<WorkloadProvider>,
    grants: Grants,
    refusals: VecDeque<Refusal>,
    reauth_required: bool,
    jwt_leeway: Duration,
    device_codes_left: Option<u32>,
    seen_proofs: HashSet<String>,
}

impl State {
    /// Takes one from the quota; `false` if it is used up.
    fn take_device_code(&mut self) -> bool {
        match &mut self.device_codes_left {
            Some(0) => return false,
            Some(left) => *left -= 1,
            None => {}
        }
        true
    }
}

impl GoogleService {
    pub(crate) fn new(clock: Arc<Clock>, mint: Arc<Mint>, signer: Arc<Signer>) -> Self {
        let state = State {
            clients: HashMap::new(),
            service_accounts: HashMap::new(),
            workload_providers: Vec::new(),
            grants: Grants::new(&mint),
            refusals: VecDeque::new(),
            reauth_required: false,
            jwt_leeway: Duration::from_secs(300),
            device_codes_left: None,
            seen_proofs: HashSet::new(),
        };
        let people = People::of(SERVICE, Arc::clone(&mint));
        let devices = Lock::new(Devices::of("google-device", Arc::clone(&mint)));
        Self(Arc::new(Inner { clock, mint, signer, people, devices, state: Lock::new(state) }))
    }

    /// Registers a client, as in Google's cloud console. A client of the same id is replaced; its tokens stay.
    pub fn register_client(&self, client: Client) -> Result<(), RegistrationError> {
        client.check()?;
        self.0.state.get().clients.insert(client.client_id.clone(), client);
        Ok(())
    }

    /// Changes what stands between a client and its tokens. `false` if there is no such client.
    pub fn set_client_state(&self, client_id: &str, state: ClientState) -> bool {
        self.0.state.get().clients.get_mut(client_id).map(|client| client.state = state).is_some()
    }

    /// Registers a service account, or replaces the one of the same address.
    pub fn register_service_account(&self, account: ServiceAccount) {
        self.0.state.get().service_accounts.insert(account.client_email.clone(), account);
    }

    /// Lets tokens of another identity provider be exchanged.
    pub fn register_workload_provider(&self, provider: WorkloadProvider) {
        self.0.state.get().workload_providers.push(provider);
    }

    /// Adds a user who can sign in. Users of `example.com` belong to the organization.
    pub fn add_user(&self, user: User) {
        self.0.people.add(user);
    }

    /// How long what is issued from now on lives. Of refresh tokens it is the time that they may be left unused.
    pub fn set_lifetimes(&self, lifetimes: Lifetimes) {
        self.0.state.get().grants.lifetimes = lifetimes;
    }

    /// How many live refresh tokens a user may have with one client before the oldest die: 100, and 50 in older documents.
    pub fn set_refresh_token_limit(&self, most: usize) {
        self.0.state.get().grants.most_refresh_tokens = most;
    }

    /// Whether the organization's session policy wants users to sign in again: refreshes get `invalid_grant` with `invalid_rapt`.
    pub fn set_reauth_required(&self, required: bool) {
        self.0.state.get().reauth_required = required;
    }

    /// How far a service account's clock may be off: five minutes. Google documents no figure.
    pub fn set_jwt_leeway(&self, leeway: Duration) {
        self.0.state.get().jwt_leeway = leeway;
    }

    /// How many more device codes may be asked for. `None`, the default, sets no limit.
    pub fn set_device_quota(&self, left: Option<u32>) {
        self.0.state.get().device_codes_left = left;
    }

    /// Answers the next token request with this refusal, whatever it asks. Several wait in line.
    pub fn refuse_next(&self, refusal: Refusal) {
        self.0.state.get().refusals.push_back(refusal);
    }

    /// What a change of the user's password does: refresh tokens with Gmail scopes die. Returns how many did.
    pub fn change_password(&self, login: &str) -> usize {
        let user = self.0.people.find(|user| user.login == login);
        user.map_or(0, |user| self.0.state.get().grants.password_changed(self.now(), &user.id))
    }

    /// Lets all live access tokens expire now. Returns how many did.
    pub fn expire_access_tokens(&self) -> usize {
        self.0.state.get().grants.expire_access_tokens(self.now())
    }

    /// Whether Google would accept this access or refresh token now.
    pub fn is_live(&self, token: &str) -> bool {
        self.0.state.get().grants.is_live(self.now(), token)
    }

    /// How many refresh tokens Google would accept now.
    pub fn live_refresh_tokens(&self) -> usize {
        self.0.state.get().grants.live_refresh_tokens(self.now())
    }

    /// Tokens as if the default user had granted `client_id` these scopes: for benchmarks and tests that aren't about consent. `None` if
    /// there is no such client.
    pub fn issue_tokens(&self, client_id: &str, scopes: &[&str]) -> Option<Issued> {
        let client = self.client(client_id)?;
        let grant = self.grant(&client, &User::ada(), scopes.iter().map(|scope| (*scope).to_owned()).collect());
        let mut state = self.0.state.get();
        state.grants.consent(&grant, true);
        Some(state.grants.issue(self.now(), grant, true, None))
    }

    fn client(&self, id: &str) -> Option<Client> {
        self.0.state.get().clients.get(id).cloned()
    }

    fn now(&self) -> Duration {
        self.0.clock.elapsed()
    }
}

impl Service for GoogleService {
    fn hosts(&self) -> &'static [&'static str] {
        &[
            "accounts.google.com",
            "oauth2.googleapis.com",
            "www.googleapis.com",
            "openidconnect.googleapis.com",
            "sts.googleapis.com",
            "iamcredentials.googleapis.com",
            "www.google.com",
        ]
    }

    fn routes(&self, host: &str) -> Router {
        let authorize = || get(authorize::ask).post(authorize::answer);
        let userinfo = || get(api::userinfo).post(api::userinfo);
        let routes = match host {
            "accounts.google.com" => Router::new()
                .route("/o/oauth2/v2/auth", authorize())
                .route("/o/oauth2/auth", authorize())
                .route("/o/oauth2/token", post(token::token))
                .route("/.well-known/openid-configuration", get(discovery::configuration)),
            "oauth2.googleapis.com" => Router::new()
                .route("/token", post(token::token))
                .route("/revoke", get(api::revoke).post(api::revoke))
                .route("/device/code", post(device::begin))
                .route("/tokeninfo", get(api::tokeninfo)),
            "www.googleapis.com" => Router::new()
                .route("/oauth2/v3/token", post(token::token))
                .route("/oauth2/v4/token", post(token::token))
                .route("/oauth2/v3/certs", get(discovery::keys))
                .route("/oauth2/v3/userinfo", userinfo())
                .route("/drive/v3/about", get(api::about)),
            "openidconnect.googleapis.com" => Router::new().route("/v1/userinfo", userinfo()),
            "sts.googleapis.com" => Router::new().route("/v1/token", post(external::exchange)),
            "iamcredentials.googleapis.com" => Router::new().route("/v1/projects/-/serviceAccounts/{name}", post(external::impersonate)),
            "www.google.com" => Router::new().route("/device", get(device::visit).post(device::visit)),
            _ => Router::new(),
        };
        routes.fallback(api::not_found).with_state(self.clone())
    }

    fn failure(&self, status: StatusCode) -> Response {
        api::Trouble::of(status).answer()
    }
}
