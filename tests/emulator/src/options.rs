//! How an emulator is to be started.

use std::time::Duration;

use crate::generic_service::Facts;

/// Settings of one emulator. The defaults suit a test.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// What tokens, codes and ids are made from. The same seed gives the same names in the same order.
    pub seed: u64,
    /// How many requests the journal remembers.
    pub journal: JournalSize,
    /// The emulator stops after this long in real time, even if its owner hangs.
    pub max_lifetime: Duration,
    /// Whether TLS 1.2 is all that is spoken.
    pub old_tls: bool,
    /// Further services, made from facts. Where they name a host that another service has too, it is theirs.
    pub generic: Vec<Facts>,
}

/// How much the journal remembers. The counters per endpoint are kept in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalSize {
    /// Only the counters: for benchmarks.
    Off,
    /// The latest so many requests.
    Latest(usize),
}

impl Default for Options {
    fn default() -> Self {
        let (journal, max_lifetime) = (JournalSize::Latest(10_000), Duration::from_secs(600));
        Self { port: 0, seed: 1, journal, max_lifetime, old_tls: false, generic: Vec::new() }
    }
}
