//! Attempts to have more and more of what the host keeps, sends or writes.

use std::io::Write;
use std::sync::{Arc, Mutex};

use jeton_hostile::{Service, client, component, current, provider};
use tracing_subscriber::util::SubscriberInitExt;

use crate::{limit, telling, told};

/// Handles that are kept are counted. Those that are dropped leave nothing behind, which shows in that the call goes on.
#[tokio::test]
pub(crate) async fn many_handles() {
    let provider = provider(&Service::silent(), component!("time", "many_handles")).await;
    assert_eq!(limit(provider.refresh(&client(), &telling("keep", "")).await), "it held more than 128 handles");
    assert_eq!(told(provider.refresh(&client(), &current()).await), "asked ten thousand times");
}

#[tokio::test]
pub(crate) async fn many_secrets() {
    let provider = provider(&Service::silent(), component!("time", "many_secrets")).await;
    assert_eq!(limit(provider.refresh(&client(), &current()).await), "it had to do with more than 64 secrets");
}

#[tokio::test]
pub(crate) async fn many_requests() {
    let service = Service::always(200, &[], "{}");
    let provider = provider(&service, component!("time", "many_requests")).await;
    assert_eq!(limit(provider.refresh(&client(), &current()).await), "at most 8 requests in a call");
    assert_eq!(service.sent().len(), 8);
}

#[tokio::test]
pub(crate) async fn reads_without_end() {
    let service = Service::always(200, &[], format!(r#"{{"huge":"{}"}}"#, "x".repeat(1 << 20)));
    let provider = provider(&service, component!("time", "reads_without_end")).await;
    assert_eq!(limit(provider.refresh(&client(), &current()).await), "it read more than 64 MiB, counted for each secret");
}

/// What is written to the trace.
#[derive(Clone, Default)]
struct Trace(Arc<Mutex<Vec<u8>>>);

impl Write for Trace {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
pub(crate) async fn log_flood() {
    let service = Service::always(200, &[("x-withheld", "a")], r#"{"withheld":"b"}"#);
    let provider = provider(&service, component!("time", "log_flood")).await;
    let trace = Trace::default();
    let writer = trace.clone();
    let listening = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).set_default();
    assert_eq!(told(provider.refresh(&client(), &current()).await), "written");
    drop(listening);
    let text = String::from_utf8(trace.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().filter(|line| line.contains("flood flood")).count(), 64, "lines of its own");
    assert_eq!(text.lines().filter(|line| line.contains("withheld")).count(), 64, "lines of the host about what it asked for in vain");
    assert!(text.lines().all(|line| line.len() < 1200), "long lines are cut");
}
