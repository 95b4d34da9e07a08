//! How requests leave the machine.
//!
//! [`Https`] is what Jeton uses: pooled clients, one for each certificate that is shown and one that shows none; no redirects, no proxy from
//! the environment, public addresses only. An embedder that has an HTTP stack of its own implements [`Transport`] and then answers for these
//! rules itself.

mod clients;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method};
use url::{Host, Url};
use zeroize::Zeroizing;

use self::clients::Clients;
use crate::address::{Mappings, is_public};
use crate::{Allow, Denial, Error, Identity};

/// A request, checked against the manifest. It holds secrets in the clear.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// Always `https`.
    pub url: Url,
    /// Values that hold a secret are marked sensitive.
    pub headers: HeaderMap,
    /// The body; empty is none.
    pub body: Bytes,
    /// The certificate that the connection shows (RFC 8705). Neither another client's requests nor those without one may go by that connection.
    /// A transport that can't show it refuses: [`TransportError::Certificate`].
    pub identity: Option<Identity>,
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
    /// [`Outgoing::identity`] can't be shown, or isn't accepted; or a certificate was wanted, and there is none.
    #[error("{what}")]
    Certificate {
        /// What is wrong.
        what: String,
        /// What to do.
        hint: String,
    },
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Denied(denial) => denial.into(),
            TransportError::Certificate { what, hint } => Self::Certificate { what, hint },
            other => Self::Unreachable(other.to_string()),
        }
    }
}

/// Sends requests. Must not follow redirects.
pub trait Transport: Send + Sync + 'static {
    /// Sends one and reads its answer whole.
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, TransportError>>;
}

/// Looks host names up, for [`Https`]: an embedder may have a resolver of its own.
///
/// Its answers are judged like anybody's: what isn't a public address is dropped, and the connection is made to what is left, without
/// asking again. So a name whose answer changes between the check and the connection gains nothing by it.
pub trait Lookup: Send + Sync + 'static {
    /// The addresses of a name. An error is told as "can't connect".
    fn lookup<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The operating system's resolver.
struct System;

impl Lookup for System {
    fn lookup<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect()) })
    }
}

/// The default transport.
pub struct Https {
    clients: Clients,
    mappings: Arc<Mappings>,
}

impl Https {
    /// Trusts the system's certificates (or `SSL_CERT_FILE`'s) and those in `extra_pem`, and looks names up as the system does.
    ///
    /// # Errors
    /// A certificate can't be read.
    pub fn new(mappings: Mappings, extra_pem: &[Vec<u8>]) -> Result<Self, Error> {
        Self::with_lookup(mappings, extra_pem, Arc::new(System))
    }

    /// The same with another way to look names up.
    ///
    /// # Errors
    /// A certificate can't be read.
    pub fn with_lookup(mappings: Mappings, extra_pem: &[Vec<u8>], lookup: Arc<dyn Lookup>) -> Result<Self, Error> {
        let mappings = Arc::new(mappings);
        let mut certificates = vec![];
        for pem in extra_pem {
            let read = reqwest::Certificate::from_pem_bundle(pem).map_err(|_| Error::Host("not a certificate in PEM form".into()))?;
            if read.is_empty() {
                return Err(Error::Host("there is no certificate in the file: it must hold -----BEGIN CERTIFICATE-----".into()));
            }
            certificates.extend(read);
        }
        let clients = Clients::new(Arc::new(PublicNames { mappings: mappings.clone(), lookup }), certificates)?;
        Ok(Self { clients, mappings })
    }

