//! A service that is made from facts: any paths under any host names, with the quirks that services have, and with the malice that a client
//! must withstand.
//!
//! ```
//! use jeton_emulator::generic_service::{Facts, GenericClient};
//! use jeton_emulator::{Emulator, Options};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let facts = Facts::shipped("notion").ok_or("no such service")??;
//! let emulator = Emulator::start(Options { generic: vec![facts], ..Options::default() }).await?;
//! let notion = emulator.generic("Notion").ok_or("not started")?;
//! notion.register_client(GenericClient::new("an-id", "a-secret").redirect_uri("http://127.0.0.1/cb"));
//! assert!(emulator.hosts().contains(&"api.notion.com"));
//! # Ok(())
//! # }
//! ```

mod answer;
mod api;
mod assertion;
mod authorize;
mod client;
mod client_auth;
mod device;
mod dpop;
mod facts;
mod hostile;
mod identity;
mod manage;
mod place;
mod shipped;
mod token;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};

pub use self::answer::{AnswerFacts, ErrorFacts, ExpiresIn, Format, ScopeForm};
pub use self::api::CallFacts;
pub use self::assertion::AssertionFacts;
pub use self::client::GenericClient;
pub use self::client_auth::ClientAuth;
pub use self::device::DeviceFacts;
use self::device::DeviceWish;
pub use self::facts::{
    AssertionAudience, AuthorizeFacts, Body, Demand, Endpoint, Facts, FactsError, LifetimeFacts, Pkce, RefreshFacts, RequestFacts,
    RevocationFacts, RevocationStyle,
};
pub use self::hostile::{BadIdToken, Misbehaviour};
use self::place::{Place, Places};
use crate::device::Devices;
use crate::form::Form;
use crate::grants::{Grants, Owner};
use crate::listener::Shown;
use crate::lock::Lock;
use crate::mint::Mint;
use crate::people::People;
use crate::pkce::Challenge;
use crate::service::Service;
use crate::shelf::Shelf;
use crate::signing::Signer;
use crate::{Clock, User};

/// One service made from facts. Changes take effect with the next request.
#[derive(Clone, Debug)]
pub struct GenericService(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    facts: Facts,
    places: Places,
    name: &'static str,
    hosts: &'static [&'static str],
    clock: Arc<Clock>,
    mint: Arc<Mint>,
    people: People,
    signer: Signer,
    devices: Lock<Devices<DeviceWish>>,
    state: Lock<State>,
}

#[derive(Debug)]
struct State {
    clients: HashMap<String, GenericClient>,
    grants: Grants<Details>,
    pushed: Shelf<Form>,
    /// Ids of assertions and proofs, and when they end.
    seen: HashMap<(String, String), u64>,
    nonce: u64,
    /// Access tokens that are good with a certificate alone, each with its certificate.
    certified: HashMap<String, Arc<str>>,
    /// How many nonces of a host were used up, where each is good for one proof.
    spent: HashMap<Arc<str>, u64>,
    registered: u64,
    /// Client → its registration access token.
    registrations: HashMap<String, String>,
    hostile: Vec<Misbehaviour>,
}

/// What is kept with a code and a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Details {
    redirect_uri: Option<String>,
    challenge: Option<Challenge>,
    nonce: Option<String>,
    resource: Option<String>,
    offline: bool,
    /// The thumbprint of the key that they are bound to.
    key: Option<String>,
}

/// One request.
struct Incoming {
    host: Arc<str>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    form: Arc<Form>,
    body: Bytes,
    /// Of the connection.
    certificate: Option<Arc<str>>,
}

impl Incoming {
    /// The URL without its query, as DPoP compares it.
    fn url(&self) -> String {
        format!("https://{}{}", self.host, self.uri.path())
    }
}

impl GenericService {
    pub(crate) fn new(facts: Facts, clock: Arc<Clock>, mint: Arc<Mint>) -> Self {
        let places = Places::of(&facts);
        // Names of services are known when an emulator starts and needed until its last request; there are few of them.
        let hosts = places.hosts().into_iter().map(|host| &*String::leak(host.to_owned())).collect::<Vec<_>>().leak();
        let name = &*String::leak(facts.name.clone());
        let mut grants = Grants::new(Arc::clone(&mint));
        grants.rotation = facts.refresh.rotation;
        grants.lifetimes = facts.lifetimes();
        let state = State {
            clients: HashMap::new(),
            grants,
            pushed: Shelf::of("pushed", Arc::clone(&mint)),
            seen: HashMap::new(),
            nonce: 1,
            certified: HashMap::new(),
            spent: HashMap::new(),
            registered: 0,
            registrations: HashMap::new(),
            hostile: Vec::new(),
        };
        let people = People::of(name, Arc::clone(&mint));
        let devices = Lock::new(Devices::of("device", Arc::clone(&mint)));
        let signer = Signer::default();
        Self(Arc::new(Inner { facts, places, name, hosts, clock, mint, people, signer, devices, state: Lock::new(state) }))
    }

