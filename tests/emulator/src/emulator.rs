//! One emulator: the services, the listener, and the knobs that all services share.

use std::collections::HashSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::SystemTime;

use url::Url;

use crate::authority::Authority;
use crate::box_service::BoxService;
use crate::consent::{Decision, Person};
use crate::control::{CONTROL_HOST, Controls};
use crate::dropbox_service::DropboxService;
use crate::front::Front;
use crate::generic_service::GenericService;
use crate::google_service::GoogleService;
use crate::listener::Running;
use crate::microsoft_service::MicrosoftService;
use crate::mint::Mint;
use crate::service::Service;
use crate::signing::Signer;
use crate::{Client, Clock, Error, Faults, Journal, Options};

/// A running emulator. It stops when this is dropped.
pub struct Emulator {
    addr: SocketAddr,
    ca_pem: String,
    hosts: Vec<&'static str>,
    client: Client,
    clock: Arc<Clock>,
    faults: Arc<Faults>,
    journal: Arc<Journal>,
    box_service: BoxService,
    dropbox_service: DropboxService,
    google_service: GoogleService,
    microsoft_service: MicrosoftService,
    generic: Vec<GenericService>,
    _running: Running,
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("addr", &self.addr).finish_non_exhaustive()
    }
}

impl Emulator {
    /// Starts an emulator on 127.0.0.1, with a certificate authority of its own.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let clock = Arc::new(Clock::starting_at(SystemTime::now()));
        let faults = Arc::new(Faults::default());
        let journal = Arc::new(Journal::new(options.journal));
        let mint = Arc::new(Mint::new(options.seed));

        let box_service = BoxService::new(Arc::clone(&clock), mint);
        // Each has a mint of its own, so that no token of one means anything to another.
        let mint_of = |number: u64| Arc::new(Mint::new(options.seed ^ (number << 40)));
        let dropbox_service = DropboxService::new(Arc::clone(&clock), mint_of(1));
        let signer = Arc::new(Signer::default());
        let google_service = GoogleService::new(Arc::clone(&clock), mint_of(2), Arc::clone(&signer));
        let microsoft_service = MicrosoftService::new(Arc::clone(&clock), mint_of(3), signer);
        let numbered = (100..).zip(options.generic);
        let generic: Vec<_> = numbered.map(|(number, facts)| GenericService::new(facts, Arc::clone(&clock), mint_of(number))).collect();
        let mut services: Vec<Arc<dyn Service>> = Vec::new();
        services.extend(generic.iter().map(|service| Arc::new(service.clone()) as Arc<dyn Service>));
        services.push(Arc::new(box_service.clone()));
        services.push(Arc::new(dropbox_service.clone()));
        services.push(Arc::new(google_service.clone()));
        services.push(Arc::new(microsoft_service.clone()));
        let controls = Controls {
            clock: Arc::clone(&clock),
            faults: Arc::clone(&faults),
            journal: Arc::clone(&journal),
            box_service: box_service.clone(),
            google_service: google_service.clone(),
            microsoft_service: microsoft_service.clone(),
        };

        let mut hosts: Vec<_> = services.iter().flat_map(|service| service.hosts()).copied().collect();
        let mut seen = HashSet::new();
        hosts.retain(|host| seen.insert(*host));
        let named: Vec<_> = hosts.iter().copied().chain([CONTROL_HOST]).collect();
        let authority = match options.old_tls {
            true => Authority::speaking(&[&rustls::version::TLS12], &named)?,
            false => Authority::generate(&named)?,
        };
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let listener = TcpListener::bind(wanted).map_err(|source| Error::Listen { addr: wanted, source })?;
        let addr = listener.local_addr().map_err(|source| Error::Listen { addr: wanted, source })?;
        let client = Client::new(addr, authority.der)?;

        let shared = (Arc::clone(&clock), Arc::clone(&faults), Arc::clone(&journal));
        let front = Front::new(&services, (CONTROL_HOST, controls.routes()), shared);
        let running = Running::start(listener, authority.server, Arc::new(front), options.max_lifetime)?;
        Ok(Self {
            addr,
            ca_pem: authority.pem,
            hosts,
            client,
            clock,
            faults,
            journal,
            box_service,
            dropbox_service,
            google_service,
            microsoft_service,
            generic,
            _running: running,
        })
    }

    /// The certificate of the authority to trust, in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Where the emulator listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The host names of all services.
    pub fn hosts(&self) -> &[&'static str] {
        &self.hosts
    }

    /// The values for Jeton's `--resolve`, one for each host name: `api.box.com:443:127.0.0.1:40123`.
    pub fn resolve_arguments(&self) -> Vec<String> {
        self.hosts.iter().map(|host| format!("{host}:443:{}", self.addr)).collect()
    }

    /// A client to whom every host name is this emulator.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The virtual clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The faults to come.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The requests so far.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The knobs of Box.
    pub fn box_service(&self) -> &BoxService {
        &self.box_service
    }

    /// The knobs of Dropbox.
    pub fn dropbox_service(&self) -> &DropboxService {
        &self.dropbox_service
    }

    /// The knobs of Google.
    pub fn google_service(&self) -> &GoogleService {
        &self.google_service
    }

    /// The knobs of Microsoft.
    pub fn microsoft_service(&self) -> &MicrosoftService {
        &self.microsoft_service
    }

    /// The service that was made from the facts of this name.
    pub fn generic(&self, name: &str) -> Option<&GenericService> {
        self.generic.iter().find(|service| service.facts().name == name)
    }

    /// Does what a person does with an authorization URL: signs in as the default user, then grants or denies. Returns the URL that the
    /// browser is sent back to, and doesn't open it. [`Error::NotAsked`] if the service shows an error page instead.
    pub async fn consent(&self, authorize_url: &str, decision: Decision) -> Result<Url, Error> {
        let user = self.box_service.default_user();
        self.consent_as((&user.login, &user.password), authorize_url, decision).await
    }

    /// [`Emulator::consent`] with another login and password.
    pub async fn consent_as(&self, (login, password): (&str, &str), authorize_url: &str, decision: Decision) -> Result<Url, Error> {
        Person { client: &self.client, hosts: &self.hosts, login, password, decision }.visit(authorize_url).await
    }
}
