//! Wakes those who wait for a connection that another server refreshes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use tokio::sync::{OnceCell, broadcast};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::CHANNEL;
use crate::store::database::Watch;

/// Ids that may wait to be heard by somebody who is slow; whoever misses some looks at the row instead.
const BACKLOG: usize = 1024;

/// Before it is tried again to listen.
const AGAIN: Duration = Duration::from_millis(500);

/// After so long a silence it is asked whether anybody is there.
const SILENCE: Duration = Duration::from_secs(30);

/// Listens from the first watch on, on one connection for all.
pub(super) struct Listener {
    address: PgConnectOptions,
    patience: Duration,
    look: Duration,
    /// The id of a connection that changed, or `None`: perhaps any did.
    changes: broadcast::Sender<Option<Arc<str>>>,
    task: OnceCell<Stopped>,
}

struct Stopped(AbortHandle);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Listener {
    /// Without a word from the database, a waiter looks at the row after `look`: a notification can get lost with its connection.
    pub(super) fn new(address: PgConnectOptions, patience: Duration, look: Duration) -> Self {
        Self { address, patience, look, changes: broadcast::channel(BACKLOG).0, task: OnceCell::new() }
    }

    pub(super) async fn watch(&self) -> Changes {
        // Before the task: nothing that it hears is missed.
        let changes = self.changes.subscribe();
        let begin = async || {
            let alone = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None).acquire_timeout(self.patience);
            let pool = alone.connect_lazy_with(self.address.clone());
            Stopped(tokio::spawn(listen(pool, self.patience, self.changes.clone())).abort_handle())
        };
        self.task.get_or_init(begin).await;
        Changes { changes, look: self.look }
    }
}

async fn listen(pool: PgPool, patience: Duration, changes: broadcast::Sender<Option<Arc<str>>>) {
    loop {
        if let Ok(Ok(mut listener)) = timeout(patience, PgListener::connect_with(&pool)).await
            && timeout(patience, listener.listen(CHANNEL)).await.is_ok_and(|listens| listens.is_ok())
        {
            // What changed before it listened wasn't heard.
            let _ = changes.send(None);
            loop {
                match timeout(SILENCE, listener.try_recv()).await {
                    Ok(Ok(heard)) => drop(changes.send(heard.map(|heard| heard.payload().into()))),
                    Ok(Err(_)) => break,
                    // A connection that a network has forgotten is silent for ever.
                    Err(_) => match timeout(patience, sqlx::query("SELECT 1").execute(&mut listener)).await {
                        Ok(Ok(_)) => {}
                        _ => break,
                    },
                }
            }
        }
        let _ = changes.send(None);
        tokio::time::sleep(AGAIN).await;
    }
}

pub(super) struct Changes {
    changes: broadcast::Receiver<Option<Arc<str>>>,
    look: Duration,
}

impl Watch for Changes {
    fn changed<'a>(&'a mut self, id: &'a str, longest: Duration) -> BoxFuture<'a, ()> {
        let look = self.look.min(longest);
        let heard = async move {
            // An error is a change, too: too many of them, or nobody listens any more.
            while let Ok(Some(changed)) = self.changes.recv().await {
                if *changed == *id {
                    return;
                }
            }
        };
        Box::pin(async move {
            let _ = timeout(look, heard).await;
        })
    }
}
