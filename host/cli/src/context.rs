//! What commands work with: the vault, the runtime and its providers, each opened when it is first needed.
//!
//! `jeton token` with a valid token opens the vault and nothing else.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};

use jeton_runtime::{
    Client, CurrentTokens, Denial, Grant, Https, Incoming, Manifest, Mappings, Outgoing, Provider, Runtime, Step, Tokens, Transport as _,
    TransportError,
};
use jeton_vault::{BoxFuture, ClientName, ConnectionInfo, ConnectionName, KeySource, Options, Providers, StoreSource, Vault};
use tokio::sync::OnceCell;

use crate::added::Added;
use crate::args::{Global, KeyArgument};
use crate::command::exchange;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::home::Home;
use crate::master_key::{self, Asked};
use crate::redirect;
use crate::terminal::Terminal;

/// What a command has.
pub struct Context {
    /// How to talk.
    pub terminal: Terminal,
    store: StoreSource,
    key_file: PathBuf,
    /// What it is, once it was read or asked for.
    key: OnceLock<KeySource>,
    options: Options,
    loader: Arc<Loader>,
}

impl Context {
    /// From the command line and the environment.
    pub fn new(global: Global) -> Result<Self> {
        let home = Home::find()?;
        let store = match &global.store {
            Some(store) => StoreSource::from(store.as_str()),
            None => StoreSource::File(home.store.clone()),
        };
        let terminal = Terminal { json: global.json, quiet: global.quiet };
        let added = Added::new(home.providers.clone());
        let (cache, runtime) = (home.cache.clone(), OnceCell::new());
        let loader = Arc::new_cyclic(|me| Loader { me: me.clone(), cache, added, global, vault: OnceLock::new(), runtime });
        Ok(Self { terminal, store, key_file: home.key, key: OnceLock::new(), options: options(), loader })
    }

    /// The store, made on first use.
    pub async fn vault(&self) -> Result<Vault> {
        if let KeyArgument::Passphrase(None) = self.loader.global.key {
            if let Some(vault) = self.vault_if_any().await? {
                return Ok(vault);
            }
            master_key::confirm(&self.key()?)?;
        }
        let vault = self.options.open(self.store.clone(), self.key()?).await?;
        Ok(self.loader.vault.get_or_init(|| vault).clone())
    }

    /// The store, for what needs one that is there.
    pub async fn existing_vault(&self) -> Result<Vault> {
        let vault = self.options.open_existing(self.store.clone(), self.key()?).await?;
        Ok(self.loader.vault.get_or_init(|| vault).clone())
    }

