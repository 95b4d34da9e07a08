//! A small HTTPS client that knows one emulator: every host name leads to it, and its certificate authority is trusted.
//!
//! Each request takes a connection of its own, redirects are not followed, and no cookie is kept.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, Response, Uri};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::Error;

/// See the module. [`Emulator::client`](crate::Emulator::client) makes one.
#[derive(Clone)]
pub struct Client {
    addr: SocketAddr,
    tls: TlsConnector,
}

impl Client {
    pub(crate) fn new(addr: SocketAddr, authority: CertificateDer<'static>) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        roots.add(authority)?;
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { addr, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// GET of a URL.
    pub async fn get(&self, url: &str) -> Result<Response<Bytes>, Error> {
        self.send(request(Method::GET, url)?).await
    }

    /// GET of a URL with a bearer token.
    pub async fn get_with_token(&self, url: &str, token: &str) -> Result<Response<Bytes>, Error> {
        let mut request = request(Method::GET, url)?;
        request.headers_mut().insert(AUTHORIZATION, value(url, &format!("Bearer {token}"))?);
        self.send(request).await
    }

    /// POST of a form.
    pub async fn post(&self, url: &str, form: &[(&str, &str)]) -> Result<Response<Bytes>, Error> {
        let mut request = request(Method::POST, url)?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        *request.body_mut() = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish().into();
        self.send(request).await
    }

    /// POST of JSON text.
    pub async fn post_json(&self, url: &str, json: &str) -> Result<Response<Bytes>, Error> {
        let mut request = request(Method::POST, url)?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = json.to_owned().into();
        self.send(request).await
    }

    /// Sends any request; its URI must be absolute. [`Error::NoAnswer`] if the connection breaks before the answer is whole.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let (mut parts, body) = request.into_parts();
        let host = parts.uri.host().unwrap_or_default().to_owned();
        parts.headers.entry(HOST).or_insert(value(&host, &host)?);
        parts.uri = parts.uri.path_and_query().map_or_else(Uri::default, |path| Uri::from(path.clone()));

        let name = ServerName::try_from(host.clone()).map_err(|error| Error::Url { url: host, reason: error.to_string() })?;
        let stream = TcpStream::connect(self.addr).await.map_err(broken)?;
        let stream = self.tls.connect(name, stream).await.map_err(broken)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let exchange = async {
            let answer = sender.send_request(Request::from_parts(parts, Body::from(body))).await.map_err(broken)?;
            let (parts, body) = answer.into_parts();
            let body = axum::body::to_bytes(Body::new(body), usize::MAX).await.map_err(broken)?;
            Ok(Response::from_parts(parts, body))
        };
        tokio::pin!(exchange);
        tokio::select! {
            answer = &mut exchange => answer,
            // The connection may end while the last of the answer still waits to be read.
            _ = connection => exchange.await,
        }
    }
}

fn request(method: Method, url: &str) -> Result<Request<Bytes>, Error> {
    Request::builder().method(method).uri(url).body(Bytes::new()).map_err(|error| bad_url(url, &error))
}

fn value(url: &str, text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|error| bad_url(url, &error))
}

fn bad_url(url: &str, error: &dyn std::fmt::Display) -> Error {
    Error::Url { url: url.to_owned(), reason: error.to_string() }
}

fn broken(error: impl std::error::Error) -> Error {
    let mut text = error.to_string();
    if let Some(source) = error.source() {
        text = format!("{text}: {source}");
    }
    Error::NoAnswer(text)
}
