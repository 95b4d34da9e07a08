//! Seconds since 1970, as the store keeps them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// This second.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// `now` and a while; a while without end stays within what can be told.
pub(crate) fn after(now: i64, while_: Duration) -> i64 {
    now.saturating_add(i64::try_from(while_.as_secs()).unwrap_or(i64::MAX))
}

/// `None` where the system can't tell that time.
pub(crate) fn system_time(seconds: i64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}
