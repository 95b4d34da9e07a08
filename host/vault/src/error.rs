//! What can go wrong, told to the person who must act. No error holds a secret.

use std::time::SystemTime;

use jeton_runtime::Remedy;

/// What every function of the vault answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the vault couldn't do what was asked. Whatever it is, nothing that was stored is lost by it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no name.
    #[error("this is not a {what}'s name: {mistake}")]
    InvalidName {
        /// "connection" or "client".
        what: &'static str,
        /// What is wrong with it.
        mistake: String,
    },

    /// There is no such connection.
    #[error("there is no connection {name:?}")]
    UnknownConnection {
        /// The name that was asked for.
        name: String,
        /// The one that was perhaps meant.
        closest: Option<String>,
    },

    /// There is no such client.
    #[error("there is no client {name:?}")]
    UnknownClient {
        /// The name that was asked for.
        name: String,
        /// The one that was perhaps meant.
        closest: Option<String>,
    },

    /// The connection's name is taken.
    #[error("there is a connection {0:?} already")]
    ConnectionExists(String),

    /// The client's name is taken.
    #[error("there is a client {0:?} already")]
    ClientExists(String),

    /// Connections depend on the client.
    #[error("the client {name:?} is used by {}", .connections.join(", "))]
    ClientInUse {
        /// The client.
        name: String,
        /// The connections that use it.
        connections: Vec<String>,
    },

    /// The connection has no access token and can't get one without a person.
    #[error("the connection {name:?} needs a new sign-in: {reason}")]
    Reauthorize {
        /// The connection.
        name: String,
        /// Its provider.
        provider: String,
        /// Why.
        reason: String,
    },

    /// The service can't be used at the moment.
    #[error("the connection {name:?} couldn't be refreshed: {reason}")]
    Retry {
        /// The connection.
        name: String,
        /// Why.
        reason: String,
        /// Not before this, where the service said so.
        retry_at: Option<SystemTime>,
    },

    /// The provider failed in another way.
    #[error("the connection {name:?} couldn't be refreshed: {source}")]
    Provider {
        /// The connection.
        name: String,
        /// What the runtime says.
        source: Box<jeton_runtime::Error>,
    },

    /// The refresh was stopped with the program, or its provider panicked.
    #[error("the refresh of the connection {0:?} was interrupted")]
    Interrupted(String),

    /// What a restore would replace.
    #[error("the store {store} already has {}", .taken.join(", "))]
    Occupied {
        /// Which store: a file, or a database without its password.
        store: String,
        /// Connections and clients, in words.
        taken: Vec<String>,
        /// Whether `replace` would help.
        replaceable: bool,
    },

    /// A backup never overwrites.
    #[error("there is a file {0} already")]
    FileExists(String),

    /// No store there.
    #[error("there is no store at {}", .0)]
    NoStore(String),

    /// Something else is in the store's place.
    #[error("{} is not a store of Jeton: {what}", .store)]
    NotAStore {
        /// Which store: a file, or a database without its password.
        store: String,
        /// What it is instead.
        what: String,
    },

    /// A later Jeton wrote it.
    #[error("the store {} was written by a newer Jeton: its schema is {found}, this one knows {known}", .store)]
    NewerStore {
        /// Which store: a file, or a database without its password.
        store: String,
        /// The schema it has.
        found: i64,
        /// The latest schema known here.
        known: i64,
    },

    /// The store can't be read or written.
    #[error("the store {}: {what}", .store)]
    Store {
        /// Which store: a file, or a database without its password.
        store: String,
        /// What the system or SQLite says.
        what: String,
        /// What to do.
        hint: String,
        /// Who must act.
        remedy: Remedy,
    },

    /// The master key is gone, and a new one would be of no use.
    #[error("{key} is missing, and the store {} can't be unsealed without it. What it holds: {lost}", .store)]
    KeyMissing {
        /// Which key.
        key: String,
        /// Which store.
        store: String,
        /// What is lost with the key.
        lost: String,
        /// How to get it back.
        hint: String,
    },

    /// Another passphrase made the store's key.
    #[error("this isn't the passphrase of the store {store}")]
    WrongPassphrase {
        /// Which store.
        store: String,
        /// What is lost where nobody knows the passphrase any more.
        lost: String,
    },

    /// Refreshed tokens were seen, and now older ones are back in their place.
    #[error("the connection {name:?} was put back to an earlier state in {store}: this process has seen newer tokens of it")]
    Replayed {
        /// The connection.
        name: String,
        /// Which store.
        store: String,
    },

    /// It is the key of another store.
    #[error("{key} is not the key of the store {}: it is {found}, the store was sealed with {expected}", .store)]
    WrongKey {
        /// Which key.
        key: String,
        /// Which store.
        store: String,
        /// Fingerprint of the key that was found.
        found: String,
        /// Fingerprint of the key that is needed.
        expected: String,
        /// Where to look for it.
        hint: String,
    },

    /// The master key can't be read or made.
    #[error("{key}: {what}")]
    Key {
        /// Which key.
        key: String,
        /// What is wrong.
        what: String,
        /// What to do.
        hint: String,
    },

    /// Someone else than Jeton changed a sealed value, or moved it to another place.
    #[error("{what} can't be unsealed: its row in {} was changed by something other than Jeton", .store)]
    Tampered {
        /// Which value of which row.
        what: String,
        /// Which store.
        store: String,
        /// What to do, besides restoring a backup.
        instead: String,
    },

    /// A provider wants to store too much.
    #[error("{0}")]
    StorageLimit(String),

    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

