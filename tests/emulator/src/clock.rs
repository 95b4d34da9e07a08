//! The virtual clock that every lifetime, `Date` header and journal entry follows.
//!
//! It has two faces. [`Clock::elapsed`] only moves forward and measures lifetimes. [`Clock::now`] is what the service believes the date
//! to be, and can be wrong by a skew, as a real server's can. Setting the skew therefore doesn't change how long a token still lives.

use std::time::{Duration, Instant, SystemTime};

use crate::lock::Lock;

/// The clock of one emulator. It starts at the real time and runs with it, unless frozen.
#[derive(Debug)]
pub struct Clock {
    began: SystemTime,
    state: Lock<State>,
}

#[derive(Debug)]
struct State {
    running_since: Option<Instant>,
    before: Duration,
    skew: Skew,
}

#[derive(Clone, Copy, Debug)]
enum Skew {
    Ahead(Duration),
    Behind(Duration),
}

impl Clock {
    pub(crate) fn starting_at(began: SystemTime) -> Self {
        Self {
            began,
            state: Lock::new(State { running_since: Some(Instant::now()), before: Duration::ZERO, skew: Skew::Ahead(Duration::ZERO) }),
        }
    }

    /// Lets time pass: codes and tokens age by `by`.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state.get();
        state.before = state.before.saturating_add(by);
    }

    /// Sets the service's date `seconds` ahead of the real one (behind it, if negative). Replaces the previous skew; nothing ages by it.
    pub fn set_skew(&self, seconds: i64) {
        let size = Duration::from_secs(seconds.unsigned_abs());
        self.state.get().skew = if seconds < 0 { Skew::Behind(size) } else { Skew::Ahead(size) };
    }

    /// Stops the clock: from now on only [`Clock::advance`] moves it, so that a test can stand exactly on a boundary.
    pub fn freeze(&self) {
        let mut state = self.state.get();
        state.before = state.elapsed();
        state.running_since = None;
    }

    /// Lets a frozen clock run on from where it stands.
    pub fn run(&self) {
        let mut state = self.state.get();
        if state.running_since.is_none() {
            state.running_since = Some(Instant::now());
        }
    }

    /// Time that has passed since the emulator started, the advanced time included.
    pub fn elapsed(&self) -> Duration {
        self.state.get().elapsed()
    }

    /// The date as the service sees it, skew included.
    pub fn now(&self) -> SystemTime {
        let (elapsed, skew) = {
            let state = self.state.get();
            (state.elapsed(), state.skew)
        };
        let right = self.began.checked_add(elapsed).unwrap_or(self.began);
        match skew {
            Skew::Ahead(by) => right.checked_add(by),
            Skew::Behind(by) => right.checked_sub(by),
        }
        .unwrap_or(right)
    }
}

impl State {
    fn elapsed(&self) -> Duration {
        self.running_since.map_or(self.before, |since| self.before.saturating_add(since.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_it_is_advanced() {
        let clock = Clock::starting_at(SystemTime::UNIX_EPOCH);
        clock.freeze();
        let at = clock.elapsed();
        clock.advance(Duration::from_secs(30));
        assert_eq!(clock.elapsed(), at + Duration::from_secs(30));
        assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + at + Duration::from_secs(30));
    }

    #[test]
    fn skew_changes_the_date_and_ages_nothing() {
        let clock = Clock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1000));
        clock.freeze();
        let (aged, date) = (clock.elapsed(), clock.now());
        clock.set_skew(-300);
        assert_eq!(clock.elapsed(), aged);
        assert_eq!(clock.now(), date - Duration::from_secs(300));
        clock.set_skew(10);
        assert_eq!(clock.now(), date + Duration::from_secs(10));
    }
}
