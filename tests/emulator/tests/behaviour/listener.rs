//! Connections: TLS, host names, beginning and end.

use std::sync::Arc;
use std::time::Duration;

use jeton_emulator::{Emulator, Options};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::stage::{ME, emulator, started, tokens};

/// A TLS connection, made with nothing but what the emulator tells other programs.
async fn connect(emulator: &Emulator, host: &str) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(emulator.ca_pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
    let stream = TcpStream::connect(emulator.addr()).await.unwrap();
    tls.connect(ServerName::try_from(host.to_owned()).unwrap(), stream).await.unwrap()
}

/// Sends bytes and reads until the connection ends, however it ends.
pub(crate) async fn raw(emulator: &Emulator, host: &str, request: &str) -> String {
    let mut stream = connect(emulator, host).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    let _ = stream.read_to_end(&mut seen).await;
    String::from_utf8(seen).unwrap()
}

#[tokio::test]
async fn two_emulators_know_nothing_of_each_other() {
    let (one, two) = (emulator().await, emulator().await);
    assert_ne!(one.addr(), two.addr());
    assert_ne!(one.ca_pem(), two.ca_pem());
    let token = tokens(&one).access_token;
    assert_eq!(one.client().get_with_token(ME, &token).await.unwrap().status(), 200);
    assert_eq!(two.client().get_with_token(ME, &token).await.unwrap().status(), 401);
    assert_eq!((one.journal().entries().len(), two.journal().entries().len()), (1, 1));
}

#[tokio::test]
async fn the_resolve_arguments_name_every_host_and_its_certificate_fits() {
    let emulator = emulator().await;
    let port = emulator.addr().port();
    let arguments = emulator.resolve_arguments();
    for host in ["account.box.com", "ent.box.com", "app.box.com", "api.box.com", "upload.box.com"] {
        assert!(arguments.contains(&format!("{host}:443:127.0.0.1:{port}")), "{host}");
        connect(&emulator, host).await;
    }
    assert_eq!(arguments.len(), emulator.hosts().len());
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let emulator = emulator().await;
    let request = "GET /2.0/users/me HTTP/1.1\r\nHost: API.box.com:443\r\n\r\n";
    let last = request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let seen = raw(&emulator, "api.box.com", &format!("{request}{request}{last}")).await;
    assert_eq!(seen.matches("HTTP/1.1 401").count(), 3, "{seen}");
    assert_eq!(emulator.journal().count(|entry| entry.host == "api.box.com"), 3);
}

#[tokio::test]
async fn a_client_that_never_shakes_hands_keeps_nobody_waiting() {
    let emulator = emulator().await;
    let _silent = TcpStream::connect(emulator.addr()).await.unwrap();
    assert_eq!(emulator.client().get(ME).await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_host_that_is_not_served_is_misdirected() {
    let emulator = emulator().await;
    let seen = raw(&emulator, "api.box.com", "GET / HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n").await;
    assert!(seen.starts_with("HTTP/1.1 421"), "{seen}");
}

#[tokio::test]
async fn a_request_longer_than_a_megabyte_is_refused() {
    let emulator = emulator().await;
    let answer = emulator.client().post(ME, &[("a", &"a".repeat((1 << 20) + 1))]).await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status() == 413));
    assert_eq!(emulator.client().get(ME).await.unwrap().status(), 401);
}

#[tokio::test]
async fn it_serves_while_the_test_blocks_its_own_runtime() {
    let emulator = emulator().await;
    let (addr, client) = (emulator.addr(), emulator.client().clone());
    let elsewhere = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(client.get(ME)).unwrap().status()
    });
    assert_eq!(elsewhere.join().unwrap(), 401, "{addr}");
}

#[tokio::test]
async fn it_stops_when_dropped_and_when_its_time_is_over() {
    let emulator = emulator().await;
    let addr = emulator.addr();
    drop(emulator);
    assert!(TcpStream::connect(addr).await.is_err());

    let short = started(Options { max_lifetime: Duration::from_millis(20), ..Options::default() }).await;
    while TcpStream::connect(short.addr()).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_port_can_be_chosen_and_a_taken_one_is_named() {
    let emulator = emulator().await;
    let port = emulator.addr().port();
    let error = Emulator::start(Options { port, ..Options::default() }).await.err().unwrap().to_string();
    assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
}
