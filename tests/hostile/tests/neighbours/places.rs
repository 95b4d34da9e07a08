//! Attempts to take all places, and all of the processor, so that nobody else has a turn.
//!
//! None of these tests measures a time: the neighbour's call is over while every call of the hostile provider is still under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jeton_hostile::{Service, answer, client, component, current};
use jeton_runtime::{Error, Limits, Provider, Runtime, Tokens};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::{call, neighbour, runtime};

const CALLS: u32 = 8;

/// A service that counts who asks, and a sign for each time.
#[derive(Clone, Default)]
struct Asked {
    times: Arc<AtomicUsize>,
    again: Arc<Notify>,
}

impl Asked {
    fn note(&self) {
        self.times.fetch_add(1, Ordering::SeqCst);
        self.again.notify_one();
    }

    fn times(&self) -> usize {
        self.times.load(Ordering::SeqCst)
    }

    async fn at_least(&self, times: usize) {
        while self.times() < times {
            self.again.notified().await;
        }
    }
}

/// Four times as many calls as there are places.
fn all_calls_of(hostile: &Provider) -> Vec<JoinHandle<Result<Tokens, Error>>> {
    let calls = (0..4 * CALLS).map(|_| {
        let hostile = hostile.clone();
        tokio::spawn(async move { hostile.refresh(&client(), &current()).await })
    });
    calls.collect()
}

/// The neighbour is called often. Afterwards all calls of the hostile provider are still under way; they end here.
async fn neighbour_has_its_turns(neighbour: &Provider, hostile: Vec<JoinHandle<Result<Tokens, Error>>>) {
    for _ in 0..5 {
        assert_eq!(call(neighbour).await, "nothing");
    }
    let over = hostile.iter().filter(|call| call.is_finished()).count();
    assert_eq!(over, 0, "calls of the hostile provider ended before the neighbour had its turns");
    hostile.iter().for_each(JoinHandle::abort);
}

fn never_answering() -> (Arc<Service>, Asked) {
    let asked = Asked::default();
    let noted = asked.clone();
    let service = Service::new(move |_| {
        noted.note();
        std::future::pending()
    });
    (service, asked)
}

#[tokio::test]
pub(crate) async fn holds_all_places() {
    let (service, asked) = never_answering();
    let runtime = runtime(&service, CALLS);
    let neighbour = runtime.load(neighbour()).await.unwrap();
    let hostile = runtime.load(component!("neighbours", "holds_all_places")).await.unwrap();
    let calls = all_calls_of(&hostile);
    asked.at_least(CALLS as usize / 2).await;
    neighbour_has_its_turns(&neighbour, calls).await;
    assert_eq!(asked.times(), CALLS as usize / 2, "half of the places are the most that it gets");
}

/// Loading it again, as it is or changed, gives it no more.
#[tokio::test]
async fn a_provider_that_is_loaded_twice_has_no_more_places() {
    let (service, asked) = never_answering();
    let runtime = runtime(&service, CALLS);
    let neighbour = runtime.load(neighbour()).await.unwrap();
    let file = component!("neighbours", "holds_all_places");
    let (one, other) = (runtime.load(file).await.unwrap(), runtime.load(crate::renamed(file, "hostile")).await.unwrap());
    assert_ne!(one.digest(), other.digest());
    let calls = all_calls_of(&one).into_iter().chain(all_calls_of(&other)).collect();
    asked.at_least(CALLS as usize / 2).await;
    neighbour_has_its_turns(&neighbour, calls).await;
    assert_eq!(asked.times(), CALLS as usize / 2);
}

/// Its own further calls are told so in the end, by an error that says to try again.
#[tokio::test]
async fn a_call_that_finds_no_place_in_time_is_told_so() {
    let (service, asked) = never_answering();
    let limits = Limits { calls: 2, queue: Duration::from_millis(50), ..Limits::default() };
    let hostile = jeton_hostile::runtime_with(&service, limits).load(component!("neighbours", "holds_all_places")).await.unwrap();
    let calls = all_calls_of(&hostile);
    asked.at_least(1).await;
    let error = hostile.refresh(&client(), &current()).await.unwrap_err();
    assert!(matches!(error, Error::Busy(_)), "{error:?}");
    assert_eq!(
        (error.to_string().as_str(), error.remedy()),
        ("no place for a call of hostile became free in 50ms", jeton_runtime::Remedy::Retry)
    );
    calls.iter().for_each(JoinHandle::abort);
    assert_eq!(service.sent().len(), 1);
}

/// Both providers, where the service counts those that have begun to compute. They could go on for an hour.
async fn computing() -> (Asked, Runtime, Provider, Provider) {
    let asked = Asked::default();
    let noted = asked.clone();
    let service = Service::new(move |_| {
        noted.note();
        std::future::ready(Ok(answer(200, &[], "{}")))
    });
    let hour = Duration::from_secs(3600);
    let runtime = jeton_hostile::runtime_with(&service, Limits { calls: 2 * CALLS, computing: hour, time: hour, ..Limits::default() });
    let neighbour = runtime.load(neighbour()).await.unwrap();
    let hostile = runtime.load(component!("neighbours", "hogs_the_processor")).await.unwrap();
    (asked, runtime, neighbour, hostile)
}

/// On one thread: between two steps of the neighbour's call at most one of the hostile ones computes. If they didn't take turns, all that have
/// a place would have begun, and would compute between any two steps.
#[tokio::test]
pub(crate) async fn hogs_the_processor() {
    let (asked, _runtime, neighbour, hostile) = computing().await;
    let calls = all_calls_of(&hostile);
    asked.at_least(1).await;
    assert_eq!(call(&neighbour).await, "nothing");
    assert!(asked.times() < CALLS as usize, "{} of {CALLS} calls of the hostile provider compute beside each other", asked.times());
    neighbour_has_its_turns(&neighbour, calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hogs_the_processor_leaves_a_thread_to_others() {
    let (asked, _runtime, neighbour, hostile) = computing().await;
    let calls = all_calls_of(&hostile);
    asked.at_least(1).await;
    neighbour_has_its_turns(&neighbour, calls).await;
}
