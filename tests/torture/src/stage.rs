//! What every part stands on: an emulator, a store with one connection in it, and the truth about that connection.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use jeton_emulator::{App, Emulator, Issued, JournalSize, Rotation};
use jeton_runtime::{Client, Grant, GrantKind, Secret, Tokens};
use jeton_vault::{ConnectionName, KeySource, NewConnection, Options, Vault};
use tempfile::TempDir;

use crate::database::Database;
use crate::worker::Setup;

/// The connection's name.
pub const NAME: &str = "work-box";
/// The app that the emulator knows.
pub const CLIENT: (&str, &str) = ("emulated-client", "emulated-client-secret");

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

/// See the module.
pub struct Stage {
    /// The service.
    pub emulator: Emulator,
    /// The store, by a vault of the harness' own.
    pub vault: Vault,
    /// Where the store is, if that is a server.
    pub database: Option<Database>,
    folder: TempDir,
    cache: PathBuf,
    store: String,
}

impl Stage {
    /// Makes it. Compiled components are kept in `cache`, which all stages may share.
    pub async fn new(kind: Kind, rotation: Rotation, cache: &Path) -> Result<Self> {
        let options = jeton_emulator::Options { max_lifetime: Duration::from_secs(4 * 60 * 60), ..jeton_emulator::Options::default() };
        let emulator = Emulator::start(jeton_emulator::Options { journal: JournalSize::Latest(100_000), ..options }).await?;
        emulator.box_service().register_app(App::new(CLIENT.0, CLIENT.1).redirect_uri("http://127.0.0.1/callback"))?;
        emulator.box_service().set_rotation(rotation);
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("ca.pem"), emulator.ca_pem())?;
        let (store, database) = match kind {
            Kind::Sqlite => (folder.path().join("jeton.db").display().to_string(), None),
            Kind::Postgres => {
                let database = Database::new().await?;
                (database.url(), Some(database))
            }
        };
        let vault = Vault::open(store.as_str(), KeySource::File(folder.path().join("key"))).await?;
        let secrets = [("client-secret".to_owned(), Secret::new("client-secret", CLIENT.1))].into();
        vault.add_client(&"box".parse()?, "box", &Client { id: CLIENT.0.to_owned(), secrets, ..Client::default() }).await?;
        Ok(Self { emulator, vault, database, folder, cache: cache.to_owned(), store })
    }

    /// The folder, which is a `JETON_HOME`.
    pub fn home(&self) -> &Path {
        self.folder.path()
    }

    /// The emulator's certificate.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Where compiled components are.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// What a worker needs to know.
    pub fn setup(&self, actor: &str, lease: Duration) -> Setup {
        Setup {
            store: self.store.clone(),
            key: self.folder.path().join("key"),
            ca: self.ca(),
            cache: self.cache.clone(),
            addr: self.emulator.addr(),
            actor: actor.to_owned(),
            lease_millis: u64::try_from(lease.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// A person signs in: a fresh grant, whose access token is nearly over.
    pub async fn sign_in(&self) -> Result<Issued> {
        let issued = self.emulator.box_service().issue_tokens(CLIENT.0).context("the emulator doesn't know its app")?;
        let tokens = Tokens {
            access: Secret::new("access-token", issued.access_token.clone()),
            refresh: Some(Secret::new("refresh-token", issued.refresh_token.clone())),
            id_token: None,
            expires_in: Some(Duration::from_secs(1)),
            refresh_expires_in: None,
            answered_at: None,
            scope: None,
            extras: vec![],
        };
        let (name, client, grant) = (name()?, "box".parse()?, Grant::new(GrantKind::AuthorizationCode, vec![]));
        let new = || NewConnection { name: &name, client: &client, grant: &grant, tokens: &tokens, account: None, replace: true };
        patiently(async || self.vault.save(new()).await).await?;
        Ok(issued)
    }

    /// The refresh token that is stored, and whether the service would accept it now.
    pub async fn truth(&self) -> Result<(String, bool)> {
        let name = name()?;
        let tokens = patiently(async || self.vault.tokens(&name).await).await?;
        let stored = tokens.refresh.as_ref().and_then(Secret::reveal_text).unwrap_or_default().to_owned();
        let live = self.emulator.box_service().is_live(&stored);
        Ok((stored, live))
    }

    /// Every refresh that the service saw: with which token, and whether it gave new ones.
    pub fn refreshes(&self) -> Vec<Refresh> {
        let of = |(name, value): (String, String)| (name == "refresh_token").then_some(value);
        let entries = self.emulator.journal().entries().into_iter();
        let refreshes = entries.filter(|entry| entry.grant_type.as_deref() == Some("refresh_token"));
        let refresh = |entry: jeton_emulator::Entry| Refresh {
            given: entry.status == 200,
            dropped: entry.fault.is_some_and(|fault| fault == "drop-after-commit"),
            used: entry.form.into_iter().find_map(of).unwrap_or_default(),
        };
        refreshes.map(refresh).collect()
    }

    /// Removes what lies outside its folder.
    pub async fn close(self) -> Result<()> {
        match self.database {
            Some(database) => database.drop().await,
            None => Ok(()),
        }
    }
}

/// A refresh as the service saw it.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// The refresh token that was shown.
    pub used: String,
    /// Whether the service gave new tokens.
    pub given: bool,
    /// Whether its answer was dropped on purpose.
    pub dropped: bool,
}

/// The connection's name, parsed.
pub fn name() -> Result<ConnectionName> {
    Ok(NAME.parse()?)
}

/// Opens the store as a worker or a server does.
pub async fn open(setup: &Setup) -> Result<Vault> {
    let mut options = Options::default();
    options.actor.clone_from(&setup.actor);
    options.lease = Duration::from_millis(setup.lease_millis);
    let key = KeySource::File(setup.key.clone());
    Ok(patiently(async || options.open_existing(setup.store.as_str(), key.clone()).await).await?)
}

/// Again, where the database's connections were cut under it: each that was idle says so once.
async fn patiently<T>(work: impl AsyncFn() -> jeton_vault::Result<T>) -> jeton_vault::Result<T> {
    for _ in 0..20 {
        match work().await {
            Err(jeton_vault::Error::Store { .. }) => {}
            other => return other,
        }
    }
    work().await
}
