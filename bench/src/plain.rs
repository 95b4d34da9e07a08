//! A token endpoint that always gives the same answer, so that little of what is measured is its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::body::{Body, to_bytes};
use http::{HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What it answers.
pub const ANSWER: &str = r#"{"access_token":"benched-access-token-that-is-as-long-as-those-of-the-service-are","expires_in":3600,"restricted_to":[],"refresh_token":"benched-refresh-token-that-is-as-long-as-those-of-the-service-are","token_type":"bearer"}"#;

/// See the module.
pub struct Plain {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    delay: Option<Duration>,
}

impl Plain {
    /// Binds it to a free port. With `tls`, the certificate to trust comes with it.
    pub fn bind(tls: bool, delay: Option<Duration>) -> Result<(Self, Option<String>)> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let (tls, certificate) = if tls { certified().map(|(tls, pem)| (Some(tls), Some(pem)))? } else { (None, None) };
        Ok((Self { listener: TcpListener::from_std(listener)?, tls, delay }, certificate))
    }

    /// Where it listens.
    pub fn addr(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Serves for ever.
    pub async fn run(self) -> Result<()> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            stream.set_nodelay(true)?;
            let (tls, delay) = (self.tls.clone(), self.delay);
            tokio::spawn(async move {
                match tls {
                    None => converse(stream, delay).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            converse(stream, delay).await;
                        }
                    }
                }
            });
        }
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, delay: Option<Duration>) {
    let answer = service_fn(async |request: Request<Incoming>| -> Result<Response<Body>, axum::Error> {
        to_bytes(Body::new(request.into_body()), 1 << 16).await?;
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        let mut response = Response::new(Body::from(ANSWER));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    });
    // An error here is the client's leaving.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

fn certified() -> Result<(TlsAcceptor, String)> {
    let made = rcgen::generate_simple_self_signed(["api.box.com".to_owned()])?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    Ok((TlsAcceptor::from(Arc::new(config)), made.cert.pem()))
}
