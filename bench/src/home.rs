//! A folder as `JETON_HOME` with one client and one connection in it, whose token is valid, and an emulator that issued it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use jeton_emulator::{App, Emulator, Options};
use jeton_runtime::{Client, Grant, GrantKind, Secret, Tokens};
use jeton_vault::{KeySource, NewConnection, Vault};
use tempfile::TempDir;

/// The connection's name.
pub const NAME: &str = "work-box";

/// See the module.
pub struct Home {
    folder: TempDir,
    emulator: Emulator,
    jeton: PathBuf,
}

impl Home {
    /// Makes it.
    pub fn new(jeton: &Path) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let emulator = runtime.block_on(Emulator::start(Options::default()))?;
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("ca.pem"), emulator.ca_pem())?;
        runtime.block_on(fill(folder.path(), &emulator))?;
        Ok(Self { folder, emulator, jeton: jeton.to_owned() })
    }

    /// The command, with what leads it to the emulator.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.local_command(arguments);
        command.args(self.emulator.resolve_arguments().iter().flat_map(|mapping| ["--resolve", mapping]));
        command
    }

    /// The command as people type it, for what asks no service.
    pub fn local_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.jeton);
        command.args(arguments);
        command.env("JETON_HOME", self.folder.path()).env("JETON_CA_FILE", self.folder.path().join("ca.pem")).env_remove("JETON_KEY");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Forgets the compiled components.
    pub fn clear_cache(&self) -> Result<()> {
        let cache = self.folder.path().join("cache");
        if cache.exists() { std::fs::remove_dir_all(&cache).context("can't empty the cache") } else { Ok(()) }
    }
}

async fn fill(folder: &Path, emulator: &Emulator) -> Result<()> {
    emulator.box_service().register_app(App::new("client", "secret").redirect_uri("http://127.0.0.1/callback"))?;
    let issued = emulator.box_service().issue_tokens("client").context("the emulator doesn't know its app")?;
    let vault = Vault::open(&folder.join("jeton.db"), KeySource::File(folder.join("key"))).await?;
    let secrets = [("client-secret".to_owned(), Secret::new("client-secret", "secret"))].into();
    vault.add_client(&"box".parse()?, "box", &Client { id: "client".to_owned(), secrets, ..Client::default() }).await?;
    let tokens = Tokens {
        access: Secret::new("access-token", issued.access_token),
        refresh: Some(Secret::new("refresh-token", issued.refresh_token)),
        id_token: None,
        expires_in: Some(Duration::from_secs(issued.expires_in)),
        refresh_expires_in: None,
        answered_at: None,
        scope: None,
        extras: vec![],
    };
    let grant = Grant::new(GrantKind::AuthorizationCode, vec![]);
    let new =
        NewConnection { name: &NAME.parse()?, client: &"box".parse()?, grant: &grant, tokens: &tokens, account: None, replace: false };
    Ok(vault.save(new).await?)
}
