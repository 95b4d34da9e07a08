//! The runtime: one engine, and what its providers are lent.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use wasmtime::Engine;

use crate::address::{Mapping, Mappings};
use crate::capability::storage::{MemoryStorage, Storage};
use crate::place::Places;
use crate::transport::{Https, Lookup, Transport};
use crate::{Error, Provider, engine, load};

/// What one call, and all of them together, may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Calls at once, of which one provider has at most half; more wait for their turn.
    pub calls: u32,
    /// How long a call may wait for its turn.
    pub queue: Duration,
    /// Bytes of memory of one call.
    pub memory: usize,
    /// How long one call may compute.
    pub computing: Duration,
    /// How long one call may take in all, waiting for the service included.
    pub time: Duration,
    /// How long one request may take.
    pub request: Duration,
    /// Requests of one call.
    pub requests: u32,
    /// Bytes of one answer.
    pub answer: usize,
    /// Bytes of a component file.
    pub component: usize,
    /// How long it may take to compile one, waiting for others that are compiled included.
    pub compiling: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 256,
            queue: Duration::from_secs(60),
            memory: 64 << 20,
            computing: Duration::from_secs(1),
            time: Duration::from_secs(60),
            request: Duration::from_secs(30),
            requests: 8,
            answer: 1 << 20,
            component: 32 << 20,
            compiling: Duration::from_secs(120),
        }
    }
}

/// What all providers are lent.
pub(crate) struct Capabilities {
    pub(crate) limits: Limits,
    pub(crate) places: Places,
    /// Where components are compiled.
    pub(crate) workbenches: Arc<Semaphore>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) storage: Arc<dyn Storage>,
}

/// Loads providers. Cheap to clone; one for a process is enough.
#[derive(Clone)]
pub struct Runtime {
    engine: Engine,
    lent: Arc<Capabilities>,
}

/// How a [`Runtime`] is to be.
#[derive(Default)]
pub struct Builder {
    limits: Limits,
    cache: Option<PathBuf>,
    mappings: Vec<Mapping>,
    certificates: Vec<Vec<u8>>,
    lookup: Option<Arc<dyn Lookup>>,
    transport: Option<Arc<dyn Transport>>,
    storage: Option<Arc<dyn Storage>>,
    memory: Option<HostMemory>,
}

/// Who makes the memory of instances, where that isn't wasmtime's pool.
pub(crate) type HostMemory = Arc<dyn wasmtime::MemoryCreator>;

impl Runtime {
    /// Begins to say how it is to be.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Loads a provider from the bytes of its component file.
    ///
    /// # Errors
    /// The file is no component, its manifest has mistakes, it wants what isn't lent, or it doesn't start.
    pub async fn load(&self, file: impl Into<Vec<u8>>) -> Result<Provider, Error> {
        load::load(&self.engine, self.lent.clone(), file.into()).await
    }

    /// The limits of its calls.
    pub fn limits(&self) -> &Limits {
        &self.lent.limits
    }
}

impl Builder {
    /// Other limits than the default ones.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Keeps compiled components in a folder, which is made for this user alone. Without it each load compiles.
    pub fn cache(mut self, folder: impl AsRef<Path>) -> Self {
        self.cache = Some(folder.as_ref().to_owned());
        self
    }

    /// Sends requests for a host and port elsewhere, as `curl --resolve` does. For [`Https`].
    pub fn resolve(mut self, mappings: impl IntoIterator<Item = Mapping>) -> Self {
        self.mappings.extend(mappings);
        self
    }

    /// Trusts the certificates of a PEM file besides the system's. For [`Https`].
    pub fn trust(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificates.push(pem.into());
        self
    }

    /// Looks names up by something else than the system. For [`Https`].
    pub fn lookup(mut self, lookup: Arc<dyn Lookup>) -> Self {
        self.lookup = Some(lookup);
        self
    }

    /// Sends requests by something else than [`Https`].
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Keeps providers' values in something else than memory.
    pub fn storage(mut self, storage: Arc<dyn Storage>) -> Self {
        self.storage = Some(storage);
        self
    }

    /// Makes instances' memory by something else than wasmtime's pool, so that a test can read it.
    #[cfg(feature = "host-memory")]
    pub fn host_memory(mut self, memory: Arc<dyn wasmtime::MemoryCreator>) -> Self {
        self.memory = Some(memory);
        self
    }

    /// Builds it.
    ///
    /// # Errors
    /// The cache folder can't be used, a certificate can't be read, or the system has no room for the engine.
    pub fn build(self) -> Result<Runtime, Error> {
        let engine = engine::engine(&self.limits, self.cache.as_deref(), self.memory)?;
        let transport = match self.transport {
            Some(transport) => transport,
            None => {
                let mappings = Mappings::new(self.mappings);
                Arc::new(match self.lookup {
                    Some(lookup) => Https::with_lookup(mappings, &self.certificates, lookup)?,
                    None => Https::new(mappings, &self.certificates)?,
                })
            }
        };
        let storage = self.storage.unwrap_or_else(|| Arc::new(MemoryStorage::default()));
        let (places, workbenches) = (Places::new(&self.limits), load::workbenches());
        Ok(Runtime { engine, lent: Arc::new(Capabilities { limits: self.limits, places, workbenches, transport, storage }) })
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("limits", &self.lent.limits).finish_non_exhaustive()
    }
}
