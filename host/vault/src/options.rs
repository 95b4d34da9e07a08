//! Which store, and how the vault behaves.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the store is.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreSource {
    /// An SQLite database in a file: for one machine.
    File(PathBuf),
    /// A PostgreSQL database by its address, `postgres://USER:PASSWORD@HOST/DATABASE`: for servers that share it.
    ///
    /// Over a network the server must show a certificate for its name, unless the address has another `sslmode`.
    Postgres(String),
}

impl From<&str> for StoreSource {
    /// An address that begins with `postgres://` or `postgresql://`; anything else is a path.
    fn from(text: &str) -> Self {
        match text.starts_with("postgres://") || text.starts_with("postgresql://") {
            true => Self::Postgres(text.to_owned()),
            false => Self::File(text.into()),
        }
    }
}

impl From<&Path> for StoreSource {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&PathBuf> for StoreSource {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl std::fmt::Debug for StoreSource {
    /// Without the address, in which there may be a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres(..)"),
        }
    }
}

/// How a vault behaves. The default is right for most.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Who acts, for the log: a user and machine, or a server's name. Default: the process.
    pub actor: String,
    /// How long others watch a refresh that shows no sign of life before they take it over. Default: 30 seconds.
    ///
    /// Whoever is stopped or cut off from the store for longer, with a request under way, may find the tokens replaced.
    pub lease: Duration,
    /// How long a provider may take for a refresh. Default: two minutes.
    pub refresh_timeout: Duration,
    /// How long it is tried to write tokens that the service has given. Default: five minutes.
    pub write_patience: Duration,
    /// Connections to a PostgreSQL database, of which one listens. Default: 8.
    pub database_connections: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            actor: format!("process {}", std::process::id()),
            lease: Duration::from_secs(30),
            refresh_timeout: Duration::from_secs(120),
            write_patience: Duration::from_secs(300),
            database_connections: 8,
        }
    }
}