    /// The resolver never sees an address that is written out in the URL. An operator who maps it to itself vouches for it.
    fn check_literal(&self, url: &Url) -> Result<(), TransportError> {
        let address = match url.host() {
            Some(Host::Ipv4(v4)) => v4.into(),
            Some(Host::Ipv6(v6)) => v6.into(),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
        match self.mappings.get(host, port) {
            Some(to) if to == SocketAddr::new(address, port) => Ok(()),
            Some(_) => Err(TransportError::Unreachable(format!("{host}:{port} can only be mapped to {address}"))),
            None if is_public(address) => Ok(()),
            None => Err(not_public(&address.to_string(), host, port, address).into()),
        }
    }

    /// A mapping is for one port of a host. The resolver sees the name alone, so the other ports of a mapped host are refused here: they
    /// would be reached at an address that the operator opened for something else. And a port that is written out in the URL wins over the
    /// resolver's, so the mapping of such a URL can't change it.
    fn check_mapping(&self, url: &Url) -> Result<(), TransportError> {
        let (Some(host @ Host::Domain(_)), Some(port)) = (url.host(), url.port_or_known_default()) else { return Ok(()) };
        let name = host.to_string();
        let Some(reached) = self.mappings.of_host(&name) else { return Ok(()) };
        let Some(meant) = self.mappings.get(&name, port) else {
            let option = format!("--resolve {name}:{port}:{}", reached.ip());
            let denial = Denial::new(
                format!("{name} is mapped, and port {port} of it isn't"),
                "providers reach of a mapped host what the operator mapped",
                format!("If the service is there too: {option}"),
            );
            return Err(Denial { allow: Some(Allow::Option(option)), ..denial }.into());
        };
        match url.port() {
            Some(port) if SocketAddr::new(reached.ip(), port) != meant => Err(TransportError::Unreachable(format!(
                "{name}:{port} can only be mapped to port {port}, at one address for all of its ports"
            ))),
            _ => Ok(()),
        }
    }
}

impl Transport for Https {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, TransportError>> {
        Box::pin(async move {
            self.check_literal(&request.url)?;
            self.check_mapping(&request.url)?;
            let (client, shows) = (self.clients.of(request.identity.as_ref())?, request.identity.is_some());
            let explain = |error| explain(error, shows);
            let sent = client.request(request.method, request.url).headers(request.headers).timeout(request.time);
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

fn not_public(shown: &str, host: &str, port: u16, found: IpAddr) -> Denial {
    let option = format!("--resolve {host}:{port}:{found}");
    let rule = "providers reach neither this machine nor the networks around it";
    let denial = Denial::new(format!("{shown} is no public address"), rule, format!("If you run the service there yourself: {option}"));
    Denial { allow: Some(Allow::Option(option)), ..denial }
}

/// A name that leads to addresses which aren't public alone.
#[derive(Debug, thiserror::Error)]
#[error("{name} is no public address")]
struct NotPublic {
    name: String,
    found: IpAddr,
}

/// Looks names up, once for each connection, and keeps what is public.
struct PublicNames {
    mappings: Arc<Mappings>,
    lookup: Arc<dyn Lookup>,
}

impl reqwest::dns::Resolve for PublicNames {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let (mapped, lookup) = (self.mappings.of_host(name.as_str()), self.lookup.clone());
        Box::pin(async move {
            let found: Vec<SocketAddr> = match mapped {
                Some(to) => vec![to],
                None => {
                    let all = lookup.lookup(name.as_str()).await?;
                    let public: Vec<_> = all.iter().filter(|found| is_public(**found)).map(|found| SocketAddr::new(*found, 0)).collect();
                    if let (true, Some(found)) = (public.is_empty(), all.first()) {
                        return Err(NotPublic { name: name.as_str().to_owned(), found: *found }.into());
                    }
                    public
                }
            };
            Ok(Box::new(found.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

/// What came of a request that showed a certificate, or showed none.
fn explain(error: reqwest::Error, shows: bool) -> TransportError {
    let port = error.url().and_then(Url::port_or_known_default).unwrap_or(443);
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(NotPublic { name, found }) = error.downcast_ref() {
            return not_public(name, name, port, *found).into();
        }
        if let Some(refused) = clients::refused(error, shows) {
            return refused;
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
