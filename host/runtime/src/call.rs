//! One call of a component: what it has while it runs, and what stops it.
//!
//! place → store with limits → instance → call → store dropped. A store is never used twice, so nothing of one call is left for the next.
//! Two clocks: epochs count the time in which the component computes, a timeout bounds the whole, which includes waiting for a service.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use wasmtime::component::{ComponentExportIndex, ComponentNamedList, Instance, Lift, Lower, Resource, ResourceTable};
use wasmtime::{Store, StoreLimits, StoreLimitsBuilder, Trap, UpdateDeadline};

use crate::bindings::exports::jeton::provider::provider as wit;
use crate::capability::client::Lent;
use crate::engine::{INSTANCES, TABLE_ELEMENTS, TABLES, TICK};
use crate::load::Loaded;
use crate::manifest::Extra;
use crate::place::{Place, Turn};
use crate::policy::Measure;
use crate::runtime::Capabilities;
use crate::scrub::{presentable, scrub, scrub_cut};
use crate::transport::TransportError;
use crate::{Allow, Client, Denial, Error, ErrorKind, Flow, Identity, Secret, ServiceError};

/// How many handles a call may hold at once.
const MOST_HANDLES: usize = 128;

/// How many secrets a call may have to do with: each of them is looked for in all that is shown.
pub(crate) const MOST_LIVE: usize = 64;

/// How many bytes are searched for secrets in a call, each secret counted.
const MOST_SEARCHED: usize = 64 << 20;

/// How many bytes a component may hand to the host in one host call.
const MOST_COPIED: usize = 1 << 20;

/// What a component used more of than it may.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Overstepped(pub(crate) String);

/// The state that a component's calls of the host work on.
pub(crate) struct Call {
    pub(crate) table: ResourceTable,
    pub(crate) loaded: Arc<Loaded>,
    pub(crate) lent: Arc<Capabilities>,
    /// The client's settings, with the manifest's defaults.
    pub(crate) settings: Arc<BTreeMap<String, String>>,
    /// The client's certificate, where the manifest shows it to an endpoint.
    pub(crate) identity: Option<Identity>,
    /// Every secret that this call has to do with; scrubbed from all that is shown.
    pub(crate) live: Vec<Secret>,
    /// The flow that is being begun.
    pub(crate) flow: Option<Flow>,
    /// What an ID token must say, in the `resume` of a flow whose request had a nonce.
    pub(crate) nonce: Option<Secret>,
    /// The service's time in its last answer that brought secrets.
    pub(crate) answered_at: Option<SystemTime>,
    /// Why the last request got no answer.
    pub(crate) trouble: Option<TransportError>,
    pub(crate) log_lines: u32,
    /// Lines of the host about what was withheld.
    pub(crate) taught: AtomicU32,
    /// The component's last line at level error: a panic's text, where it panicked.
    pub(crate) last_words: Option<String>,
    /// Its part in the processor.
    pub(crate) turn: Turn,
    searched: usize,
    requests: u32,
    deadline: Instant,
    limits: StoreLimits,
}

impl Call {
    pub(crate) fn new(loaded: Arc<Loaded>, lent: Arc<Capabilities>) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MOST_HANDLES);
        let limits = StoreLimitsBuilder::new().memory_size(lent.limits.memory).memories(1).instances(INSTANCES as usize);
        let limits = limits.tables(TABLES as usize).table_elements(TABLE_ELEMENTS).trap_on_grow_failure(true);
        Self {
            table,
            settings: Arc::default(),
            identity: None,
            live: vec![],
            flow: None,
            nonce: None,
            answered_at: None,
            trouble: None,
            log_lines: 0,
            taught: AtomicU32::new(0),
            last_words: None,
            turn: loaded.share.turn(),
            searched: 0,
            requests: 0,
            deadline: Instant::now() + lent.limits.time,
            limits: limits.build(),
            loaded,
            lent,
        }
    }

    /// A handle for a secret, which is live from now on.
    pub(crate) fn hand_out(&mut self, secret: Secret) -> wasmtime::Result<Resource<Secret>> {
        if !self.live.iter().any(|known| known.is(&secret)) {
            self.live.push(secret.clone());
            self.count_secrets()?;
        }
        Ok(self.table.push(secret)?)
    }

    /// So that scrubbing can't be made to take long.
    pub(crate) fn count_secrets(&self) -> wasmtime::Result<()> {
        if self.live.len() <= MOST_LIVE {
            return Ok(());
        }
        Err(Overstepped(format!("it had to do with more than {MOST_LIVE} secrets")).into())
    }

    /// Counts a text that was searched for every live secret.
    pub(crate) fn count_searched(&mut self, text: usize) -> wasmtime::Result<()> {
        self.searched = self.searched.saturating_add(text.saturating_mul(self.live.len()));
        if self.searched <= MOST_SEARCHED {
            return Ok(());
        }
        Err(Overstepped(format!("it read more than {} MiB, counted for each secret", MOST_SEARCHED >> 20)).into())
    }

    pub(crate) fn count_request(&mut self) -> wasmtime::Result<()> {
        self.requests += 1;
        self.trouble = None;
        let most = self.lent.limits.requests;
        if self.requests > most { Err(Overstepped(format!("at most {most} requests in a call")).into()) } else { Ok(()) }
    }

    /// A request ends a little before the call does, so that its failure is still told as what it is.
    pub(crate) fn measure(&self) -> Measure {
        let left = self.deadline.saturating_duration_since(Instant::now());
        Measure { time: left.mul_f32(0.9).min(self.lent.limits.request), largest: self.lent.limits.answer }
    }

    /// A denial quotes what a component wrote, cut: that may be a secret, however the component learnt it. A line without it allows nothing.
    pub(crate) fn scrubbed(&self, denial: Denial) -> Denial {
        let clean = |text: &str| scrub_cut(text, &self.live).into_owned();
        let (what, rule, hint) = (clean(&denial.what), clean(&denial.rule), clean(&denial.hint));
        let allow = denial.allow.filter(|allow| {
            let (Allow::Manifest(text) | Allow::Option(text)) = allow;
            matches!(scrub_cut(text, &self.live), Cow::Borrowed(_))
        });
        Denial { what, rule, hint, allow }
    }

    /// What a person may be shown of a text that a component returned.
    pub(crate) fn shown(&self, text: &str) -> String {
        self.shown_up_to(text, 500)
    }

    pub(crate) fn shown_up_to(&self, text: &str, characters: usize) -> String {
        presentable(&scrub(text, &self.live), characters)
    }
}

