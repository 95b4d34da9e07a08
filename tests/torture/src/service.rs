//! Who refreshes: the Box component in the runtime, as in the command, with a word before and after each request.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use jeton_runtime::{Client, CurrentTokens, Error, Mapping, Provider, Runtime, Secret, Tokens};
use jeton_vault::{BoxFuture, Providers};

use crate::event::Event;

/// The Box component, led to the emulator.
pub struct Service {
    provider: Provider,
    heard: fn(Event),
}

impl Service {
    /// Loads it. `heard` is told of each request.
    pub async fn load(addr: SocketAddr, ca: &Path, cache: &Path, heard: fn(Event)) -> Result<Arc<dyn Providers>> {
        let mapping = Mapping { host: "api.box.com".to_owned(), port: 443, to: addr };
        let pem = std::fs::read(ca).with_context(|| format!("can't read {}", ca.display()))?;
        let runtime = Runtime::builder().cache(cache).resolve([mapping]).trust(pem).build()?;
        let bundled = jeton_bundle::find("box").context("Box isn't bundled")?;
        let provider = runtime.load(bundled.component).await?;
        Ok(Arc::new(Self { provider, heard }))
    }
}

impl Providers for Service {
    fn refresh<'a>(&'a self, _: &'a str, client: &'a Client, tokens: &'a CurrentTokens) -> BoxFuture<'a, Result<Tokens, Error>> {
        let used = tokens.refresh.as_ref().and_then(Secret::reveal_text).unwrap_or_default().to_owned();
        Box::pin(async move {
            (self.heard)(Event::Asking(used.clone()));
            let answer = self.provider.refresh(client, tokens).await;
            (self.heard)(if answer.is_ok() { Event::Got(used) } else { Event::Failed(used) });
            answer
        })
    }
}
