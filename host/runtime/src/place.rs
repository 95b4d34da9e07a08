//! Where calls wait for their turn, so that no provider takes what others need.
//!
//! | what there is little of | rule |
//! |---|---|
//! | places for calls | a provider holds at most half of them; what it wants beyond waits behind its own calls, not before others' |
//! | the processor | of a provider's calls that compute for longer than a tick, as many run as half of the async threads; the others wait |
//! | patience | whoever finds no place within [`Limits::queue`](crate::Limits::queue) is told so |
//!
//! Most calls end long before the first tick. They take their place, find the lane of those that compute for long empty, and never wait.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::engine::TICK;
use crate::{Error, Limits};

/// The places of all providers.
pub(crate) struct Places {
    all: Arc<Semaphore>,
    /// Most of them for one provider.
    share: usize,
    queue: Duration,
    /// By the provider's id, so that one that is loaded twice has no more.
    shares: Mutex<HashMap<String, Weak<Share>>>,
}

/// One provider's part in them.
pub(crate) struct Share {
    provider: String,
    own: Arc<Semaphore>,
    all: Arc<Semaphore>,
    queue: Duration,
    /// For calls that compute for long.
    lane: Arc<Semaphore>,
    /// How many do.
    long: Arc<AtomicUsize>,
}

/// A place, until it is dropped.
pub(crate) struct Place {
    _own: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Places {
    pub(crate) fn new(limits: &Limits) -> Self {
        let all = limits.calls as usize;
        let shares = Mutex::default();
        Self { all: Arc::new(Semaphore::new(all)), share: (all / 2).max(1), queue: limits.queue, shares }
    }

    /// The share of a provider. Asked for on a tokio runtime, whose threads are counted.
    pub(crate) fn of(&self, provider: &str) -> Arc<Share> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(provider).and_then(Weak::upgrade) {
            return share;
        }
        let threads = tokio::runtime::Handle::try_current().map_or(1, |runtime| runtime.metrics().num_workers());
        let share = Arc::new(Share {
            provider: provider.to_owned(),
            own: Arc::new(Semaphore::new(self.share)),
            all: self.all.clone(),
            queue: self.queue,
            lane: Arc::new(Semaphore::new((threads / 2).max(1))),
            long: Arc::default(),
        });
        shares.retain(|_, share| share.strong_count() > 0);
        shares.insert(provider.to_owned(), Arc::downgrade(&share));
        share
    }
}

impl Share {
    /// Waits for a place: first behind the provider's own calls, then behind everybody's.
    pub(crate) async fn place(&self) -> Result<Place, Error> {
        if let Ok(own) = self.own.clone().try_acquire_owned()
            && let Ok(of_all) = self.all.clone().try_acquire_owned()
        {
            return Ok(Place { _own: own, _of_all: of_all });
        }
        let place = async {
            let own = self.own.clone().acquire_owned().await?;
            Ok(Place { _own: own, _of_all: self.all.clone().acquire_owned().await? })
        };
        match tokio::time::timeout(self.queue, place).await {
            Ok(place) => place.map_err(|_: tokio::sync::AcquireError| Error::Host("the runtime is shutting down".into())),
            Err(_) => Err(Error::Busy(format!("no place for a call of {} became free in {:?}", self.provider, self.queue))),
        }
    }

    /// What a call holds while it computes.
    pub(crate) fn turn(&self) -> Turn {
        Turn { lane: self.lane.clone(), long: self.long.clone(), held: Arc::default() }
    }
}

/// A call's part in the processor.
pub(crate) struct Turn {
    lane: Arc<Semaphore>,
    long: Arc<AtomicUsize>,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    permit: Option<OwnedSemaphorePermit>,
    /// Whether it is counted among those that compute for long.
    long: bool,
    /// When it began to compute, at first or after its last wait.
    since: Option<Instant>,
}

impl Turn {
    /// Before a call computes, at first and after each wait: goes on at once, unless calls of the same provider compute for long.
    ///
    /// Their number decides, not whether the lane is taken: short calls that had to wait in it would make those behind them wait too, for as
    /// long as there are any.
    pub(crate) async fn begin(&self) {
        if self.long.load(Ordering::Relaxed) > 0 {
            enter(self.lane.clone(), self.held.clone()).await;
        }
        lock(&self.held).since = Some(Instant::now());
    }

    /// Whether it has computed for a whole tick. One that is met by a tick may just have come back from a wait in which the tick passed.
    pub(crate) fn is_long(&self, now: Instant) -> bool {
        lock(&self.held).since.is_none_or(|since| now.saturating_duration_since(since) >= TICK)
    }

