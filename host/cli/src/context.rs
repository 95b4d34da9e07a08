//! What commands work with: the vault, the runtime and its providers, each opened when it is first needed.
//!
//! `jeton token` with a valid token opens the vault and nothing else.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use jeton_runtime::{Client, CurrentTokens, Denial, Manifest, Provider, Runtime, Tokens};
use jeton_vault::{BoxFuture, ClientName, ConnectionInfo, ConnectionName, KeySource, Providers, Vault};
use tokio::sync::OnceCell;

use crate::added::Added;
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
        let added = Added::new(home.providers.clone());
        let loader = Loader { cache: home.cache.clone(), added, global, vault: OnceLock::new(), runtime: OnceCell::new() };
        let loader = Arc::new(loader);
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
        match self.loader.component(id)? {
            Some(file) => self.load(file.into_owned()).await,
            None => Err(self.unknown(id)),
        }
    }

    /// A provider from its file.
    pub async fn load(&self, file: Vec<u8>) -> Result<Provider> {
        Ok(self.loader.load(file).await?)
    }

    /// A provider's manifest, read without starting wasm.
    pub fn manifest(&self, id: &str) -> Result<Manifest> {
        match self.loader.component(id)? {
            Some(file) => Ok(jeton_runtime::inspect(&file, usize::MAX)?.manifest),
            None => Err(self.unknown(id)),
        }
    }

    /// The manifest of the provider that would be updated. One whose file was changed is none: there is nothing to compare with.
    pub fn added_before(&self, id: &str) -> Result<Option<Manifest>> {
        match self.added().read(id) {
            Ok(Some(file)) => Ok(jeton_runtime::inspect(&file, usize::MAX).ok().map(|inspection| inspection.manifest)),
            Ok(None) | Err(jeton_runtime::Error::Denied(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The providers that were added.
    pub fn added(&self) -> &Added {
        &self.loader.added
    }

    /// The ids of all providers. One that comes with Jeton isn't replaced by one that was added before it came.
    pub fn ids(&self) -> Result<Vec<String>> {
        let mut ids: Vec<_> = jeton_bundle::ALL.iter().map(|bundled| bundled.id.to_owned()).collect();
        let added = self.added().ids()?;
        ids.extend(added.into_iter().filter(|id| jeton_bundle::find(id).is_none()));
        Ok(ids)
    }

    /// Where a provider comes from.
    pub fn origin(&self, id: &str) -> Origin {
        if jeton_bundle::find(id).is_some() { Origin::Bundled } else { Origin::Added }
    }

    /// The names of the clients and of the connections of a provider.
    pub async fn users(&self, id: &str) -> Result<(Vec<String>, Vec<String>)> {
        let Some(vault) = self.vault_if_any().await? else { return Ok((vec![], vec![])) };
        let (clients, connections) = (vault.clients().await?, vault.connections().await?);
        let clients = clients.into_iter().filter(|client| client.provider == id).map(|client| client.name.to_string());
        let connections = connections.into_iter().filter(|connection| connection.provider == id).map(|it| it.name.to_string());
        Ok((clients.collect(), connections.collect()))
    }

    /// There is no such provider.
    pub fn unknown(&self, id: &str) -> Failure {
        let known = self.ids().unwrap_or_default().join(", ");
        Failure::new(format!("there is no provider {id:?}"), format!("There is: {known}. `jeton providers add` adds others"))
            .exit(Exit::Usage)
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

/// Where a provider comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// With Jeton.
    Bundled,
    /// A person added it.
    Added,
}

impl Origin {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bundled => "bundled",
            Self::Added => "added",
        }
    }
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
    added: Added,
    global: Global,
    /// Where providers keep their values, once it is open.
    vault: OnceLock<Vault>,
    runtime: OnceCell<Runtime>,
}

impl Loader {
    /// A provider's file: one that comes with Jeton, else one that was added and is unchanged since.
    fn component(&self, id: &str) -> std::result::Result<Option<Cow<'static, [u8]>>, jeton_runtime::Error> {
        match jeton_bundle::find(id) {
            Some(bundled) => Ok(Some(Cow::Borrowed(bundled.component))),
            None => Ok(self.added.read(id)?.map(Cow::Owned)),
        }
    }

    async fn load(&self, file: Vec<u8>) -> std::result::Result<Provider, jeton_runtime::Error> {
        let host = |what: String| jeton_runtime::Error::Host(what);
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
        runtime.await?.load(file).await
    }
}

impl Providers for Loader {
    fn refresh<'a>(
        &'a self,
        provider: &'a str,
        client: &'a Client,
        tokens: &'a CurrentTokens,
    ) -> BoxFuture<'a, std::result::Result<Tokens, jeton_runtime::Error>> {
        Box::pin(async move {
            let gone = || {
                Denial::new(format!("loading the provider {provider}"), "it isn't there any more", "Add it again: jeton providers add FILE")
            };
            let file = self.component(provider)?.ok_or_else(gone)?;
            self.load(file.into_owned()).await?.refresh(client, tokens).await
        })
    }
}
