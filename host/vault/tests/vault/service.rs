//! A service that refreshes, and the mistakes that it makes on demand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jeton_runtime::{Client, CurrentTokens, Error, ErrorKind, ServiceError, Tokens};
use jeton_vault::{BoxFuture, Providers};

use crate::home::tokens;

type Answer = Result<Tokens, Error>;

/// Counts what it is asked, and answers by a function of that count and the tokens.
pub(crate) struct Service {
    calls: AtomicUsize,
    answer: Box<dyn Fn(usize, CurrentTokens) -> BoxFuture<'static, Answer> + Send + Sync>,
}

impl Service {
    pub(crate) fn new<F: Future<Output = Answer> + Send + 'static>(
        answer: impl Fn(usize, CurrentTokens) -> F + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { calls: AtomicUsize::new(0), answer: Box::new(move |call, tokens| Box::pin(answer(call, tokens))) })
    }

    /// Refresh token `rN` works once and gives `aN+1` and `rN+1`; any other ends the grant. Takes its time.
    pub(crate) fn strict(takes: Duration) -> Arc<Self> {
        Self::new(move |call, current| async move {
            tokio::time::sleep(takes).await;
            match refresh_token(&current) == format!("r{}", call - 1) {
                true => Ok(tokens(call, Some(3600))),
                false => Err(no(ErrorKind::InvalidGrant)),
            }
        })
    }

    pub(crate) fn always(answer: Answer) -> Arc<Self> {
        Self::new(move |_, _| {
            let answer = answer.clone();
            async move { answer }
        })
    }

    pub(crate) fn never() -> Arc<Self> {
        Self::always(Err(Error::Host("nobody should ask".to_owned())))
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Providers for Service {
    fn refresh<'a>(&'a self, provider: &'a str, client: &'a Client, tokens: &'a CurrentTokens) -> BoxFuture<'a, Answer> {
        assert_eq!((provider, client.id.as_str()), ("box", "app-1"));
        assert_eq!(client.secrets["client-secret"].reveal(), b"the-client-secret");
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        (self.answer)(call, tokens.clone())
    }
}

pub(crate) fn shared(service: &Arc<Service>) -> Arc<dyn Providers> {
    service.clone()
}

pub(crate) fn refresh_token(tokens: &CurrentTokens) -> String {
    tokens.refresh.as_ref().unwrap().reveal_text().unwrap().to_owned()
}

pub(crate) fn no(kind: ErrorKind) -> Error {
    Error::Service(ServiceError { kind, code: None, description: Some("says the service".to_owned()), retry_after: None })
}