    /// At each tick: from now on the call computes for long, and lines up behind the others that do.
    pub(crate) fn go_on(&self) -> impl Future<Output = ()> + Send + 'static {
        {
            let mut held = lock(&self.held);
            held.permit = None;
            if !std::mem::replace(&mut held.long, true) {
                self.long.fetch_add(1, Ordering::Relaxed);
            }
        }
        let (lane, held) = (self.lane.clone(), self.held.clone());
        async move {
            enter(lane, held).await;
            tokio::task::yield_now().await;
        }
    }

    /// Before a call waits for something else, and when it is over.
    pub(crate) fn end(&self) {
        let mut held = lock(&self.held);
        held.permit = None;
        if std::mem::take(&mut held.long) {
            self.long.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.end();
    }
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn enter(lane: Arc<Semaphore>, held: Arc<Mutex<Held>>) {
    // The lane is never closed.
    let permit = lane.acquire_owned().await.ok();
    lock(&held).permit = permit;
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn places(calls: u32) -> Places {
        Places::new(&Limits { calls, ..Limits::default() })
    }

    #[tokio::test]
    async fn a_provider_holds_at_most_half_of_the_places_however_often_it_is_loaded() {
        let places = places(8);
        let (greedy, again, other) = (places.of("greedy"), places.of("greedy"), places.of("other"));
        let mut held = vec![];
        while let Some(place) = greedy.place().now_or_never() {
            held.push(place.unwrap());
        }
        assert_eq!(held.len(), 4);
        assert!(again.place().now_or_never().is_none(), "the same provider");
        assert!(other.place().now_or_never().is_some(), "another provider");
        held.pop();
        assert!(again.place().now_or_never().is_some(), "a place that became free");
    }

    #[tokio::test]
    async fn a_call_that_waits_for_its_own_providers_place_keeps_none_of_the_others() {
        let places = places(2);
        let (greedy, other) = (places.of("greedy"), places.of("other"));
        let _held = greedy.place().await.unwrap();
        let mut waiting = Box::pin(greedy.place());
        assert!(waiting.as_mut().now_or_never().is_none());
        assert!(other.place().now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_call_that_finds_no_place_is_told_so() {
        let places = Places::new(&Limits { calls: 1, queue: Duration::from_millis(1), ..Limits::default() });
        let _held = places.of("one").place().await.unwrap();
        let error = places.of("other").place().await.map(drop).unwrap_err();
        assert_eq!(error.to_string(), "no place for a call of other became free in 1ms");
        assert_eq!(error.remedy(), crate::Remedy::Retry);
    }

    #[tokio::test]
    async fn calls_that_compute_for_long_take_turns_and_the_next_waits_for_them() {
        let places = places(8);
        let share = places.of("one");
        let (long, next, third) = (share.turn(), share.turn(), share.turn());
        assert!(long.begin().now_or_never().is_some() && next.begin().now_or_never().is_some(), "nobody computes for long yet");
        long.go_on().await;
        assert!(third.begin().now_or_never().is_none(), "one does");
        assert!(places.of("other").turn().begin().now_or_never().is_some(), "that concerns its provider alone");
        long.end();
        assert!(third.begin().now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_call_that_comes_back_from_a_wait_has_not_computed_for_long() {
        let turn = places(8).of("one").turn();
        let before = Instant::now();
        turn.begin().await;
        assert!(!turn.is_long(before + TICK / 2), "it began after that half of a tick, or in it");
        let long_ago = Instant::now();
        turn.end();
        turn.begin().await;
        assert!(!turn.is_long(long_ago + TICK / 2), "it counts from where it came back");
        assert!(turn.is_long(Instant::now() + TICK), "and then computes for a tick");
    }

    #[tokio::test]
    async fn a_call_that_ended_in_the_middle_of_its_turn_holds_nobody_up() {
        let share = places(8).of("one");
        let (long, next) = (share.turn(), share.turn());
        long.go_on().await;
        assert!(next.begin().now_or_never().is_none());
        drop(long);
        assert!(next.begin().now_or_never().is_some());
    }

    #[tokio::test]
    async fn short_calls_that_had_to_wait_hold_up_no_others() {
        let share = places(8).of("one");
        let (long, waited, third) = (share.turn(), share.turn(), share.turn());
        long.go_on().await;
        let mut waiting = Box::pin(waited.begin());
        assert!(waiting.as_mut().now_or_never().is_none());
        long.end();
        waiting.await;
        assert!(third.begin().now_or_never().is_some(), "nobody computes for long any more");
    }
}
