//! What commands work with: the vault, the runtime and its providers, each opened when it is first needed.
//!
//! `jeton token` with a valid token opens the vault and nothing else.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use jeton_runtime::{Client, CurrentTokens, Manifest, Provider, Runtime, Tokens};
use jeton_vault::{BoxFuture, ClientName, ConnectionInfo, ConnectionName, KeySource, Providers, Vault};
use tokio::sync::OnceCell;

use crate::args::{Global, KeyArgument};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::home::Home;
use crate::terminal::Terminal;

/// What a command has.
pub struct Context {
    /// How to talk.
    pub terminal: Terminal,
    home: Home,
    key: KeySource,
    loader: Arc<Loader>,
}

impl Context {
    /// From the command line and the environment.
    pub fn new(global: Global) -> Result<Self> {
        let home = Home::find()?;
        let key = match &global.key {
            KeyArgument::File(path) => KeySource::File(path.clone().unwrap_or_else(|| home.key.clone())),
            KeyArgument::Keyring => KeySource::Keyring { service: "jeton".into(), account: home.store.display().to_string() },
        };
        let terminal = Terminal { json: global.json, quiet: global.quiet };
        let loader = Arc::new(Loader { cache: home.cache.clone(), global, vault: OnceLock::new(), runtime: OnceCell::new() });
        Ok(Self { terminal, home, key, loader })
    }

    /// The store, made on first use.
    pub async fn vault(&self) -> Result<Vault> {
        let vault = Vault::open(&self.home.store, self.key.clone()).await?;
        Ok(self.loader.vault.get_or_init(|| vault).clone())
    }

    /// The store, for what needs one that is there.
    pub async fn existing_vault(&self) -> Result<Vault> {
        let vault = Vault::open_existing(&self.home.store, self.key.clone()).await?;
        Ok(self.loader.vault.get_or_init(|| vault).clone())
    }

    /// The store, or `None` where nothing was kept yet.
    pub async fn vault_if_any(&self) -> Result<Option<Vault>> {
        match self.home.store.exists() {
            true => self.existing_vault().await.map(Some),
            false => Ok(None),
        }
    }

    /// A provider, ready to be called.
    pub async fn provider(&self, id: &str) -> Result<Provider> {
        component(id)?;
        Ok(self.loader.provider(id).await?)
    }

    /// Those who refresh, for the vault.
    pub fn providers(&self) -> Arc<dyn Providers> {
        self.loader.clone()
    }

    /// What a call about a connection needs.
    pub async fn connection(&self, vault: &Vault, name: &ConnectionName) -> Result<(ConnectionInfo, Provider, Client)> {
        let info = vault.connection(name).await?;
        let provider = self.provider(&info.provider).await?;
        let client = vault.client(&info.client).await?;
        Ok((info, provider, client))
    }
}

/// A bundled provider's manifest, read without starting wasm.
pub fn manifest(id: &str) -> Result<Manifest> {
    Ok(jeton_runtime::inspect(component(id)?, usize::MAX)?.manifest)
}

fn component(id: &str) -> Result<&'static [u8]> {
    let bundled = jeton_bundle::find(id).ok_or_else(|| {
        let known: Vec<_> = jeton_bundle::ALL.iter().map(|bundled| bundled.id).collect();
        Failure::new(format!("there is no provider {id:?}"), format!("There is: {}", known.join(", "))).exit(Exit::Usage)
    })?;
    Ok(bundled.component)
}

/// A connection's name from the command line.
pub fn connection_name(text: &str) -> Result<ConnectionName> {
    text.parse().map_err(|error| Failure::from(error).exit(Exit::Usage))
}

/// A client's name from the command line.
pub fn client_name(text: &str) -> Result<ClientName> {
    text.parse().map_err(|error| Failure::from(error).exit(Exit::Usage))
}

/// Makes the runtime when a provider is first called.
struct Loader {
    cache: PathBuf,
    global: Global,
    /// Where providers keep their values, once it is open.
    vault: OnceLock<Vault>,
    runtime: OnceCell<Runtime>,
}

impl Loader {
    async fn provider(&self, id: &str) -> std::result::Result<Provider, jeton_runtime::Error> {
        let host = |what: String| jeton_runtime::Error::Host(what);
        let bundled = jeton_bundle::find(id).ok_or_else(|| host(format!("the provider {id:?} isn't there any more")))?;
        let runtime = self.runtime.get_or_try_init(async || {
            let mut builder = Runtime::builder().cache(&self.cache).resolve(self.global.resolve.iter().cloned());
            if let Some(vault) = self.vault.get() {
                builder = builder.storage(Arc::new(vault.clone()));
            }
            if let Some(path) = &self.global.ca_file {
                let pem = std::fs::read(path).map_err(|error| host(format!("can't read {}: {error}", path.display())))?;
                builder = builder.trust(pem);
            }
            builder.limits(jeton_runtime::Limits { calls: 16, ..Default::default() }).build()
        });
        runtime.await?.load(bundled.component).await
    }
}

impl Providers for Loader {
    fn refresh<'a>(
        &'a self,
        provider: &'a str,
        client: &'a Client,
        tokens: &'a CurrentTokens,
    ) -> BoxFuture<'a, std::result::Result<Tokens, jeton_runtime::Error>> {
        Box::pin(async move { self.provider(provider).await?.refresh(client, tokens).await })
    }
}
