//! Microsoft's identity platform, as `providers.md` section 4 describes it: tenants and national clouds, sign-in and consent, the token
//! endpoint with refresh tokens that multiply, the device flow, client credentials, and two calls of Graph.
//!
//! What Microsoft has and this has not: its version 1 endpoints and login.live.com, subject names of certificates, and sign-out.

mod admin_consent;
mod app;
mod authorize;
mod catalogue;
mod client;
mod device;
mod discovery;
mod grants;
mod graph;
mod redirect;
mod refusal;
mod scopes;
mod tenant;
mod token;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode};

pub use self::app::{App, Audience, FederatedCredential, Platform, RedirectUri, RegistrationError, Secret};
use self::grants::Grants;
pub use self::grants::Issued;
pub use self::refusal::Refusal;
pub use self::tenant::{Cloud, DEFAULT_TENANT, PERSONAL_TENANT, Tenant};
use crate::device::Devices;
use crate::lock::Lock;
use crate::mint::Mint;
use crate::people::People;
use crate::service::Service;
use crate::signing::Signer;
use crate::{Clock, Lifetimes, User};

const SERVICE: &str = "Microsoft";

/// The Microsoft of one emulator: what it knows and how it behaves. Changes take effect with the next request.
#[derive(Clone, Debug)]
pub struct MicrosoftService(Arc<Inner>);

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
    apps: HashMap<String, App>,
    tenants: Vec<Tenant>,
    /// Tenants of users; those of others are in the default tenant.
    homes: HashMap<String, String>,
    resources: HashSet<String>,
    grants: Grants,
    refusals: VecDeque<Refusal>,
    required_claims: Option<String>,
    users_may_consent: bool,
}

/// The service at one host name.
#[derive(Clone, Debug)]
struct Site {
    service: MicrosoftService,
    host: &'static str,
    cloud: Cloud,
}

impl Site {
    /// Whether every scope is of Graph or of a resource that is registered.
    fn known_resources(&self, scopes: &[String]) -> Result<(), Refusal> {
        self.service.0.state.get().known_resources(scopes, self.cloud)
    }
}

impl State {
    fn known_resources(&self, scopes: &[String], cloud: Cloud) -> Result<(), Refusal> {
        let known = |resource: String| cloud.is_graph(&resource) || self.resources.contains(&resource);
        let all = scopes.iter().filter_map(|scope| scopes::resource(scope, cloud)).all(known);
        if all { Ok(()) } else { Err(Refusal::aadsts(500_011)) }
    }
}

impl MicrosoftService {
    pub(crate) fn new(clock: Arc<Clock>, mint: Arc<Mint>, signer: Arc<Signer>) -> Self {
        let default = Tenant { id: DEFAULT_TENANT.to_owned(), domain: "example.com".to_owned(), cloud: Cloud::Global };
        let state = State {
            apps: HashMap::new(),
            tenants: vec![default],
            homes: HashMap::new(),
            resources: HashSet::new(),
            grants: Grants::new(&mint),
            refusals: VecDeque::new(),
            required_claims: None,
            users_may_consent: true,
        };
        let people = People::of(SERVICE, Arc::clone(&mint));
        let devices = Lock::new(Devices::of("microsoft-device", Arc::clone(&mint)));
        Self(Arc::new(Inner { clock, mint, signer, people, devices, state: Lock::new(state) }))
    }

    /// Registers an app, as in Microsoft's admin center. An app of the same client id is replaced; its tokens stay.
    pub fn register_app(&self, app: App) -> Result<(), RegistrationError> {
        app.check()?;
        self.0.state.get().apps.insert(app.client_id.clone(), app);
        Ok(())
    }

    /// Adds an organization.
    pub fn add_tenant(&self, tenant: Tenant) {
        self.0.state.get().tenants.push(tenant);
    }

    /// Adds a resource besides Graph, such as `api://payroll`.
    pub fn add_resource(&self, resource: &str) {
        self.0.state.get().resources.insert(resource.to_owned());
    }

    /// Adds a user with an account in this tenant; [`PERSONAL_TENANT`] makes it a personal account.
    pub fn add_user(&self, user: User, tenant: &str) {
        self.0.state.get().homes.insert(user.id.clone(), tenant.to_owned());
        self.0.people.add(user);
    }

    /// How long what is issued from now on lives. Refresh tokens of single page apps live a day in any case.
    pub fn set_lifetimes(&self, lifetimes: Lifetimes) {
        self.0.state.get().grants.lifetimes = lifetimes;
    }

    /// Lets Graph refuse every token that wasn't asked for with these claims (continuous access evaluation). `None` ends that.
    pub fn require_claims(&self, claims: Option<&str>) {
        self.0.state.get().required_claims = claims.map(str::to_owned);
    }

