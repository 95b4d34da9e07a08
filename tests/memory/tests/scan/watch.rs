//! Looks at the component's memory when it calls the host: before a request leaves and when its answer is there, and at its storage.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jeton_memory::Spy;
use jeton_runtime::{Incoming, Outgoing, Storage, StorageError, Transport, TransportError};

/// What providers are lent, with eyes.
pub struct Watched<T> {
    pub inner: T,
    pub spy: Spy,
}

impl<T> Watched<T> {
    fn look(&self) {
        // SAFETY: a test has one thread, on which its component waits for this call.
        unsafe { self.spy.look() }
    }
}

impl<T: Transport> Transport for Watched<T> {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, TransportError>> {
        Box::pin(async move {
            self.look();
            let answer = self.inner.send(request).await;
            self.look();
            answer
        })
    }
}

impl<T: Storage> Storage for Watched<T> {
    fn get<'a>(&'a self, provider: &'a str, name: &'a str) -> BoxFuture<'a, Result<Option<String>, StorageError>> {
        self.look();
        self.inner.get(provider, name)
    }

    fn set<'a>(&'a self, provider: &'a str, name: &'a str, value: &'a str, life: Duration) -> BoxFuture<'a, Result<(), StorageError>> {
        self.look();
        self.inner.set(provider, name, value, life)
    }

    fn delete<'a>(&'a self, provider: &'a str, name: &'a str) -> BoxFuture<'a, Result<(), StorageError>> {
        self.look();
        self.inner.delete(provider, name)
    }
}
