//! Local stand-ins for the services that Jeton speaks to.
//!
//! One [`Emulator`] serves them over TLS under their own host names, so that a client needs nothing but a host mapping and a certificate
//! authority to meet it in place of the real service. Time is virtual, trouble can be ordered, and every request is written down. Box is the
//! first service; what it does and doesn't do is in [`BoxService`].
//!
//! ```
//! use std::time::Duration;
//! use jeton_emulator::{App, Decision, Emulator, Fault, Matcher, Options};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::start(Options::default()).await?;
//! emulator.box_service().register_app(App::new("an-id", "a-secret").redirect_uri("http://127.0.0.1/cb"))?;
//!
//! // A person signs in and grants access.
//! let url = "https://account.box.com/api/oauth2/authorize?response_type=code&client_id=an-id&state=7&redirect_uri=http://127.0.0.1:5000/cb";
//! let back = emulator.consent(url, Decision::Grant).await?;
//! assert_eq!(back.port(), Some(5000));
//!
//! // Half a minute later the code is worth nothing.
//! emulator.clock().advance(Duration::from_secs(31));
//! let code = back.query_pairs().find(|(name, _)| name == "code").ok_or("no code")?.1;
//! let form = [("grant_type", "authorization_code"), ("code", &*code), ("client_id", "an-id"), ("client_secret", "a-secret")];
//! let answer = emulator.client().post("https://api.box.com/oauth2/token", &form).await?;
//! assert_eq!(answer.status(), 400);
//! assert!(answer.body().ends_with(br#""The authorization code has expired"}"#));
//!
//! // The next request is lost on its way.
//! emulator.faults().inject(Fault::DropBefore, Matcher::any().path("/oauth2/token"), 1);
//! assert!(emulator.client().post("https://api.box.com/oauth2/token", &form).await.is_err());
//! assert_eq!(emulator.journal().count(|entry| entry.grant_type.as_deref() == Some("authorization_code")), 2);
//! # Ok(())
//! # }
//! ```
//!
//! Jeton itself takes `--resolve` with each of [`Emulator::resolve_arguments`] and `--ca-file` with [`Emulator::ca_pem`]. A browser takes
//! `--host-resolver-rules`. Programs in other processes turn the knobs through the control API, see [`control`].
//!
//! # Pages
//!
//! The pages of all services have the same ids, work without JavaScript, and say that they aren't the service's own. The sign-in page has
//! `login`, `password` and `sign-in`; the consent page has `grant` and `deny`; the error page has `error` and `error-description`. A browser
//! that has signed in keeps a cookie and sees the consent page at once the next time. The user is `ada@example.com`, the password
//! `emulator`.

mod authority;
mod back;
mod box_service;
mod client;
mod clock;
mod consent;
pub mod control;
mod credentials;
mod device;
pub mod dropbox_service;
mod emulator;
mod error;
mod fault;
mod faulty;
mod form;
mod front;
pub mod generic_service;
pub mod google_service;
mod grants;
mod journal;
mod json;
mod jwt;
mod lifetimes;
mod listener;
mod lock;
pub mod microsoft_service;
mod mint;
mod options;
mod page;
mod pages;
mod people;
mod pkce;
mod redirect;
mod service;
mod shelf;
mod sign_in;
mod signing;
mod uri;

pub use box_service::{App, AppState, BoxService, Claim, ExpiredError, Issued, PublicKey, Refusal, RegistrationError};
pub use client::Client;
pub use clock::Clock;
pub use consent::Decision;
pub use emulator::Emulator;
pub use error::Error;
pub use fault::{Fault, Faults, Matcher, RetryAfter};
pub use google_service::GoogleService;
pub use journal::{Entry, Journal};
pub use lifetimes::{Lifetimes, Rotation};
pub use microsoft_service::MicrosoftService;
pub use options::{JournalSize, Options};
pub use people::User;
pub use redirect::RedirectRule;
