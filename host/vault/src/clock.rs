//! Seconds since 1970, as the store keeps them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// This second.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Clocks that differ by more aren't inaccurate but wrong.
const SKEW: i64 = 300;

/// The moment from which a token's lifetime is counted: the earlier of this machine's time and the service's, so that a token isn't thought
/// to be valid longer than it is, on this machine or on another one that shares the store.
///
/// Where they differ by more than minutes, one of them is plainly wrong. This machine's counts then, for it is what will be compared with.
pub(crate) fn given_at(now: i64, answered_at: Option<SystemTime>) -> i64 {
    let service = answered_at.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).and_then(|since| i64::try_from(since.as_secs()).ok());
    match service {
        Some(service) if now.abs_diff(service) > SKEW.unsigned_abs() => {
            tracing::warn!("this machine's clock and the service's differ by {} seconds: set this one right", now.abs_diff(service));
            now
        }
        Some(service) => now.min(service),
        None => now,
    }
}

/// `now` and a while; a while without end stays within what can be told.
pub(crate) fn after(now: i64, while_: Duration) -> i64 {
    now.saturating_add(i64::try_from(while_.as_secs()).unwrap_or(i64::MAX))
}

/// `None` where the system can't tell that time.
pub(crate) fn system_time(seconds: i64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

/// A new id that is greater than those before it, as far as the clock tells.
pub(crate) fn ordered_id() -> crate::Result<String> {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let tail: String = crate::seal::random()?.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{nanos:020x}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_counts_from_the_earlier_of_two_clocks_unless_one_is_plainly_wrong() {
        let service = |seconds| system_time(seconds);
        for (now, said, from) in
            [(1_000, 1_000, 1_000), (1_000, 940, 940), (1_000, 1_060, 1_000), (1_000, 600, 1_000), (1_000, 9_000, 1_000)]
        {
            assert_eq!(given_at(now, service(said)), from, "{now} and {said}");
        }
        assert_eq!(given_at(1_000, None), 1_000);
    }
}
