//! What the targets have in common: what nobody may be shown, said without the host's own code.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// What stands in the place of a secret.
pub const WITHHELD: &str = "[withheld]";

/// Ten years in seconds, the longest time that the host believes.
pub const TEN_YEARS: u64 = 10 * 365 * 24 * 60 * 60;

/// Fails where a text would move a terminal's cursor, change its colours or reorder its line. Lines may end in it.
pub fn assert_presentable(shown: &str) {
    let dangerous =
        |c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c));
    assert!(!shown.chars().any(dangerous), "a terminal would obey {shown:?}");
}

/// Ways in which a service may write a secret, the same bytes as they are first.
pub fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    let percent = |kept: &[u8], upper: bool, plus: bool| {
        let mut all = vec![];
        for byte in secret {
            match byte {
                b' ' if plus => all.push(b'+'),
                byte if byte.is_ascii_alphanumeric() || kept.contains(byte) => all.push(*byte),
                byte if upper => all.extend(format!("%{byte:02X}").bytes()),
                byte => all.extend(format!("%{byte:02x}").bytes()),
            }
        }
        all
    };
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut all = vec![
        secret.to_vec(),
        percent(b"*-._", true, true),
        percent(b"-._~", true, false),
        percent(b"-_.!~*'()", false, false),
        percent(b"", false, false),
        hex.to_ascii_uppercase().into_bytes(),
        hex.into_bytes(),
    ];
    if let Ok(text) = std::str::from_utf8(secret) {
        let json = serde_json::to_string(text).unwrap();
        all.push(json.as_bytes()[1..json.len() - 1].to_vec());
        all.push(json[1..json.len() - 1].replace('/', "\\/").into_bytes());
        all.push(text.encode_utf16().flat_map(|unit| format!("\\u{unit:04x}").into_bytes()).collect());
    }
    // Whoever knows no more than the beginning of a text of four characters knows three bytes.
    if secret.len() >= 8 {
        for before in 0..3 {
            let whole = [&b"::"[..before], secret].concat();
            for text in [STANDARD.encode(&whole), URL_SAFE.encode(&whole)] {
                let (first, last) = (before.div_ceil(2).min(1) * 4, whole.len() / 3 * 4);
                all.push(text.as_bytes()[first..last].to_vec());
            }
        }
    }
    all
}

/// Fails where a secret can be read in a text, however it is written; or a long part of it, as it is.
pub fn assert_hidden(shown: &str, secret: &[u8]) {
    // Shorter ones would blank out ordinary words.
    if secret.len() < 4 {
        return;
    }
    let pieces = || shown.split(WITHHELD).map(str::as_bytes);
    let found = pieces().find_map(|piece| echo(piece, secret));
    assert!(found.is_none(), "{shown:?} shows {found:?}");
    // What repeats itself or holds spaces is no token: parts of it are looked for in a few places, or nowhere.
    let is_token = || {
        let distinct = secret.windows(6).collect::<HashSet<_>>().len() == secret.len() - 5;
        distinct && !secret.contains(&b' ')
    };
    if (24..=1024).contains(&secret.len()) && shown.len() <= 1024 && is_token() {
        for part in secret.windows(20) {
            assert!(!pieces().any(|piece| contains(piece, part)), "{:?} shows a part, {:?}", shown, String::from_utf8_lossy(part));
        }
    }
}

/// How a secret stands in a text, if it does.
pub fn echo(text: &[u8], secret: &[u8]) -> Option<String> {
    let stands = |spelling: &Vec<u8>| {
        text.windows(spelling.len()).enumerate().any(|(at, window)| {
            // What follows an unfinished escape is read as a part of that, unless nothing is escaped at all.
            window == spelling && (spelling == secret || !text[at.saturating_sub(5)..at].iter().any(|byte| matches!(byte, b'%' | b'\\')))
        })
    };
    spellings(secret).into_iter().find(stands).map(|spelling| String::from_utf8_lossy(&spelling).into_owned())
}

/// Whether `part` stands in `whole`.
pub fn contains(whole: &[u8], part: &[u8]) -> bool {
    part.is_empty() || whole.windows(part.len()).any(|window| window == part)
}
