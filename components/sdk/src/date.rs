//! What time it is by the service's clock.

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
        let part = |from: usize, length: usize| text.as_bytes().get(from..from.checked_add(length)?);
        let number = |from: usize, length: usize| {
            let digit = |byte: &u8| Some(u64::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?));
            part(from, length)?.iter().try_fold(0_u64, |sum, byte| Some(sum * 10 + digit(byte)?))
        };
        let month = MONTHS.chunks(3).zip(1_u64..).find(|(name, _)| Some(*name) == part(8, 3))?.1;
        let (day, year) = (number(5, 2)?, number(12, 4)?);
        // Years that begin in March end with the day that not all of them have.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
        let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day.checked_sub(1)?;
        let seconds = number(17, 2)? * 3600 + number(20, 2)? * 60 + number(23, 2)?;
        Some(days.checked_sub(DAYS_BEFORE_1970)? * 86_400 + seconds)
    }
}