    /// Whether users may consent to apps, or only admins: then a sign-in ends with AADSTS90094.
    pub fn set_users_may_consent(&self, may: bool) {
        self.0.state.get().users_may_consent = may;
    }

    /// Answers the next token request with this refusal, whatever it asks. Several wait in line.
    pub fn refuse_next(&self, refusal: Refusal) {
        self.0.state.get().refusals.push_back(refusal);
    }

    /// Ends all refresh tokens of a user, as an admin does. Returns how many were live.
    pub fn revoke_sessions(&self, login: &str) -> usize {
        let user = self.0.people.find(|user| user.login == login);
        user.map_or(0, |user| self.0.state.get().grants.revoke_sessions(self.now(), &user.id))
    }

    /// Lets all live access tokens expire now. Returns how many did.
    pub fn expire_access_tokens(&self) -> usize {
        self.0.state.get().grants.expire_access_tokens(self.now())
    }

    /// Whether Microsoft would accept this access or refresh token now.
    pub fn is_live(&self, token: &str) -> bool {
        self.0.state.get().grants.is_live(self.now(), token)
    }

    /// How many refresh tokens Microsoft would accept now.
    pub fn live_refresh_tokens(&self) -> usize {
        self.0.state.get().grants.live_refresh_tokens(self.now())
    }

    /// Tokens as if the default user had granted `client_id` these scopes on this platform: for benchmarks and tests that aren't about
    /// consent. `None` if there is no such app.
    pub fn issue_tokens(&self, client_id: &str, platform: Platform, scopes: &[&str]) -> Option<Issued> {
        let mut state = self.0.state.get();
        let client = state.apps.get(client_id)?.client_id.clone();
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let (user, tenant, cloud) = (User::ada().id, DEFAULT_TENANT.to_owned(), Cloud::Global);
        let resource = cloud.graph().to_owned();
        let access = grants::Access { user: Some(user.clone()), cloud, resource, scopes: scopes.clone(), claims: None };
        let grant = grants::Grant { client, user, tenant, cloud, scopes, platform };
        state.grants.consent(&grant);
        let mut issued = state.grants.access(self.now(), access);
        issued.refresh_token = state.grants.refresh_token(self.now(), &grant, None);
        Some(issued)
    }

    fn tenant_of(&self, user: &str) -> String {
        self.0.state.get().homes.get(user).cloned().unwrap_or_else(|| DEFAULT_TENANT.to_owned())
    }

    /// Whether this app needs no administrator in this tenant, or has had one.
    fn users_may_consent(&self, app: &App, tenant: &str) -> Result<(), Refusal> {
        if self.0.state.get().users_may_consent || app.is_allowed_in(tenant) { Ok(()) } else { Err(Refusal::aadsts(90094)) }
    }

    fn now(&self) -> Duration {
        self.0.clock.elapsed()
    }
}

impl Service for MicrosoftService {
    fn hosts(&self) -> &'static [&'static str] {
        &[
            "login.microsoftonline.com",
            "login.microsoftonline.us",
            "login.chinacloudapi.cn",
            "login.partner.microsoftonline.cn",
            "login.microsoftonline.de",
            "graph.microsoft.com",
            "graph.microsoft.us",
            "dod-graph.microsoft.us",
            "microsoftgraph.chinacloudapi.cn",
            "microsoft.com",
            "www.microsoft.com",
        ]
    }

    fn routes(&self, host: &str) -> Router {
        let host = self.hosts().iter().copied().find(|known| *known == host).unwrap_or_default();
        let visit = || get(device::visit).post(device::visit);
        let consent = || get(admin_consent::ask).post(admin_consent::answer);
        let routes = match host {
            "microsoft.com" | "www.microsoft.com" => Router::new()
                .route("/devicelogin", visit())
                .route("/deviceloginus", visit())
                .route("/deviceloginchina", visit())
                .route("/link", visit()),
            login if login.starts_with("login.") => Router::new()
                .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::ask).post(authorize::answer))
                .route("/{tenant}/oauth2/v2.0/token", get(token::wrong_verb).post(token::token))
                .route("/{tenant}/oauth2/v2.0/devicecode", post(device::begin))
                .route("/{tenant}/adminconsent", consent())
                .route("/{tenant}/v2.0/adminconsent", consent())
                .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::configuration))
                .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys)),
            _ => Router::new()
                .route("/v1.0/me", get(graph::me))
                .route("/v1.0/me/drive", get(graph::drive))
                .route("/v1.0/me/revokeSignInSessions", post(graph::revoke_sessions))
                .route("/oidc/userinfo", get(graph::userinfo)),
        };
        routes.fallback(graph::not_found).with_state(Site { service: self.clone(), host, cloud: Cloud::of(host) })
    }

    fn failure(&self, status: StatusCode) -> Response {
        self.trouble(graph::Trouble::of(status), &HeaderMap::new())
    }
}