/// A component that runs.
pub(crate) struct Run {
    pub(crate) store: Store<Call>,
    pub(crate) instance: Instance,
    deadline: Instant,
    _place: Place,
}

impl Run {
    /// Instantiates the component for one call.
    pub(crate) async fn start(mut call: Call) -> Result<Self, Error> {
        let (loaded, lent) = (call.loaded.clone(), call.lent.clone());
        let place = loaded.share.place().await?;
        // The time spent in the queue is not the call's.
        let deadline = Instant::now() + lent.limits.time;
        call.deadline = deadline;
        let mut store = Store::new(loaded.pre.engine(), call);
        store.limiter(|call| &mut call.limits);
        store.set_hostcall_fuel(MOST_COPIED);
        store.set_epoch_deadline(1);
        let mut ticks = (lent.limits.computing.as_millis() / TICK.as_millis()) as u64;
        let computing = lent.limits.computing;
        store.epoch_deadline_callback(move |store| {
            if !store.data().turn.is_long(std::time::Instant::now()) {
                return Ok(UpdateDeadline::Continue(1));
            }
            ticks = ticks.checked_sub(1).ok_or_else(|| Overstepped(format!("it computed for more than {computing:?}")))?;
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(store.data().turn.go_on())))
        });
        let started = tokio::time::timeout_at(deadline, async {
            store.data().turn.begin().await;
            loaded.pre.instantiate_async(&mut store).await
        });
        let started = started.await;
        let instance = match started {
            Ok(Ok(instance)) => instance,
            Ok(Err(error)) => return Err(stopped(store.data(), &error)),
            Err(_) => return Err(too_long(&loaded, lent.limits.time)),
        };
        Ok(Self { store, instance, deadline, _place: place })
    }

    /// Lends the client. Its secrets are live, whether the component asks for them or not.
    pub(crate) fn lend(&mut self, client: &Client) -> Result<Resource<Lent>, Error> {
        let call = self.store.data_mut();
        call.settings = Arc::new(call.loaded.manifest.settings_of(client)?);
        call.identity = Identity::of(&call.loaded.manifest, client)?;
        call.live.extend(client.secrets.values().cloned());
        let held = call
            .table
            .push(Lent { client: client.clone(), settings: call.settings.clone() })
            .map_err(|error| Error::Host(error.to_string()))?;
        Ok(Resource::new_borrow(held.rep()))
    }

    /// Puts what the service said into what URLs are filled with, where the manifest takes it.
    pub(crate) fn fill<'v>(&mut self, said: impl Fn(&str, &Extra) -> Option<&'v str>) -> Result<(), Error> {
        let call = self.store.data_mut();
        let loaded = call.loaded.clone();
        if loaded.manifest.extras.is_empty() {
            return Ok(());
        }
        Ok(crate::manifest::fill(&loaded.manifest.extras, said, Arc::make_mut(&mut call.settings))?)
    }

    /// Lends a secret.
    pub(crate) fn borrow(&mut self, secret: &Secret) -> Result<Resource<Secret>, Error> {
        let held = self.store.data_mut().hand_out(secret.clone()).map_err(|error| Error::Host(error.to_string()))?;
        Ok(Resource::new_borrow(held.rep()))
    }

    /// Runs an exported function that may answer with an error of the contract.
    pub(crate) async fn call<P, T>(&mut self, function: &ComponentExportIndex, params: P) -> Result<T, Error>
    where
        P: ComponentNamedList + Lower + Send,
        (Result<T, wit::Error>,): ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let answer = self.invoke(function, params).await?;
        let call = self.store.data_mut();
        answer.map_err(|error| match call.trouble.take() {
            Some(trouble) => trouble.into(),
            None => service_error(call, error).into(),
        })
    }

    /// Runs an exported function. Its type alone is looked at: that of all of them would take longer than most calls.
    pub(crate) async fn invoke<P, T>(&mut self, function: &ComponentExportIndex, params: P) -> Result<T, Error>
    where
        P: ComponentNamedList + Lower + Send,
        (T,): ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let function = self.instance.get_typed_func::<P, (T,)>(&mut self.store, function);
        let outcome = match function {
            Ok(function) => tokio::time::timeout_at(self.deadline, function.call_async(&mut self.store, params)).await,
            Err(error) => Ok(Err(error)),
        };
        let call = self.store.data();
        match outcome {
            Ok(Ok((answer,))) => Ok(answer),
            Ok(Err(error)) => Err(stopped(call, &error)),
            Err(_) => Err(too_long(&call.loaded, call.lent.limits.time)),
        }
    }
}