impl Error {
    /// Who must act.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Reauthorize { .. } => Remedy::SignIn,
            Self::Retry { .. } | Self::Interrupted(_) => Remedy::Retry,
            Self::Provider { source, .. } => source.remedy(),
            Self::Store { remedy, .. } => *remedy,
            _ => Remedy::Other,
        }
    }

    /// What to do next, for a person.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::InvalidName { .. } => "Use 1 to 64 of A-Z a-z 0-9 . _ @ - and begin with a letter or digit".to_owned(),
            Self::UnknownConnection { closest: Some(name), .. } | Self::UnknownClient { closest: Some(name), .. } => {
                format!("Did you mean {name:?}?")
            }
            Self::UnknownConnection { .. } => "`jeton list` shows what there is, `jeton connect` makes one".to_owned(),
            Self::UnknownClient { .. } => "`jeton clients list` shows what there is, `jeton clients add` adds one".to_owned(),
            Self::ConnectionExists(_) => "Take another name, or say that it is to be replaced".to_owned(),
            Self::ClientExists(_) => "Take another name, or remove the client first".to_owned(),
            Self::ClientInUse { .. } => "Remove these connections first".to_owned(),
            Self::Reauthorize { name, .. } => {
                format!("Sign in again with `jeton connect` and the name {name:?}; its client is kept")
            }
            Self::Retry { retry_at, .. } => {
                let wait = retry_at.and_then(|at| at.duration_since(SystemTime::now()).ok());
                match wait {
                    Some(wait) => format!("Try again in {} seconds; nothing was lost", wait.as_secs() + 1),
                    None => "Try again later; nothing was lost".to_owned(),
                }
            }
            Self::Provider { source, .. } => return source.hint(),
            Self::Interrupted(_) => "Try again; what was stored is kept".to_owned(),
            Self::Occupied { replaceable: true, .. } => {
                "Nothing was restored. --replace puts the backup's in their place; a service may have replaced those tokens since"
                    .to_owned()
            }
            Self::Occupied { .. } => "Nothing was restored. They belong to another provider: rename or remove them first".to_owned(),
            Self::FileExists(_) => "Name another file; it was left as it is".to_owned(),
            Self::NoStore(_) => "`jeton clients add` makes it; or check JETON_HOME".to_owned(),
            Self::NotAStore { .. } => "Move the file away, or name another place; it was left as it is".to_owned(),
            Self::NewerStore { .. } => "Install that newer Jeton; the store was left as it is".to_owned(),
            Self::Store { hint, .. } | Self::Key { hint, .. } => hint.clone(),
            Self::KeyMissing { store, hint, .. } => format!("{hint}. If it is gone for good, move {store} away and sign in again"),
            Self::WrongKey { hint, .. } => hint.clone(),
            Self::WrongPassphrase { store, lost } => {
                format!("Type it once more. If nobody knows it any more, this is lost: {lost}; then move {store} away and sign in again")
            }
            Self::Replayed { name, .. } => {
                format!(
                    "If a backup was restored, restart this process; else somebody changed the store: sign in again under the name {name:?}"
                )
            }
            Self::Tampered { store, instead, .. } => {
                format!("Restore a backup of {store}, or {instead}; nothing was deleted")
            }
            Self::StorageLimit(_) => "This is a mistake in the provider: report it to its author".to_owned(),
            Self::Random(_) => return None,
        };
        Some(hint)
    }
}
