//! Texts that leave the host's hands: without the bytes of live secrets, and without what a terminal or a page would obey.
//!
//! A service may echo what it was sent. Before a provider, a log or a person sees a text, every live secret in it is replaced, as it is and
//! in the encodings that services use: percent, base64 (both alphabets, at every alignment), hexadecimal, JSON escapes.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::Secret;

/// Shorter secrets would blank out ordinary words.
const SHORTEST: usize = 4;

const WITHHELD: &str = "[withheld]";

/// Replaces live secrets.
pub(crate) fn scrub<'t>(text: &'t str, secrets: &[Secret]) -> Cow<'t, str> {
    let mut text = Cow::Borrowed(text);
    let longest = text.len();
    for secret in secrets.iter().filter(|secret| (SHORTEST..=longest).contains(&secret.reveal().len())) {
        for needle in encodings(secret.reveal()) {
            if needle.len() >= SHORTEST && text.contains(&needle) {
                text = Cow::Owned(text.replace(&needle, WITHHELD));
            }
        }
    }
    text
}

/// How a service may have written the bytes.
fn encodings(bytes: &[u8]) -> Vec<String> {
    let mut all = vec![];
    if let Ok(text) = std::str::from_utf8(bytes) {
        all.push(text.to_owned());
        all.push(serde_json::Value::from(text).to_string().trim_matches('"').to_owned());
    }
    all.push(form_urlencoded::byte_serialize(bytes).collect());
    all.push(form_urlencoded::byte_serialize(bytes).collect::<String>().replace('+', "%20"));
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    all.push(hex.to_ascii_uppercase());
    all.push(hex);
    // Inside a longer text a secret begins at one of three alignments, and its last characters depend on what follows.
    for skip in 0..3 {
        let rest = bytes.get(skip..).unwrap_or_default();
        let whole = rest.len() / 3 * 3;
        let rest = rest.get(..whole).unwrap_or_default();
        all.push(STANDARD_NO_PAD.encode(rest));
        all.push(URL_SAFE_NO_PAD.encode(rest));
    }
    all.sort_by_key(|text| std::cmp::Reverse(text.len()));
    all.dedup();
    all
}

/// What a person may be shown: no control characters, no characters that reorder a line, at most `longest` characters.
pub fn presentable(text: &str, longest: usize) -> String {
    let obeyed =
        |c: char| c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let mut shown: String = text.chars().take(longest).map(|c| if obeyed(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(longest).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echoed_secret_is_replaced_in_every_encoding() {
        let secrets = [Secret::new("client-secret", "s3cr+t/\"ä value")];
        let bytes = secrets[0].reveal();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        for echoed in [
            String::from_utf8(bytes.to_vec()).unwrap(),
            form_urlencoded::byte_serialize(bytes).collect(),
            hex,
            STANDARD_NO_PAD.encode(bytes),
            STANDARD_NO_PAD.encode([b"id:", bytes].concat()),
            URL_SAFE_NO_PAD.encode([b"i:", bytes, b"xyz"].concat()),
            serde_json::to_string(std::str::from_utf8(bytes).unwrap()).unwrap(),
        ] {
            let shown = scrub(&format!("you sent {echoed}."), &secrets).into_owned();
            assert!(shown.contains(WITHHELD), "{echoed} in {shown}");
        }
        assert_eq!(scrub("nothing of it", &secrets), "nothing of it");
    }

    #[test]
    fn a_terminal_is_given_nothing_to_obey() {
        assert_eq!(presentable("a\x1b[31mb\r\nc\u{202e}d", 100), "a\u{fffd}[31mb\u{fffd}\u{fffd}c\u{fffd}d");
        assert_eq!(presentable("abcdef", 3), "abc…");
    }
}
