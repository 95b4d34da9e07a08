//! What a refresh that failed means: for the connection, and for the one who asked.

use std::time::Duration;

use jeton_runtime::{ErrorKind, Remedy};

use super::attempt::interrupted;
use crate::seal::random;
use crate::store::{ConnectionRow, Outcome};
use crate::{Error, Result, clock};

/// A service may ask for patience, within reason.
const LONGEST_PATIENCE: Duration = Duration::from_secs(60 * 60);

/// Where the service names no time: the longest pause between two tries.
const LONGEST_PAUSE: i64 = 300;

/// What is written, and what the caller hears.
pub(super) fn judge(row: &ConnectionRow, error: jeton_runtime::Error, now: i64) -> Result<(Outcome, Error)> {
    let name = row.name.clone();
    let (kind, patience) = match &error {
        jeton_runtime::Error::Service(service) => (Some(service.kind), service.retry_after),
        _ => (None, None),
    };
    // A service that is in trouble, or whose answer got lost, may have used up the refresh token.
    let keep_intent = match &error {
        jeton_runtime::Error::Service(service) => service.kind == ErrorKind::TemporarilyUnavailable,
        jeton_runtime::Error::Denied(_) | jeton_runtime::Error::Busy(_) | jeton_runtime::Error::Certificate { .. } => false,
        _ => true,
    };
    Ok(match (kind, error.remedy()) {
        (Some(ErrorKind::InvalidGrant | ErrorKind::InvalidToken), _) => {
            let mut reason = error.to_string();
            if interrupted(row) {
                reason.push_str(". An earlier refresh got no answer; the service may have replaced the refresh token then");
            }
            let status = Some(("reauthorize", reason.clone()));
            // Whoever asks once more hears the whole reason, too.
            let provider = row.provider.clone();
            (Outcome { status, retry_at: None, failures: 0, keep_intent: interrupted(row) }, Error::Reauthorize { name, provider, reason })
        }
        (_, Remedy::Retry) => {
            let (reason, failures) = (error.to_string(), row.failures.saturating_add(1));
            let retry_at = match patience {
                Some(patience) => Some(clock::after(now, patience.min(LONGEST_PATIENCE))),
                None => pause(failures)?.map(|pause| now.saturating_add(pause)),
            };
            let status = Some(("retry", reason.clone()));
            let heard = Error::Retry { name, reason, retry_at: retry_at.and_then(clock::system_time) };
            (Outcome { status, retry_at, failures, keep_intent }, heard)
        }
        _ => {
            let outcome = Outcome { status: None, retry_at: None, failures: row.failures, keep_intent };
            (outcome, Error::Provider { name, source: Box::new(error) })
        }
    })
}

/// Seconds until the next try: none after the first failure, then twice as many each time, of which the last half is by chance, so that
/// those who failed together don't come back together.
fn pause(failures: i64) -> Result<Option<i64>> {
    if failures < 2 {
        return Ok(None);
    }
    let whole = failures.min(16).checked_sub(1).and_then(|power| 1_i64.checked_shl(u32::try_from(power).ok()?));
    let whole = whole.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
    let chance = random()?.iter().take(4).fold(0_i64, |sum, byte| (sum << 8) | i64::from(*byte));
    Ok(Some(whole - chance % (whole / 2 + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_chance_and_have_an_end() {
        assert_eq!(pause(1).ok().unwrap(), None);
        for (failures, whole) in [(2, 2), (3, 4), (8, 128), (10, 300), (1_000_000, 300)] {
            let pauses: Vec<_> = (0..200).map(|_| pause(failures).ok().unwrap().unwrap()).collect();
            assert!(pauses.iter().all(|pause| (whole / 2..=whole).contains(pause)), "{failures}: {pauses:?}");
            assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{failures}: {pauses:?}");
        }
    }
}
