//! The network between a server and its database: it stalls, it cuts, and it loses just the answer that matters.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// Ends with the test.
pub(crate) struct Proxy {
    authority: String,
    shared: Arc<Shared>,
    _task: JoinSet<()>,
}

struct Shared {
    to: String,
    /// Whether bytes pass.
    open: watch::Sender<bool>,
    /// Grows when all connections that there are must end.
    cuts: watch::Sender<u64>,
    traps: Mutex<Vec<Trap>>,
}

/// What happens when a client sends these bytes.
struct Trap {
    bytes: &'static [u8],
    then: Then,
    sprung: oneshot::Sender<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// The server does what it is asked. Its answer is lost with the connection.
    LoseAnswer,
    /// They arrive, and from then on nothing passes.
    Stall,
    /// They don't arrive. This connection stays open, and nothing passes on it for ever.
    Hang,
}

impl Proxy {
    pub(crate) async fn to(authority: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().to_string();
        let (open, cuts) = (watch::Sender::new(true), watch::Sender::new(0));
        let shared = Arc::new(Shared { to: authority.to_owned(), open, cuts, traps: Mutex::default() });
        let mut task = JoinSet::new();
        task.spawn(accept(listener, shared.clone()));
        Self { authority: own, shared, _task: task }
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// No byte passes, and no connection ends.
    pub(crate) fn stall(&self) {
        self.shared.open.send_replace(false);
    }

    pub(crate) fn heal(&self) {
        self.shared.open.send_replace(true);
    }

    /// Ends all connections that there are.
    pub(crate) fn cut(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// What happens, once, when a client sends these bytes. Answers when it has happened.
    pub(crate) fn trap(&self, bytes: &'static [u8], then: Then) -> oneshot::Receiver<()> {
        let (sprung, springs) = oneshot::channel();
        self.shared.traps.lock().unwrap().push(Trap { bytes, then, sprung });
        springs
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let shared = shared.clone();
        connections.spawn(async move {
            let mut cuts = shared.cuts.subscribe();
            tokio::select! {
                () = serve(client, &shared) => {}
                _ = cuts.changed() => {}
            }
        });
    }
}

async fn serve(client: TcpStream, shared: &Shared) {
    passes(shared).await;
    let Ok(server) = TcpStream::connect(&shared.to).await else { return };
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    // The bytes that the server sends while it is false are lost.
    let answers = watch::Sender::new(true);
    tokio::select! {
        () = requests(from_client, to_server, shared, &answers) => {}
        () = copy(from_server, to_client, shared, &answers) => {}
    }
}

async fn passes(shared: &Shared) {
    let _ = shared.open.subscribe().wait_for(|open| *open).await;
}

async fn requests(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, shared: &Shared, answers: &watch::Sender<bool>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let sent = &bytes[..count];
        passes(shared).await;
        let trap = {
            let mut traps = shared.traps.lock().unwrap();
            let springs = |trap: &Trap| sent.windows(trap.bytes.len()).any(|window| window == trap.bytes);
            traps.iter().position(springs).map(|position| traps.remove(position))
        };
        match &trap {
            Some(Trap { then: Then::LoseAnswer, .. }) => drop(answers.send_replace(false)),
            Some(Trap { then: Then::Hang, .. }) => {
                let _ = trap.unwrap().sprung.send(());
                return std::future::pending().await;
            }
            // Before they are sent, so that no answer slips through.
            Some(Trap { then: Then::Stall, .. }) => drop(shared.open.send_replace(false)),
            None => {}
        }
        if to.write_all(sent).await.is_err() {
            return;
        }
        if let Some(Trap { then, sprung, .. }) = trap {
            if then == Then::LoseAnswer {
                // The answer is there, and so is what it is about.
                let _ = answers.subscribe().wait_for(|passing| *passing).await;
            }
            let _ = sprung.send(());
            if then == Then::LoseAnswer {
                return;
            }
        }
    }
}

async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, shared: &Shared, answers: &watch::Sender<bool>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if !*answers.borrow() {
            answers.send_replace(true);
            // `requests` ends the connection.
            return std::future::pending().await;
        }
        passes(shared).await;
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
