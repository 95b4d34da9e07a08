//! Times, for people and for JSON.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// RFC 3339, in UTC and whole seconds.
pub fn rfc3339(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time).replace_nanosecond(0);
    time.ok().and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
}

/// `in 58 min`, `3 days ago`.
pub fn relative(time: SystemTime, now: SystemTime) -> String {
    let measure = |seconds: u64| match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    };
    match time.duration_since(now) {
        Ok(ahead) => format!("in {}", measure(ahead.as_secs())),
        Err(past) => format!("{} ago", measure(past.duration().as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn times_read_well() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        assert_eq!(rfc3339(now), "2001-09-09T01:46:40Z");
        assert_eq!(relative(now + Duration::from_secs(3599), now), "in 59 min");
        assert_eq!(relative(now - Duration::from_secs(90), now), "90 s ago");
    }
}
