//! A service that is played: it writes down what it is sent, and answers by a function of that.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName};
use jeton_runtime::{Incoming, Outgoing, Transport, TransportError};
use zeroize::Zeroizing;

type Answer = Result<Incoming, TransportError>;

/// What was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// `POST https://…`
    pub line: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
    /// How long it may take.
    pub time: Duration,
}

/// A service that is played.
pub struct Service {
    sent: Mutex<Vec<Sent>>,
    answer: Box<dyn Fn(Sent) -> BoxFuture<'static, Answer> + Send + Sync>,
}

impl Service {
    /// Answers by a function of what it is asked.
    pub fn new<F: Future<Output = Answer> + Send + 'static>(answer: impl Fn(Sent) -> F + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { sent: Mutex::default(), answer: Box::new(move |sent| Box::pin(answer(sent))) })
    }

    /// Answers this, whatever it is asked.
    pub fn always(status: u16, headers: &'static [(&'static str, &'static str)], body: impl Into<String>) -> Arc<Self> {
        let body = body.into();
        Self::new(move |_| {
            let answer = answer(status, headers, &body);
            async move { Ok(answer) }
        })
    }

    /// Gives no answer, for this reason.
    pub fn failing(why: impl Fn() -> TransportError + Send + Sync + 'static) -> Arc<Self> {
        Self::new(move |_| {
            let why = why();
            async move { Err(why) }
        })
    }

    /// Is not to be asked.
    pub fn silent() -> Arc<Self> {
        Self::new(|sent| async move { panic!("nothing should be sent: {sent:?}") })
    }

    /// All that was sent to it.
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// The one request that was sent.
    pub fn only(&self) -> Sent {
        let sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent[0].clone()
    }
}

impl Transport for Service {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Answer> {
        let sent = Sent {
            line: format!("{} {}", request.method, request.url),
            headers: request.headers,
            time: request.time,
            body: String::from_utf8(request.body.to_vec()).unwrap(),
        };
        self.sent.lock().unwrap().push(sent.clone());
        (self.answer)(sent)
    }
}

/// An answer.
pub fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Incoming {
    let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
    Incoming { status, headers, body: Zeroizing::new(body.as_bytes().to_vec()) }
}
