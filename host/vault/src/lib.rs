//! Keeps OAuth clients and connections sealed, and has a valid access token whenever somebody wants one.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use jeton_runtime::{Client, CurrentTokens, Error, Grant, GrantKind, Secret, Tokens};
//! use jeton_vault::{BoxFuture, KeySource, NewConnection, Providers, Vault};
//!
//! /// Stands in for the runtime: a service that gives "fresh" for every refresh.
//! struct Service;
//!
//! impl Providers for Service {
//!     fn refresh<'a>(
//!         &'a self,
//!         _provider: &'a str,
//!         _client: &'a Client,
//!         _tokens: &'a CurrentTokens,
//!     ) -> BoxFuture<'a, Result<Tokens, Error>> {
//!         Box::pin(async { Ok(tokens("fresh", 3600)) })
//!     }
//! }
//!
//! fn tokens(access: &str, seconds: u64) -> Tokens {
//!     Tokens {
//!         access: Secret::new("access-token", access),
//!         refresh: Some(Secret::new("refresh-token", "r1")),
//!         id_token: None,
//!         expires_in: Some(Duration::from_secs(seconds)),
//!         refresh_expires_in: None,
//!         answered_at: None,
//!         scope: None,
//!         extras: vec![],
//!     }
//! }
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! # let home = tempfile::tempdir().unwrap();
//! # let home = home.path();
//! // The store and its key are made on first use, readable by their owner alone.
//! let vault = Vault::open(&home.join("jeton.db"), KeySource::File(home.join("jeton.key"))).await?;
//!
//! let mut client = Client { id: "my-app".to_owned(), ..Client::default() };
//! client.secrets.insert("client-secret".to_owned(), Secret::new("client-secret", "s3cret"));
//! vault.add_client(&"mine".parse()?, "box", &client).await?;
//!
//! // Somebody signed in: keep what came of it.
//! let name = "work".parse()?;
//! let grant = Grant::new(GrantKind::AuthorizationCode, vec![]);
//! let new = NewConnection {
//!     name: &name,
//!     client: &"mine".parse()?,
//!     grant: &grant,
//!     tokens: &tokens("stale", 5),
//!     account: None,
//!     replace: false,
//! };
//! vault.save(new).await?;
//!
//! // Five seconds are too few, so the service is asked; the second call finds the new token in the store.
//! let providers: Arc<dyn Providers> = Arc::new(Service);
//! for _ in 0..2 {
//!     let token = vault.access_token(&name, Duration::from_secs(60), &providers).await?;
//!     assert_eq!(token.secret.reveal_text(), Some("fresh"));
//! }
//! # Ok::<(), jeton_vault::Error>(())
//! # }).unwrap();
//! ```
//!
//! # What it promises
//!
//! - **One refresh.** All callers of a process share one; processes that share the file take turns by a lease in the row.
//! - **On disk first.** New tokens are handed out after the transaction that holds them is durable, never before.
//! - **Nothing is lost.** No error deletes or overwrites what was stored, and a store that exists never gets a new key.
//! - **Sealed.** Secrets leave this crate's memory as XChaCha20-Poly1305 only, bound to their row, column, provider and generation. The
//!   data key lies in the store, wrapped by a master key that doesn't: see [`KeySource`].
//!
//! # Where what is
//!
//! `vault` opens; `clients`, `connections` and `storage` are what is kept; `refresh` is the reason for it all; `seal`, `key` and `pairs`
//! are the sealing; `store` is the seam to a database, and all SQL is below it.

mod account;
mod backup;
mod candidates;
mod clients;
mod clock;
mod connections;
mod data_keys;
mod error;
mod glance;
mod keep_alive;
mod key;
mod log;
mod name;
mod options;
mod pairs;
mod private_file;
mod refresh;
mod rekey;
mod replay;
mod seal;
mod sealed_tokens;
mod storage;
mod store;
mod vault;

pub use backup::Contents;
pub use candidates::{Accepted, Settled};
pub use clients::ClientInfo;
pub use connections::{ConnectionInfo, NewConnection, Status};
pub use error::{Error, Result};
/// What [`Providers`] answer with: a boxed future that can be sent to other threads.
pub use futures_util::future::BoxFuture;
pub use glance::glance;
pub use keep_alive::{Due, KeepAlive, KeptAlive};
pub use key::KeySource;
pub use log::LogEntry;
pub use name::{ClientName, ConnectionName};
pub use options::{Options, StoreSource};
pub use refresh::{AccessToken, Providers};
pub use rekey::Rekeyed;
pub use vault::Vault;