    /// The facts that it was made from.
    pub fn facts(&self) -> &Facts {
        &self.0.facts
    }

    /// Registers a client. One of the same id is replaced; its tokens stay.
    pub fn register_client(&self, client: GenericClient) {
        self.0.state.get().clients.insert(client.client_id.clone(), client);
    }

    /// Adds a user who can sign in.
    pub fn add_user(&self, user: User) {
        self.0.people.add(user);
    }

    /// Switches a misbehaviour on, until [`GenericService::behave`].
    pub fn misbehave(&self, how: Misbehaviour) {
        self.0.state.get().hostile.push(how);
    }

    /// Switches all misbehaviours off.
    pub fn behave(&self) {
        self.0.state.get().hostile.clear();
    }

    /// Demands a new nonce in DPoP proofs from now on, where nonces are demanded.
    pub fn change_nonce(&self) {
        self.0.state.get().nonce += 1;
    }

    /// Lets all live access tokens expire now. Returns how many did.
    pub fn expire_access_tokens(&self) -> usize {
        self.0.state.get().grants.expire_access_tokens(self.now())
    }

    /// Ends all tokens, as if everybody had taken the access back.
    pub fn end_all_tokens(&self) {
        self.0.state.get().grants.end_all();
    }

    /// Whether the service would accept this access or refresh token now.
    pub fn is_live(&self, token: &str) -> bool {
        self.0.state.get().grants.is_live(self.now(), token)
    }

    /// Access and refresh token as if the default user had granted `client_id` these scopes. `None` if there is no such client.
    pub fn issue_tokens(&self, client_id: &str, scopes: &[&str]) -> Option<(String, String)> {
        let mut state = self.0.state.get();
        let client = state.clients.get(client_id)?.client_id.as_str().into();
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let owner = Owner { client, user: User::ada().id.into(), scopes, details: Details { offline: true, ..Details::default() } };
        let minted = state.grants.issue(self.now(), Arc::new(owner));
        Some((minted.access, minted.refresh?))
    }

    fn now(&self) -> Duration {
        self.0.clock.elapsed()
    }

    fn answer(&self, call: &Incoming) -> Response {
        match self.0.places.find(&call.host, call.uri.path()) {
            Some(Place::Call(at)) => match self.0.facts.calls.get(at) {
                Some(facts) => self.call(facts, call),
                None => StatusCode::NOT_FOUND.into_response(),
            },
            Some(Place::Endpoint(endpoint)) => match (endpoint, call.method.as_str()) {
                (Endpoint::Authorize, "GET" | "POST") => self.authorize(call),
                (Endpoint::Token, "POST") if self.asks_for_device_code(call) => self.begin_device(call),
                (Endpoint::Token | Endpoint::Refresh, _) => self.token(call),
                (Endpoint::Revoke, _) => self.revoke(call),
                (Endpoint::Device, "POST") => self.begin_device(call),
                (Endpoint::Verification, "GET" | "POST") => self.verification(call),
                (Endpoint::Introspect, "POST") => self.introspect(call),
                (Endpoint::Register, "POST") => self.register(call),
                (Endpoint::Registration, "DELETE") => self.unregister(call),
                (Endpoint::Par, "POST") => self.push(call),
                (Endpoint::Jwks, "GET") => self.key_set(),
                (Endpoint::Metadata | Endpoint::OpenidConfiguration, "GET") => self.metadata(),
                _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
            },
            None => (StatusCode::NOT_FOUND, "The emulator has nothing here.\n").into_response(),
        }
    }
}

impl Service for GenericService {
    fn hosts(&self) -> &'static [&'static str] {
        self.0.hosts
    }

    fn routes(&self, host: &str) -> Router {
        let (service, host) = (self.clone(), Arc::<str>::from(host));
        let answer = |method: Method,
                      uri: Uri,
                      headers: HeaderMap,
                      Extension(form): Extension<Arc<Form>>,
                      Extension(Shown(certificate)): Extension<Shown>,
                      body: Bytes| async move {
            // Where there are hosts that ask for a certificate, the others don't.
            let certificate = certificate.filter(|_| service.0.facts.asks_for_certificate(&host));
            service.answer(&Incoming { host, method, uri, headers, form, body, certificate })
        };
        Router::new().fallback(answer)
    }

    fn failure(&self, status: StatusCode) -> Response {
        let trouble = answer::trouble("temporarily_unavailable", "The service is unavailable for the moment.");
        crate::json::json(status, &self.0.facts.errors.value(&trouble))
    }
}
