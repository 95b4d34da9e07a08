//! Whose turn it is to refresh, without a clock that two machines would have to agree on.
//!
//! Whoever refreshes makes the lease's beat grow. Whoever waits watches the beat with a clock of its own that never jumps, and may take over
//! a lease that stood still for its whole length. So a process that was killed is waited for once, and one that is slow isn't overtaken,
//! however wrong the time of day is here or there.

use std::time::Duration;

use tokio::time::Instant;

use crate::store::Lease;

/// What one who waits has seen.
pub(crate) struct Turn<'a> {
    length: Duration,
    /// Who waits.
    owner: &'a str,
    seen: Option<(Lease, Instant)>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(length: Duration, owner: &'a str) -> Self {
        Self { length, owner, seen: None }
    }

    /// Whether a lease that looks like this may be taken: there is none, or it is our own, or nobody holds it any more.
    pub(crate) fn may_begin(&mut self, lease: Option<&Lease>, now: Instant) -> bool {
        let Some(lease) = lease else { return true };
        match &self.seen {
            _ if lease.owner == self.owner => true,
            Some((seen, since)) if seen == lease => now.duration_since(*since) >= self.length,
            _ => {
                self.seen = Some((lease.clone(), now));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_secs(30);

    fn lease(owner: &str, beat: i64) -> Lease {
        Lease { owner: owner.to_owned(), beat }
    }

    #[test]
    fn a_lease_that_nobody_has_or_we_have_is_ours() {
        let mut turn = Turn::new(LENGTH, "me");
        assert!(turn.may_begin(None, Instant::now()));
        assert!(turn.may_begin(Some(&lease("me", 3)), Instant::now()));
    }

    #[test]
    fn a_lease_that_stands_still_is_taken_over_after_its_length_and_not_before() {
        let (mut turn, begun) = (Turn::new(LENGTH, "me"), Instant::now());
        let dead = lease("dead", 1);
        assert!(!turn.may_begin(Some(&dead), begun));
        assert!(!turn.may_begin(Some(&dead), begun + LENGTH - Duration::from_millis(1)));
        assert!(turn.may_begin(Some(&dead), begun + LENGTH));
    }

    #[test]
    fn a_beat_or_another_owner_starts_the_wait_again() {
        let (mut turn, begun) = (Turn::new(LENGTH, "me"), Instant::now());
        for (number, held) in [lease("slow", 1), lease("slow", 2), lease("other", 2)].iter().enumerate() {
            let from = begun + LENGTH * u32::try_from(number).unwrap();
            assert!(!turn.may_begin(Some(held), from), "{held:?}");
            assert!(!turn.may_begin(Some(held), from + LENGTH / 2), "{held:?}");
        }
    }
}
