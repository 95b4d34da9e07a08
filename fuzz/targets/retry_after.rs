//! `Retry-After`: from nothing to ten years, or not at all.
//!
//! An input is the header's value, and in the next line the answer's `Date`.

#![no_main]

use std::time::{Duration, SystemTime};

use jeton_fuzz::TEN_YEARS;
use jeton_runtime::retry_after;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (value, date) = text.split_once('\n').map_or((text, None), |(value, date)| (value, Some(date)));
    let wait = retry_after(value, date);
    assert!(wait.is_none_or(|wait| wait.as_secs() <= TEN_YEARS), "{wait:?}");
    let plain = value.trim_matches([' ', '\t']);
    let expected = match (is_number(plain), httpdate::parse_http_date(plain)) {
        (true, _) => Some(number(plain)),
        (false, Ok(until)) => match date.map(httpdate::parse_http_date) {
            Some(Ok(now)) => Some(until.duration_since(now).map_or(0, |wait| wait.as_secs()).min(TEN_YEARS)),
            // Measured by the clock of this machine, which goes on meanwhile.
            _ => wait.map(|wait| wait.as_secs()).or(Some(u64::MAX)),
        },
        (false, Err(_)) => None,
    };
    assert_eq!(wait.map(|wait| wait.as_secs()), expected, "{value:?} {date:?}");
    round_trip(text.as_bytes());
});

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Digit by digit, up to ten years.
fn number(text: &str) -> u64 {
    text.bytes().fold(0, |number, digit| (number * 10 + u64::from(digit - b'0')).min(TEN_YEARS))
}

/// A date some seconds after another one is these seconds; before it, nothing.
fn round_trip(bytes: &[u8]) {
    let mut numbers = bytes.chunks_exact(4).map(|four| u64::from(u32::from_le_bytes([four[0], four[1], four[2], four[3]])));
    let (Some(now), Some(wait)) = (numbers.next(), numbers.next()) else { return };
    let moment = |seconds: u64| httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let (early, late) = (moment(now), moment(now + wait));
    assert_eq!(retry_after(&late, Some(&early)), Some(Duration::from_secs(wait.min(TEN_YEARS))));
    assert_eq!(retry_after(&early, Some(&late)), Some(Duration::ZERO));
    assert_eq!(retry_after(&wait.to_string(), Some(&early)), Some(Duration::from_secs(wait.min(TEN_YEARS))));
}
