//! What a worker says, one JSON line each, so that it is known even of one that was killed how far it got.

use std::io::Write as _;

use serde::{Deserialize, Serialize};

/// One line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    /// Nanoseconds of the clock that never jumps and is the same for all processes of a machine.
    pub at: u64,
    /// What happened.
    pub event: Event,
}

/// What happened in a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The store is open and the component loaded.
    Ready,
    /// The provider is about to be asked, with this refresh token.
    Asking(String),
    /// It gave new tokens for this one.
    Got(String),
    /// It gave none.
    Failed(String),
    /// The vault handed this access token out.
    Token(String),
    /// The vault says that a person must sign in again, for this reason.
    Reauthorize(String),
    /// The vault says anything else: try again, the database is gone.
    Trouble(String),
    /// The loop has stopped.
    Stopped,
}

/// Now, for [`Line::at`].
pub fn now() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(time.tv_sec).unwrap_or_default() * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or_default()
}

/// Says it. It is in the pipe when this returns, and stays there whatever becomes of the process.
pub fn say(event: Event) {
    if let Ok(mut line) = serde_json::to_vec(&Line { at: now(), event }) {
        line.push(b'\n');
        let mut out = std::io::stdout().lock();
        // Nobody listens any more: then nobody is interested.
        let _ = out.write_all(&line).and_then(|()| out.flush());
    }
}
