//! Loads OAuth providers as sandboxed WebAssembly components, lends them HTTP, secrets and callbacks, and calls them.
//!
//! ```no_run
//! use jeton_runtime::{Client, CurrentTokens, Grant, GrantKind, Runtime, Secret, Step};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let runtime = Runtime::builder().cache("/var/cache/acme/providers").build()?;
//! let provider = runtime.load(std::fs::read("box.wasm")?).await?;
//!
//! // What was registered in the service's developer console.
//! let client = Client {
//!     id: "client-id".into(),
//!     secrets: [("client-secret".into(), Secret::new("client-secret", "…"))].into(),
//!     ..Client::default()
//! };
//!
//! // A person signs in: open `url` in a browser, and pass on what it brings back to the redirect URI.
//! let grant = Grant::new(GrantKind::AuthorizationCode, vec!["root_readonly".into()]);
//! let redirect_uri = "http://127.0.0.1:4000/callback".to_owned();
//! let Step::Visit { url, flow } = provider.begin(&client, &grant, &redirect_uri).await? else { unreachable!() };
//! println!("Open {url}");
//! let query = "code=…&state=…"; // from your listener
//! let Step::Done(tokens) = provider.resume(&client, &flow, &flow.returned(query)?).await? else { unreachable!() };
//!
//! // Later.
//! let current = CurrentTokens { refresh: tokens.refresh, ..CurrentTokens::default() };
//! let tokens = provider.refresh(&client, &current).await?;
//! # Ok(()) }
//! ```
//!
//! The component sees neither the client's secret nor the code nor a token: it holds [`Secret`]s as handles and says which endpoint of
//! its [`Manifest`] they go to. This crate keeps nothing: `jeton-vault` does.
//!
//! An embedder may bring its own HTTP stack ([`Transport`]), store for providers' small values ([`Storage`]) and redirect URIs
//! ([`Callback`]). Everything runs on tokio.

mod address;
mod answer;
mod api_request;
mod authorization;
mod bindings;
mod cache;
mod call;
mod capability;
mod convert;
mod engine;
mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod identity;
mod load;
pub mod manifest;
mod model;
mod place;
mod policy;
pub mod private_key;
mod provider;
mod runtime;
mod scrub;
mod secret;
mod transport;

pub use address::{Mapping, Mappings, is_public};
pub use answer::retry_after;
pub use api_request::ApiRequest;
pub use capability::callback::{Callback, Flow, Returned};
pub use capability::crypto::{new_key, new_pair};
pub use capability::storage::{MOST_VALUES, MemoryStorage, Storage, StorageError};
pub use error::{Allow, Denial, Error, ErrorKind, Remedy, ServiceError};
pub use identity::Identity;
pub use load::{Inspection, SECTION, code, inspect};
pub use manifest::Manifest;
pub use model::{Account, Client, CurrentTokens, Grant, GrantKind, TokenType, Tokens, Verdict};
pub use provider::{ApiAnswer, ApiHeader, DevicePrompt, Provider, Step};
pub use runtime::{Builder, Limits, Runtime};
pub use scrub::presentable;
pub use secret::Secret;
pub use transport::{Https, Incoming, Lookup, Outgoing, Transport, TransportError};
