//! What these tests stand on: secrets that are long enough to be cut, and a store that shows what a component has read.

use std::sync::Arc;

use jeton_hostile::Service;
use jeton_runtime::{Client, CurrentTokens, Limits, MemoryStorage, Provider, Runtime, Secret, Storage};

pub const ACCESS: &str = "access+token/of~the-first_connection";
pub const REFRESH: &str = "refresh+token/of~the-first_connection";
pub const CLIENT_SECRET: &str = "client+secret/of~the-only_application";
pub const PRIVATE_KEY: &str = "private+key/of~the-only_application";

/// A provider, and what it keeps. An attempt keeps what it has read: the store is not scrubbed, so that it shows what the component saw.
pub struct Stage {
    pub provider: Provider,
    pub runtime: Runtime,
    storage: Arc<MemoryStorage>,
}

impl Stage {
    pub async fn new(service: &Arc<Service>, file: &[u8]) -> Self {
        let storage = Arc::new(MemoryStorage::default());
        let limits = Limits { calls: 4, ..Limits::default() };
        let cache = concat!(env!("CARGO_TARGET_TMPDIR"), "/secrets");
        let builder = Runtime::builder().limits(limits).cache(cache).transport(service.clone()).storage(storage.clone());
        let runtime = builder.build().unwrap();
        let provider = runtime.load(file).await.unwrap();
        Self { provider, runtime, storage }
    }

    /// What the component kept under a name.
    pub async fn kept(&self, name: &str) -> Option<String> {
        self.storage.get(&self.provider.manifest().id, name).await.unwrap()
    }
}

pub fn client() -> Client {
    let secret = |kind: &str, bytes: &str| (kind.to_owned(), Secret::new(kind, bytes));
    Client { id: "app".to_owned(), secrets: [secret("client-secret", CLIENT_SECRET)].into(), ..Client::default() }
}

pub fn client_with_key() -> Client {
    let mut client = client();
    client.secrets.insert("private-key".to_owned(), Secret::new("private-key", PRIVATE_KEY));
    client
}

/// The tokens of a connection, with orders for the attempt.
pub fn ordered(orders: &[(&str, &str)]) -> CurrentTokens {
    tokens(ACCESS, REFRESH, orders)
}

pub fn tokens(access: &str, refresh: &str, orders: &[(&str, &str)]) -> CurrentTokens {
    CurrentTokens {
        access: Some(Secret::new("access-token", access)),
        refresh: Some(Secret::new("refresh-token", refresh)),
        scope: None,
        extras: orders.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    }
}

/// How many characters of `secret` stand in `text` in a row, whatever their case.
pub fn shared(text: &str, secret: &str) -> usize {
    let (text, secret) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let holds = |length: usize| secret.as_bytes().windows(length).any(|part| text.as_bytes().windows(length).any(|at| at == part));
    (1..=secret.len()).take_while(|length| holds(*length)).last().unwrap_or_default()
}

/// A text in JSON's quotes.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
