//! Dates that services write.

use crate::Response;

/// Names of three letters each.
const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
/// Days from the first of March of the year 0 to 1970-01-01.
const DAYS_BEFORE_1970: u64 = 719_468;

impl Response {
    /// Seconds since 1970 by the answer's `Date` (RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`), for assertions whose times a service
    /// measures by its own clock.
    pub fn date(&self) -> Option<u64> {
        let text = self.header("date")?;
        let name = text.as_bytes().get(8..11);
        let month = MONTHS.chunks(3).zip(1_u64..).find(|(known, _)| Some(*known) == name)?.1;
        seconds_of(number(&text, 12, 4)?, month, number(&text, 5, 2)?, &text, 17)
    }
}

/// Seconds since 1970 of a date as RFC 3339 writes it: `2026-11-21T22:00:00Z`, also with a fraction, and with an offset in `Z`'s place.
pub fn rfc3339(text: &str) -> Option<u64> {
    let seconds = seconds_of(number(text, 0, 4)?, number(text, 5, 2)?, number(text, 8, 2)?, text, 11)?;
    let behind = text.as_bytes().get(19..)?.iter().position(|byte| matches!(byte, b'+' | b'-' | b'Z' | b'z'))? + 19;
    let offset = || Some(number(text, behind + 1, 2)? * 3600 + number(text, behind + 4, 2)? * 60);
    match text.as_bytes().get(behind)? {
        b'+' => seconds.checked_sub(offset()?),
        b'-' => seconds.checked_add(offset()?),
        _ => Some(seconds),
    }
}

/// So many digits.
fn number(text: &str, from: usize, length: usize) -> Option<u64> {
    let digit = |byte: &u8| Some(u64::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?));
    text.as_bytes().get(from..from.checked_add(length)?)?.iter().try_fold(0_u64, |sum, byte| Some(sum * 10 + digit(byte)?))
}

/// With the time of day as it stands there: `22:00:00`.
fn seconds_of(year: u64, month: u64, day: u64, text: &str, time: usize) -> Option<u64> {
    // Years that begin in March end with the day that not all of them have.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day.checked_sub(1)?;
    let seconds = number(text, time, 2)? * 3600 + number(text, time + 3, 2)? * 60 + number(text, time + 6, 2)?;
    Some(days.checked_sub(DAYS_BEFORE_1970)? * 86_400 + seconds)
}
