//! Attempts to compute for ever.

use std::time::Duration;

use jeton_hostile::{Service, client, component, current, runtime_with};
use jeton_runtime::Limits;

use crate::{limit, text};

fn short() -> Limits {
    Limits { calls: 2, computing: Duration::from_millis(50), ..Limits::default() }
}

const STOPPED: &str = "it computed for more than 50ms";

#[tokio::test]
pub(crate) async fn loops_forever() {
    let provider = runtime_with(&Service::silent(), short()).load(component!("time", "loops_forever")).await.unwrap();
    assert_eq!(limit(provider.refresh(&client(), &current()).await), STOPPED);
}

/// What counts is the sum, whatever the component does in between.
#[tokio::test]
pub(crate) async fn loops_between_host_calls() {
    let provider = runtime_with(&Service::silent(), short()).load(component!("time", "loops_between_host_calls")).await.unwrap();
    assert_eq!(limit(provider.refresh(&client(), &current()).await), STOPPED);
}

/// The host calls the component while it answers the component's call.
#[tokio::test]
pub(crate) async fn loops_while_the_host_answers() {
    let loaded = text::load(include_str!("../../attempts/time/src/loops_while_the_host_answers.wat"), short()).await;
    assert_eq!(limit(loaded), STOPPED);
}

#[tokio::test]
pub(crate) async fn hangs_at_its_start() {
    let loaded = text::load(include_str!("../../attempts/time/src/hangs_at_its_start.wat"), short()).await;
    assert_eq!(limit(loaded), STOPPED);
}
