//! How requests leave the machine.
//!
//! [`Https`] is what Jeton uses: one pooled client, no redirects, no proxy from the environment, public addresses only. An embedder that
//! has an HTTP stack of its own implements [`Transport`] and then answers for these rules itself.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method};
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::address::{Mappings, is_public};
use crate::{Denial, Error};

/// A request, checked against the manifest. It holds secrets in the clear.
#[derive(Debug)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// Always `https`.
    pub url: Url,
    /// Values that hold a secret are marked sensitive.
    pub headers: HeaderMap,
    /// The body; empty is none.
    pub body: Bytes,
    /// How long it may take in all.
    pub time: Duration,
    /// The largest answer that is read, in bytes.
    pub largest: usize,
}

/// An answer, of any status.
#[derive(Debug)]
pub struct Incoming {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Zeroizing<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The address is one that providers may not reach.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// It took too long.
    #[error("the service didn't answer in time")]
    Timeout,
    /// The answer is larger than [`Outgoing::largest`].
    #[error("the service's answer is too large")]
    TooLarge,
    /// No connection, or it broke.
    #[error("{0}")]
    Unreachable(String),
}

/// Sends requests. Must not follow redirects.
pub trait Transport: Send + Sync + 'static {
    /// Sends one and reads its answer whole.
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, TransportError>>;
}

/// The default transport.
pub struct Https {
    client: reqwest::Client,
    mappings: Arc<Mappings>,
}

impl Https {
    /// Trusts the system's certificates (or `SSL_CERT_FILE`'s) and those in `extra_pem`.
    ///
    /// # Errors
    /// A certificate can't be read.
    pub fn new(mappings: Mappings, extra_pem: &[Vec<u8>]) -> Result<Self, Error> {
        let mappings = Arc::new(mappings);
        let mut certificates = vec![];
        for pem in extra_pem {
            let read = reqwest::Certificate::from_pem_bundle(pem).map_err(|_| Error::Host("not a certificate in PEM form".into()))?;
            if read.is_empty() {
                return Err(Error::Host("there is no certificate in the file: it must hold -----BEGIN CERTIFICATE-----".into()));
            }
            certificates.extend(read);
        }
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .https_only(true)
            .user_agent(concat!("jeton/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .tls_certs_merge(certificates)
            .dns_resolver(PublicNames(mappings.clone()))
            .build()
            .map_err(|error| Error::Host(format!("can't set up TLS: {}", innermost(&error))))?;
        Ok(Self { client, mappings })
    }

    /// The resolver never sees an address that is written out in the URL.
    fn check_literal(&self, url: &Url) -> Result<(), Denial> {
        let address = match url.host() {
            Some(Host::Ipv4(v4)) => v4.into(),
            Some(Host::Ipv6(v6)) => v6.into(),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        if is_public(address) { Ok(()) } else { Err(not_public(&address.to_string())) }
    }

    /// A port in the URL wins over the resolver's, so a mapping of such a URL can't change it.
    fn check_port(&self, url: &Url) -> Result<(), TransportError> {
        let (Some(port), Some(host)) = (url.port(), url.host_str()) else { return Ok(()) };
        match self.mappings.get(host, port) {
            Some(to) if to.port() != port => Err(TransportError::Unreachable(format!("{host}:{port} can only be mapped to port {port}"))),
            _ => Ok(()),
        }
    }
}

impl Transport for Https {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, TransportError>> {
        Box::pin(async move {
            self.check_literal(&request.url)?;
            self.check_port(&request.url)?;
            let sent = self.client.request(request.method, request.url).headers(request.headers).timeout(request.time);
            let sent = if request.body.is_empty() { sent } else { sent.body(request.body) };
            let mut answer = sent.send().await.map_err(explain)?;
            let (status, headers) = (answer.status().as_u16(), std::mem::take(answer.headers_mut()));
            let mut body = Zeroizing::new(Vec::with_capacity(answer.content_length().unwrap_or(0).min(64 << 10) as usize));
            while let Some(chunk) = answer.chunk().await.map_err(explain)? {
                if body.len() + chunk.len() > request.largest {
                    return Err(TransportError::TooLarge);
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Incoming { status, headers, body })
        })
    }
}

fn not_public(what: &str) -> Denial {
    Denial {
        what: format!("{what} is no public address"),
        rule: "providers reach neither this machine nor the networks around it".into(),
        hint: "If you run the service there yourself: --resolve HOST:PORT:ADDR".into(),
    }
}

/// Looks names up and keeps what is public.
struct PublicNames(Arc<Mappings>);

impl reqwest::dns::Resolve for PublicNames {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let mapped = self.0.of_host(name.as_str());
        Box::pin(async move {
            let found: Vec<SocketAddr> = match mapped {
                Some(to) => vec![to],
                None => {
                    let all: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
                    let public: Vec<_> = all.iter().copied().filter(|found| is_public(found.ip())).collect();
                    if public.is_empty() && !all.is_empty() {
                        return Err(not_public(name.as_str()).into());
                    }
                    public
                }
            };
            Ok(Box::new(found.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

fn explain(error: reqwest::Error) -> TransportError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(denial) = error.downcast_ref::<Denial>() {
            return denial.clone().into();
        }
        cause = error.source();
    }
    if error.is_timeout() {
        return TransportError::Timeout;
    }
    let host = error.url().and_then(Url::host_str).unwrap_or("the service").to_owned();
    let what = if error.is_connect() { "can't connect to" } else { "the connection broke:" };
    TransportError::Unreachable(format!("{what} {host}: {}", innermost(&error)))
}

/// The cause, which says most; the layers above it repeat one another. The URL isn't in it.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    crate::scrub::presentable(&cause.to_string(), 200)
}

impl fmt::Debug for Https {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Https").field("mappings", &self.mappings).finish_non_exhaustive()
    }
}
