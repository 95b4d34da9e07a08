//! The TLS listener. It runs on a thread and a runtime of its own, so that a test which blocks its runtime (by waiting for a child
//! process, say) still gets answers.

use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use sha2::{Digest as _, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::Error;
use crate::front::Front;

/// The certificate that a connection was made with: its SHA-256 in base64url, as `x5t#S256` has it (RFC 8705, 3.1).
#[derive(Clone)]
pub(crate) struct Shown(pub(crate) Option<Arc<str>>);

impl Shown {
    fn of(stream: &TlsStream<TcpStream>) -> Self {
        let first = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        Self(first.map(|certificate| URL_SAFE_NO_PAD.encode(Sha256::digest(certificate)).into()))
    }
}

/// A listener that runs until it is dropped or its time is over.
pub(crate) struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(listener: StdListener, tls: Arc<ServerConfig>, front: Arc<Front>, lifetime: Duration) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Thread)?;
        listener.set_nonblocking(true).map_err(Error::Thread)?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener).map_err(Error::Thread)?
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(&listener, TlsAcceptor::from(tls), front) => {}
                    _ = stopped => {}
                    () = tokio::time::sleep(lifetime) => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("jeton-emulator".to_owned()).spawn(serve).map_err(Error::Thread)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the emulator has been printed by then; a second one here would abort the test.
            let _ = thread.join();
        }
    }
}

/// Accepts for ever. Each connection shakes hands in its own task, so a slow client keeps nobody waiting; all end with this future.
async fn accept(listener: &TcpListener, tls: TlsAcceptor, front: Arc<Front>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, tls.clone(), Arc::clone(&front)));
                }
                // Out of file descriptors, most likely: let connections end before the next try.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, tls: TlsAcceptor, front: Arc<Front>) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = tls.accept(stream).await else { return };
    let shown = Shown::of(&stream);
    let answer = service_fn(|mut request: Request<Incoming>| {
        let front = Arc::clone(&front);
        request.extensions_mut().insert(shown.clone());
        async move { front.answer(request).await }
    });
    // An error here is the client's leaving, or a fault at work.
    let _ = http1::Builder::new().auto_date_header(false).serve_connection(TokioIo::new(stream), answer).await;
}
