//! What attempts are made against: a server that answers over TLS and writes down the bytes that it reads, and a listener that nothing
//! may ever reach.

use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, LazyLock, Mutex};

use jeton_runtime::Mapping;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;

/// The hosts of these tests.
pub(crate) const HOST: &str = "hostile.example";
pub(crate) const LISTED: &str = "listed.example";
pub(crate) const ELSEWHERE: &str = "elsewhere.example";

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::generate(&[HOST, LISTED, ELSEWHERE]).unwrap());

/// What a runtime trusts, so that it believes these servers.
pub(crate) fn certificate() -> &'static str {
    &AUTHORITY.pem
}

/// Sends requests for a host's https port to this address.
pub(crate) fn mapping(host: &str, to: SocketAddr) -> Mapping {
    Mapping { host: host.to_owned(), port: 443, to }
}

/// What a server has seen so far.
type Shared<T> = Arc<Mutex<Vec<T>>>;

/// A server. It ends when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    answer: Arc<Mutex<String>>,
    read: Shared<String>,
    shown: Shared<Option<Vec<u8>>>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Answers each request with these bytes.
    pub(crate) async fn answering(answer: impl Into<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, tls) = (listener.local_addr().unwrap(), TlsAcceptor::from(AUTHORITY.server.clone()));
        let (answer, read) = (Arc::new(Mutex::new(answer.into())), Arc::new(Mutex::default()));
        let (answering, reading, shown) = (Arc::clone(&answer), Arc::clone(&read), Arc::new(Mutex::default()));
        let showing = Arc::clone(&shown);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, tls.clone(), (reading.clone(), showing.clone()), answering.clone()));
            }
        });
        Self { address, answer, read, shown, accepting }
    }

    /// Answers with something else from now on.
    pub(crate) fn answer(&self, answer: String) {
        *self.answer.lock().unwrap() = answer;
    }

    /// The certificate that each request's connection showed, since the last time.
    pub(crate) fn shown(&self) -> Vec<Option<Vec<u8>>> {
        std::mem::take(&mut *self.shown.lock().unwrap())
    }

    /// All that was read since the last time, request by request.
    pub(crate) fn read(&self) -> Vec<String> {
        std::mem::take(&mut *self.read.lock().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Reads to the end of a request by its own length, as any server does: what follows it is the next one.
async fn converse(
    stream: TcpStream,
    tls: TlsAcceptor,
    (read, shown): (Shared<String>, Shared<Option<Vec<u8>>>),
    answer: Arc<Mutex<String>>,
) {
    let Ok(mut stream) = tls.accept(stream).await else { return };
    let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| Some(chain.first()?.to_vec()));
    let mut bytes = vec![];
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        let whole = end.map(|end| end + length(&bytes[..end]));
        match whole.filter(|whole| *whole <= bytes.len()) {
            Some(whole) => {
                let request: Vec<u8> = bytes.drain(..whole).collect();
                shown.lock().unwrap().push(certificate.clone());
                read.lock().unwrap().push(String::from_utf8(request).unwrap());
                let answer = answer.lock().unwrap().clone();
                if stream.write_all(answer.as_bytes()).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
            None => match stream.read_buf(&mut bytes).await {
                Ok(1..) => {}
                _ => return,
            },
        }
    }
}

fn length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let line = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    line.map_or(0, |length| length.trim().parse().unwrap())
}

/// A listener that takes nobody in: whoever connects to it stands in its queue, and is found there.
pub(crate) struct Trap(StdListener);

impl Trap {
    pub(crate) fn new() -> Self {
        let listener = StdListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    pub(crate) fn port(&self) -> u16 {
        self.address().port()
    }

    /// Nobody connected.
    pub(crate) fn assert_untouched(&self, after: &str) {
        match self.0.accept() {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            other => panic!("after {after}: {other:?}"),
        }
    }
}

#[test]
fn a_trap_tells_who_came() {
    let trap = Trap::new();
    trap.assert_untouched("nothing");
    let _stream = std::net::TcpStream::connect(trap.address()).unwrap();
    assert!(std::panic::catch_unwind(|| trap.assert_untouched("a connection")).is_err());
}
