//! The same refresh through the bundled component.
//!
//! Over TLS the runtime uses its own transport. Over HTTP, which Jeton never speaks, it uses one of an embedder's, below: it differs in
//! the address alone.

use std::sync::Arc;

use anyhow::{Context, Result};
use futures_util::future::BoxFuture;
use jeton_runtime::{Client, CurrentTokens, Incoming, Mapping, Outgoing, Provider, Runtime, Secret, Transport, TransportError};
use url::Url;
use zeroize::Zeroizing;

use crate::native::reqwest_client;
use crate::server::{CLIENT_ID, CLIENT_SECRET, Introduction};

/// See the module.
pub struct Component {
    provider: Provider,
    client: Client,
}

impl Component {
    /// Over TLS where the server has a certificate.
    pub async fn new(server: &Introduction) -> Result<Self> {
        let builder = match &server.certificate {
            Some(pem) => {
                let mapping = Mapping { host: "api.box.com".to_owned(), port: 443, to: server.addr };
                Runtime::builder().resolve([mapping]).trust(pem.as_bytes())
            }
            None => Runtime::builder().transport(Arc::new(Http::to(server)?)),
        };
        Self::of(&builder.build()?).await
    }

    /// In this runtime.
    pub async fn of(runtime: &Runtime) -> Result<Self> {
        let bundled = jeton_bundle::find("box").context("Box isn't bundled")?;
        let provider = runtime.load(bundled.component).await?;
        let secrets = [("client-secret".to_owned(), Secret::new("client-secret", CLIENT_SECRET))].into();
        Ok(Self { provider, client: Client { id: CLIENT_ID.to_owned(), secrets, ..Client::default() } })
    }

    /// One refresh; the next refresh token comes back.
    pub async fn refresh(&self, refresh_token: &str) -> Result<String> {
        let current = CurrentTokens { refresh: Some(Secret::new("refresh-token", refresh_token)), ..CurrentTokens::default() };
        let tokens = self.provider.refresh(&self.client, &current).await?;
        let next = tokens.refresh.as_ref().and_then(Secret::reveal_text).context("no refresh token came back")?;
        Ok(next.to_owned())
    }
}

/// Sends everything to one address, over HTTP.
pub struct Http {
    client: reqwest::Client,
    base: Url,
}

impl Http {
    /// To this server, which has no certificate.
    pub fn to(server: &Introduction) -> Result<Self> {
        Ok(Self { client: reqwest_client(server)?, base: Url::parse(&format!("http://{}/", server.addr))? })
    }
}

impl Transport for Http {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, TransportError>> {
        Box::pin(async move {
            let broken = |error: reqwest::Error| TransportError::Unreachable(error.to_string());
            let mut url = self.base.clone();
            url.set_path(request.url.path());
            let sent = self.client.request(request.method, url).headers(request.headers).timeout(request.time).body(request.body);
            let mut answer = sent.send().await.map_err(broken)?;
            let (status, headers) = (answer.status().as_u16(), std::mem::take(answer.headers_mut()));
            let mut body = Zeroizing::new(vec![]);
            while let Some(chunk) = answer.chunk().await.map_err(broken)? {
                body.extend_from_slice(&chunk);
            }
            Ok(Incoming { status, headers, body })
        })
    }
}