fn service_error(call: &Call, error: wit::Error) -> ServiceError {
    let kind = match error.kind {
        wit::ErrorKind::InvalidGrant => ErrorKind::InvalidGrant,
        wit::ErrorKind::InvalidToken => ErrorKind::InvalidToken,
        wit::ErrorKind::InvalidClient => ErrorKind::InvalidClient,
        wit::ErrorKind::AccessDenied => ErrorKind::AccessDenied,
        wit::ErrorKind::AdminApprovalRequired => ErrorKind::AdminApprovalRequired,
        wit::ErrorKind::RedirectMismatch => ErrorKind::RedirectMismatch,
        wit::ErrorKind::RateLimited => ErrorKind::RateLimited,
        wit::ErrorKind::TemporarilyUnavailable => ErrorKind::TemporarilyUnavailable,
        wit::ErrorKind::InsufficientScope => ErrorKind::InsufficientScope,
        wit::ErrorKind::Unsupported => ErrorKind::Unsupported,
        wit::ErrorKind::Other => ErrorKind::Other,
    };
    let shown = |text: Option<String>| text.map(|text| call.shown(&text));
    let retry_after = error.retry_after.map(|seconds| Duration::from_secs(seconds).min(crate::convert::LONGEST));
    let (code, description) = (shown(error.code), shown(error.description));
    // Here, where the service's words have been cut: they leave room for it.
    let description = match (call.loaded.manifest.protocol.advice(code.as_deref(), description.as_deref()), description) {
        (Some(advice), Some(said)) => Some(format!("{}. {advice}", said.trim_end_matches('.'))),
        (Some(advice), None) => Some(advice.to_owned()),
        (None, said) => said,
    };
    ServiceError { kind, code, description, retry_after }
}

/// Why a component stopped before it answered.
fn stopped(call: &Call, error: &wasmtime::Error) -> Error {
    let provider = call.loaded.manifest.id.clone();
    if let Some(Overstepped(limit)) = error.downcast_ref() {
        return Error::Limit { provider, limit: limit.clone() };
    }
    if let Some(Trap::StackOverflow) = error.downcast_ref() {
        return Error::Limit { provider, limit: "it called itself too deeply".into() };
    }
    let causes: Vec<_> = error.chain().map(|cause| cause.to_string()).collect();
    let said = |text: &str| causes.iter().any(|cause| cause.contains(text));
    if said("forcing trap when growing memory") {
        return Error::Limit { provider, limit: format!("it wanted more than {} MiB of memory", call.lent.limits.memory >> 20) };
    }
    if said("forcing trap when growing table") {
        return Error::Limit { provider, limit: format!("it wanted a table of more than {TABLE_ELEMENTS} entries") };
    }
    if said("too much data is being copied") {
        return Error::Limit { provider, limit: format!("it passed more than {} KiB to the host at once", MOST_COPIED >> 10) };
    }
    if said("resource table has no free keys") {
        return Error::Limit { provider, limit: format!("it held more than {MOST_HANDLES} handles") };
    }
    let what = match (&call.last_words, causes.last()) {
        (Some(words), _) => format!("broke off: {words}"),
        (None, Some(cause)) => format!("broke off: {}", call.shown(cause)),
        (None, None) => "broke off".to_owned(),
    };
    Error::Provider { provider, what }
}

fn too_long(loaded: &Loaded, time: Duration) -> Error {
    Error::Limit { provider: loaded.manifest.id.clone(), limit: format!("its call took longer than {time:?}") }
}
