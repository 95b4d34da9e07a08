//! Encodings that may spell the same bytes in several ways, undone: what a text says, and where in the text each byte of that comes from.

use std::ops::Range;

use zeroize::Zeroizing;

/// A text with an encoding undone, in small letters.
#[derive(Default)]
pub(super) struct Decoded {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Where in the text each byte comes from.
    origins: Vec<Range<usize>>,
}

impl Decoded {
    /// What is worth looking into.
    pub(super) fn all(text: &str) -> Vec<Self> {
        let mut all = vec![];
        if text.contains('%') {
            all.push(Self::percent(text.as_bytes(), false));
        }
        if text.contains('+') {
            all.push(Self::percent(text.as_bytes(), true));
        }
        if text.contains('\\') {
            all.push(Self::json(text.as_bytes()));
        }
        all
    }

    fn push(&mut self, bytes: &[u8], origin: Range<usize>) {
        self.bytes.extend(bytes.iter().map(u8::to_ascii_lowercase));
        self.origins.resize(self.bytes.len(), origin);
    }

    /// RFC 3986, 2.1; with `plus` as forms write it.
    fn percent(text: &[u8], plus: bool) -> Self {
        let mut decoded = Self::default();
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let (byte, length) = match rest {
                [b'%', high, low, ..] => hexadecimal(&[*high, *low]).map_or((b'%', 1), |value| (value as u8, 3)),
                [b'+', ..] if plus => (b' ', 1),
                [byte, ..] => (*byte, 1),
                [] => break,
            };
            decoded.push(&[byte], at..at + length);
            at += length;
        }
        decoded
    }

    /// RFC 8259, 7.
    fn json(text: &[u8]) -> Self {
        let mut decoded = Self::default();
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let unit = |at: usize| match rest.get(at..at + 6) {
                Some([b'\\', b'u', digits @ ..]) => hexadecimal(digits),
                _ => None,
            };
            let escaped = |byte| (char::from(byte), 2);
            let escape = match rest {
                [b'\\', b'u', ..] => match (unit(0), unit(6)) {
                    (Some(high @ 0xd800..0xdc00), Some(low @ 0xdc00..0xe000)) => {
                        char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)).map(|c| (c, 12))
                    }
                    (Some(one), _) => char::from_u32(one).map(|c| (c, 6)),
                    (None, _) => None,
                },
                [b'\\', byte @ (b'"' | b'\\' | b'/'), ..] => Some(escaped(*byte)),
                [b'\\', b'b', ..] => Some(escaped(8)),
                [b'\\', b'f', ..] => Some(escaped(12)),
                [b'\\', b'n', ..] => Some(escaped(b'\n')),
                [b'\\', b'r', ..] => Some(escaped(b'\r')),
                [b'\\', b't', ..] => Some(escaped(b'\t')),
                _ => None,
            };
            let length = match escape {
                Some((c, length)) => {
                    decoded.push(c.encode_utf8(&mut [0; 4]).as_bytes(), at..at + length);
                    length
                }
                None => {
                    decoded.push(rest.get(..1).unwrap_or_default(), at..at + 1);
                    1
                }
            };
            at += length;
        }
        decoded
    }

    /// The place in the text that these bytes come from.
    pub(super) fn origin(&self, bytes: Range<usize>) -> Option<Range<usize>> {
        Some(self.origins.get(bytes.start)?.start..self.origins.get(bytes.end.checked_sub(1)?)?.end)
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}
