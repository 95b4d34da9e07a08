//! What can go wrong in the emulator itself. Refusals that the emulated services answer are not errors here.

use std::net::SocketAddr;

/// Why the emulator, or a client of it, couldn't do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is taken, or loopback isn't available.
    #[error("the emulator can't listen on {addr}: {source}; choose another port, or 0 for any free one")]
    Listen {
        /// Where it was to listen.
        addr: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The thread that serves couldn't be started.
    #[error("the emulator can't start its thread: {0}")]
    Thread(std::io::Error),
    /// The certificate of this run couldn't be made.
    #[error("the emulator can't make its certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS couldn't be set up.
    #[error("the emulator can't set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// A URL that the client was given doesn't parse.
    #[error("`{url}` is not a URL: {reason}")]
    Url {
        /// The text that was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The connection to the emulator broke, which is what several faults are for.
    #[error("no answer from the emulator: {0}")]
    NoAnswer(String),
    /// The scripted person met a page that has neither a sign-in form nor a consent form.
    #[error("the service answered {status} instead of asking for consent: {text}")]
    NotAsked {
        /// The status of the page.
        status: u16,
        /// The page, without its markup.
        text: String,
    },
}