    /// The store, or `None` where nothing was kept yet.
    pub async fn vault_if_any(&self) -> Result<Option<Vault>> {
        // Nobody is asked for the passphrase of a store that isn't there.
        if matches!(&self.store, StoreSource::File(path) if matches!(path.try_exists(), Ok(false))) {
            return Ok(None);
        }
        match self.options.open_existing(self.store.clone(), self.key()?).await {
            Ok(vault) => Ok(Some(self.loader.vault.get_or_init(|| vault).clone())),
            Err(jeton_vault::Error::NoStore(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Another store, which must be there, with this key.
    pub async fn other_vault(&self, store: &str, key: KeySource) -> jeton_vault::Result<Vault> {
        self.options.open_existing(StoreSource::from(store), key).await
    }

    /// The store's key, as `--key` says.
    pub fn key(&self) -> Result<KeySource> {
        match self.key.get() {
            Some(key) => Ok(key.clone()),
            None => {
                let key = self.key_at(&self.loader.global.key, Asked::Present)?;
                Ok(self.key.get_or_init(|| key).clone())
            }
        }
    }

    /// A key as an argument names it.
    pub fn key_at(&self, argument: &KeyArgument, asked: Asked) -> Result<KeySource> {
        master_key::source(argument, &self.store, &self.key_file, asked)
    }

    /// `--key`
    pub fn key_argument(&self) -> &KeyArgument {
        &self.loader.global.key
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

    /// Sends a request of the host's own, under the rules that providers' requests have: https, public addresses, no redirects.
    pub async fn send(&self, request: Outgoing) -> Result<Incoming> {
        let global = &self.loader.global;
        let transport = Https::new(Mappings::new(global.resolve.iter().cloned()), &certificates(global)?)?;
        transport.send(request).await.map_err(|error| match error {
            TransportError::Denied(denial) => jeton_runtime::Error::Denied(denial).into(),
            TransportError::TooLarge => Failure::new(error.to_string(), "Nothing of it is used. Tell the service"),
            other => jeton_runtime::Error::Unreachable(other.to_string()).into(),
        })
    }

    /// A provider's manifest, read without starting wasm.
    pub fn manifest(&self, id: &str) -> Result<Manifest> {
        if let Some(manifest) = jeton_bundle::manifest(id) {
            return Ok(Manifest::parse(manifest).map_err(jeton_runtime::Error::from)?);
        }
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

    /// Refuses a provider that a person added, or is to add, and whose browser would come back to another one's path. Where another one
    /// can't be read, nobody can begin a sign-in with it.
    pub fn own_redirect(&self, manifest: &Manifest) -> Result {
        if jeton_bundle::knows(&manifest.id) {
            return Ok(());
        }
        let others = self.ids()?;
        redirect::is_its_own(manifest, others.iter().filter_map(|id| self.manifest(id).ok()))
    }

    /// The providers that were added.
    pub fn added(&self) -> &Added {
        &self.loader.added
    }

    /// The ids of all providers. One that comes with Jeton isn't replaced by one that was added before it came.
    pub fn ids(&self) -> Result<Vec<String>> {
        let mut ids: Vec<_> = jeton_bundle::ids().map(str::to_owned).collect();
        let added = self.added().ids()?;
        ids.extend(added.into_iter().filter(|id| !jeton_bundle::knows(id)));
        Ok(ids)
    }

    /// Where a provider comes from.
    pub fn origin(&self, id: &str) -> Origin {
        if jeton_bundle::knows(id) { Origin::Bundled } else { Origin::Added }
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

/// Who acts, for the log: the user, the machine and the process.
fn options() -> Options {
    let known = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = known("USER").or_else(|| known("LOGNAME")).or_else(|| known("USERNAME")).unwrap_or_else(|| "somebody".to_owned());
    let mut options = Options::default();
    options.actor = format!("{user}, process {}", std::process::id());
    options
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
    /// For what a provider's tokens are made of: another connection's, which may have to be refreshed.
    me: Weak<Loader>,
    cache: PathBuf,
    added: Added,
    global: Global,
    /// Where providers keep their values, once it is open.
    vault: OnceLock<Vault>,
    runtime: OnceCell<Runtime>,
}

/// Those that are trusted besides the system's.
fn certificates(global: &Global) -> std::result::Result<Vec<Vec<u8>>, jeton_runtime::Error> {
    let read =
        |path: &PathBuf| std::fs::read(path).map_err(|error| jeton_runtime::Error::Host(format!("can't read {}: {error}", path.display())));
    global.ca_file.iter().map(read).collect()
}

impl Loader {
    /// A provider's file: one that comes with Jeton, else one that was added and is unchanged since.
    fn component(&self, id: &str) -> std::result::Result<Option<Cow<'static, [u8]>>, jeton_runtime::Error> {
        match jeton_bundle::find(id) {
            Some(bundled) => Ok(Some(Cow::Borrowed(bundled.component))),
            None => Ok(self.added.read(id)?.map(Cow::Owned)),
        }
    }

    async fn provider(&self, id: &str) -> std::result::Result<Provider, jeton_runtime::Error> {
        let gone =
            || Denial::new(format!("loading the provider {id}"), "it isn't there any more", "Add it again: jeton providers add FILE");
        let file = self.component(id)?.ok_or_else(gone)?;
        self.load(file.into_owned()).await
    }

    async fn load(&self, file: Vec<u8>) -> std::result::Result<Provider, jeton_runtime::Error> {
        let runtime = self.runtime.get_or_try_init(async || {
            let mut builder = Runtime::builder().cache(&self.cache).resolve(self.global.resolve.iter().cloned());
            if let Some(vault) = self.vault.get() {
                builder = builder.storage(Arc::new(vault.clone()));
            }
            for pem in certificates(&self.global)? {
                builder = builder.trust(pem);
            }
            builder.limits(jeton_runtime::Limits { calls: 16, ..Default::default() }).build()
        });
        runtime.await?.load(file).await
    }
}

impl Providers for Loader {
    fn idle_limit(&self, provider: &str) -> Option<std::time::Duration> {
        let file = self.component(provider).ok()??;
        jeton_runtime::inspect(&file, usize::MAX).ok()?.manifest.lifetimes.refresh_token
    }

    fn refresh_window(&self, provider: &str) -> Option<std::time::Duration> {
        let file = self.component(provider).ok()??;
        jeton_runtime::inspect(&file, usize::MAX).ok()?.manifest.lifetimes.refresh_window
    }

    fn refresh<'a>(
        &'a self,
        provider: &'a str,
        client: &'a Client,
        tokens: &'a CurrentTokens,
    ) -> BoxFuture<'a, std::result::Result<Tokens, jeton_runtime::Error>> {
        Box::pin(async move { self.provider(provider).await?.refresh(client, tokens).await })
    }

    fn obtain<'a>(
        &'a self,
        provider: &'a str,
        client: &'a Client,
        grant: &'a Grant,
    ) -> BoxFuture<'a, std::result::Result<Tokens, jeton_runtime::Error>> {
        Box::pin(async move {
            let nobody = "http://127.0.0.1/".to_owned();
            let (mut grant, source) = exchange::take(grant)?;
            if let Some(source) = source {
                let gone = || jeton_runtime::Error::Host("the store isn't open".to_owned());
                let (vault, providers) = (self.vault.get().ok_or_else(gone)?, self.me.upgrade().ok_or_else(gone)?);
                grant.subject_token = Some(source.token(vault, &(providers as Arc<dyn Providers>)).await?);
            }
            match self.provider(provider).await?.begin(client, &grant, &nobody).await? {
                Step::Done(tokens) => Ok(tokens),
                _ => Err(jeton_runtime::Error::Unfit {
                    what: format!("{provider} wants a person for the grant {}", grant.kind),
                    hint: "Sign in again: jeton connect".to_owned(),
                }),
            }
        })
    }
}
