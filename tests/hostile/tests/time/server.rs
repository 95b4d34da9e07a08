//! A server of the hostile provider's own, over TLS under its host name, so that the network layer itself is what must hold.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jeton_hostile::component;
use jeton_runtime::{Limits, Mapping, Provider, Runtime};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What it does once it was asked.
#[derive(Clone)]
pub(crate) enum Behaviour {
    /// Nothing.
    Silence,
    /// Begins an answer and goes on a byte at a time.
    Drip,
    /// Sends this.
    Answer(Vec<u8>),
    /// Sends this, then the second part again and again.
    Endless(Vec<u8>, Vec<u8>),
}

/// The heads of the requests that it got.
pub(crate) type Heads = Arc<Mutex<Vec<String>>>;

/// The attempt `asks_once` before a server that does this. The server ends with the test's runtime.
pub(crate) async fn provider_before(behaviour: Behaviour, limits: Limits) -> (Provider, Heads) {
    let made = rcgen::generate_simple_self_signed(["hostile.example".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let mapping = Mapping { host: "hostile.example".to_owned(), port: 443, to: listener.local_addr().unwrap() };
    let heads = Heads::default();
    tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(config)), behaviour, heads.clone()));
    let runtime = Runtime::builder()
        .limits(Limits { calls: 2, ..limits })
        .cache(concat!(env!("OUT_DIR"), "/cache"))
        .resolve([mapping])
        .trust(made.cert.pem());
    (runtime.build().unwrap().load(component!("time", "asks_once")).await.unwrap(), heads)
}

async fn serve(listener: TcpListener, tls: TlsAcceptor, behaviour: Behaviour, heads: Heads) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (tls, behaviour, heads) = (tls.clone(), behaviour.clone(), heads.clone());
        tokio::spawn(async move {
            let mut stream = tls.accept(stream).await?;
            let mut head = vec![];
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await?);
            }
            heads.lock().unwrap().push(String::from_utf8(head).unwrap());
            match behaviour {
                Behaviour::Silence => std::future::pending().await,
                Behaviour::Drip => {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await?;
                    loop {
                        stream.write_all(b" ").await?;
                        stream.flush().await?;
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                }
                Behaviour::Answer(bytes) => {
                    stream.write_all(&bytes).await?;
                    stream.shutdown().await
                }
                Behaviour::Endless(begin, again) => {
                    stream.write_all(&begin).await?;
                    loop {
                        stream.write_all(&again).await?;
                    }
                }
            }
        });
    }
}
