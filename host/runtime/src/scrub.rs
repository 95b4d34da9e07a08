//! Texts that leave the host's hands: without the bytes of live secrets, and without what a terminal or a page would obey.
//!
//! A service may echo what it was sent. Before a provider, a log or a person sees a text, every live secret in it is replaced, as it is and
//! in the encodings that services use. Encodings that may spell the same bytes in several ways (percent, JSON escapes) are undone and looked
//! into; the others (hexadecimal, base64 in both alphabets and at every alignment) are looked for. Capitals and small letters are the same,
//! and a long part of a secret is as good as the whole, since services cut what they echo. All places are found before one is replaced: a
//! secret that is part of a longer one must not break that up.
//!
//! None of this stops a service that works together with the provider. Such a service was sent the secret, and needs no provider to tell it.

mod decoded;

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use decoded::Decoded;
use memchr::memmem;
use zeroize::Zeroizing;

use crate::Secret;

/// Shorter secrets would blank out ordinary words.
const SHORTEST: usize = 4;

/// From this length on nobody writes the bytes of a secret by chance.
pub(crate) const TELLING: usize = 16;

/// Up to this length texts and secrets are searched for parts, and up to this number secrets: the first are the client's and the connection's.
const SEARCHED: (usize, usize) = (4 << 10, 16);

const WITHHELD: &str = "[withheld]";

/// Replaces live secrets, and long parts of them.
pub(crate) fn scrub<'t>(text: &'t str, secrets: &[Secret]) -> Cow<'t, str> {
    let hits = hits(text, secrets, |secret, _| secret.len() >= SHORTEST);
    if hits.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(cover(text, hits)) }
}

/// The same for a text that was cut, where no secret need be whole: also long parts of those that hold spaces, as keys do.
pub(crate) fn scrub_cut<'t>(text: &'t str, secrets: &[Secret]) -> Cow<'t, str> {
    let hits = hits(text, secrets, |secret, parts| {
        *parts = text.len() <= SEARCHED.0 && secret.len() <= SEARCHED.0;
        secret.len() >= SHORTEST
    });
    if hits.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(cover(text, hits)) }
}

/// Whether a whole secret stands in a text.
pub(crate) fn echoes(text: &str, secrets: &[Secret]) -> bool {
    !hits(text, secrets, |secret, parts| {
        *parts = false;
        secret.len() >= TELLING
    })
    .is_empty()
}

fn hits(text: &str, secrets: &[Secret], wanted: impl Fn(&[u8], &mut bool) -> bool) -> Vec<Range<usize>> {
    let (mut hits, mut views) = (vec![], None);
    for (index, secret) in secrets.iter().map(Secret::reveal).enumerate() {
        // The words of a passphrase may stand in any sentence.
        let mut parts = text.len() <= SEARCHED.0 && secret.len() <= SEARCHED.0 && index < SEARCHED.1 && !secret.contains(&b' ');
        if !wanted(secret, &mut parts) {
            continue;
        }
        let least = |needle: usize| if parts { telling(needle, secret.len()) } else { needle };
        // No encoding is shorter than what it stands for.
        if least(secret.len()) > text.len() {
            continue;
        }
        let (folded, decoded, pairs) = views.get_or_insert_with(|| {
            let folded = Zeroizing::new(text.to_ascii_lowercase());
            let (decoded, pairs) = (Decoded::all(&folded), Pairs::of(folded.as_bytes()));
            (folded, decoded, pairs)
        });
        // What stands there whole begins there: a look at the beginning rules most out.
        let begins = |start: &[u8]| parts || pairs.hold(start);
        let plain = Zeroizing::new(secret.to_ascii_lowercase());
        if begins(&plain) {
            find(folded.as_bytes(), &plain, least(plain.len()), |at| hits.push(at));
        }
        for view in decoded {
            find(&view.bytes, &plain, least(plain.len()), |at| hits.extend(view.origin(at)));
        }
        for needle in encodings(secret, |length| length >= SHORTEST && least(length) <= text.len(), begins) {
            find(folded.as_bytes(), needle.as_bytes(), least(needle.len()), |at| hits.push(at));
        }
    }
    hits
}

/// How many bytes of an encoded secret in a row are replaced: a service may cut what it echoes. Account numbers and the like, which tokens of
/// some services hold in the clear, are shorter.
fn telling(encoded: usize, secret: usize) -> usize {
    match secret {
        ..12 => encoded,
        12..24 => encoded * 3 / 4,
        24.. => (encoded * 2 / 5).clamp(12, 20),
    }
}

/// Finds at least `least` bytes in a row of a needle in a text.
fn find(text: &[u8], needle: &[u8], least: usize, mut hit: impl FnMut(Range<usize>)) {
    if least >= needle.len() {
        memmem::find_iter(text, needle).for_each(|at| hit(at..at + needle.len()));
        return;
    }
    // So many in a row hold a block of half their number that begins at a multiple of that.
    let (size, pairs, mut hidden) = (least / 2, Pairs::of(needle), 0);
    for (at, block) in text.chunks_exact(size).enumerate().map(|(index, block)| (index * size, block)) {
        if at + size <= hidden || !pairs.hold(block) {
            continue;
        }
        // A needle that repeats itself more often is no secret, and would take long.
        for inside in memmem::find_iter(needle, block).take(16) {
            let same = |(one, other): &(&u8, &u8)| one == other;
            let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + size..).unwrap_or_default());
            let (earlier, later) = (needle.get(..inside).unwrap_or_default(), needle.get(inside + size..).unwrap_or_default());
            let left = before.iter().rev().zip(earlier.iter().rev()).take_while(same).count();
            let right = after.iter().zip(later).take_while(same).count();
            if left + size + right >= least {
                hidden = at + size + right;
                hit(at - left..hidden);
                break;
            }
        }
    }
}

/// Which bytes follow which in a needle: most blocks of a text are ruled out by a look at this.
struct Pairs([u64; 16]);

impl Pairs {
    fn of(needle: &[u8]) -> Self {
        let mut pairs = Self([0; 16]);
        for pair in needle.windows(2) {
            let (word, bit) = Self::place(pair);
            pairs.0.iter_mut().skip(word).take(1).for_each(|word| *word |= bit);
        }
        pairs
    }

    fn hold(&self, block: &[u8]) -> bool {
        block.windows(2).map(Self::place).all(|(word, bit)| self.0.get(word).is_some_and(|word| word & bit != 0))
    }

    fn place(pair: &[u8]) -> (usize, u64) {
        let number = pair.iter().fold(0, |number, byte| number * 37 + usize::from(*byte)) % 1024;
        (number / 64, 1 << (number % 64))
    }
}

/// Writes [`WITHHELD`] over these places, once for those that touch.
fn cover(text: &str, mut hits: Vec<Range<usize>>) -> String {
    hits.sort_unstable_by_key(|hit| hit.start);
    let (mut shown, mut seen, mut hidden) = (String::with_capacity(text.len()), 0, None::<usize>);
    for hit in hits {
        // A secret that is no text may begin within a character.
        let (start, end) = (text.floor_char_boundary(hit.start), text.ceil_char_boundary(hit.end));
        if hidden.is_none_or(|hidden| start > hidden) {
            shown.push_str(text.get(seen..start).unwrap_or_default());
            shown.push_str(WITHHELD);
        }
        hidden = hidden.max(Some(end));
        seen = seen.max(end);
    }
    shown.push_str(text.get(seen..).unwrap_or_default());
    shown
}

/// How a service may have written the bytes, where there are few ways, in small letters; those whose length is `fit` and that `begin` so.
fn encodings(bytes: &[u8], fit: impl Fn(usize) -> bool, begins: impl Fn(&[u8]) -> bool) -> Vec<Zeroizing<String>> {
    let mut all = vec![];
    let start = |bytes: &[u8], encode: fn(&[u8]) -> Zeroizing<String>| encode(bytes.get(..6).unwrap_or(bytes));
    if fit(2 * bytes.len()) && begins(start(bytes, hexadecimal).as_bytes()) {
        all.push(hexadecimal(bytes));
    }
    // HTTP's Basic encodes twice (RFC 6749, 2.3.1).
    let form = Zeroizing::new(form_urlencoded::byte_serialize(bytes).collect::<String>());
    let twice = Some(form.as_bytes()).filter(|form| *form != bytes);
    for inner in [bytes].into_iter().chain(twice) {
        // Inside a longer text a secret begins at one of three alignments, and its last characters depend on what follows.
        for rest in (0..3).filter_map(|skip| inner.get(skip..)) {
            let rest = rest.get(..rest.len() / 3 * 3).unwrap_or_default();
            let other = |encoded: &str| encoded.contains(['+', '/']);
            let start = start(rest, base64);
            if !fit(rest.len() / 3 * 4) || !(other(&start) || begins(start.as_bytes())) {
                continue;
            }
            let encoded = base64(rest);
            if other(&encoded) {
                all.push(Zeroizing::new(encoded.replace('+', "-").replace('/', "_")));
            }
            all.push(encoded);
        }
    }
    all
}

fn hexadecimal(bytes: &[u8]) -> Zeroizing<String> {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    Zeroizing::new(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
}

fn base64(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(STANDARD_NO_PAD.encode(bytes).to_ascii_lowercase())
}

/// What a terminal or a page would obey instead of showing it: control characters, and those that reorder a line.
pub(crate) fn obeyed(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// What a person may be shown: no control characters, no characters that reorder a line, at most `longest` characters.
pub fn presentable(text: &str, longest: usize) -> String {
    let mut shown: String = text.chars().take(longest).map(|c| if obeyed(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(longest).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn shown(text: &str, secrets: &[&str]) -> String {
        let secrets: Vec<_> = secrets.iter().map(|secret| Secret::new("client-secret", *secret)).collect();
        scrub(text, &secrets).into_owned()
    }

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
    fn percent_escapes_hide_a_secret_in_none_of_their_spellings() {
        for echoed in ["a~b%2Bc%21", "a%7Eb%2Bc!", "a%7eb%2bc%21", "%61%7e%62%2b%63%21", "a~b+c!"] {
            assert_eq!(shown(&format!("({echoed})"), &["a~b+c!"]), "([withheld])", "{echoed}");
        }
        assert_eq!(shown("x+y%2bz%", &["x y+z"]), "[withheld]%");
        assert_eq!(shown("%zz 100% %", &["a~b+c!"]), "%zz 100% %");
    }

    #[test]
    fn json_escapes_hide_a_secret_in_none_of_their_spellings() {
        for echoed in [r"a\/b\u0022\ud83d\uDE00", r#"\u0061/b\"😀"#] {
            assert_eq!(shown(&format!("({echoed})"), &["a/b\"😀"]), "([withheld])", "{echoed}");
        }
        assert_eq!(shown(r"\ud83d\ \u12 \", &["a/b\"😀"]), r"\ud83d\ \u12 \");
    }

    #[test]
    fn a_secret_within_a_longer_one_does_not_uncover_the_rest() {
        for secrets in [["abcd", "abcdefgh-12345"], ["abcdefgh-12345", "abcd"]] {
            assert_eq!(shown("is abcdefgh-12345.", &secrets), "is [withheld].");
        }
        assert_eq!(shown("abcdefgh", &["abcdef", "cdefgh"]), "[withheld]");
    }

    const TOKEN: &str = "T1.9f8e7d6c-5b4a_3928~1706f5e4d3c2b1a0";

    #[test]
    fn a_long_part_of_a_secret_is_replaced_wherever_it_was_cut() {
        for part in [&TOKEN[..16], &TOKEN[..30], &TOKEN[10..26], &TOKEN[TOKEN.len() - 16..], TOKEN, &TOKEN.to_uppercase()] {
            assert_eq!(shown(&format!("Unknown scope \"{part}…\"."), &[TOKEN]), "Unknown scope \"[withheld]…\".");
        }
        assert_eq!(shown(&format!("account {}", &TOKEN[3..11]), &[TOKEN]), "account 9f8e7d6c");
        assert_eq!(shown("T1.9f8e7d6c-5b4a_xxx_3928~1706f5e4d3c2b1a0", &[TOKEN]), "[withheld]xxx[withheld]");
    }

    #[test]
    fn a_key_whose_rest_was_cut_away_is_replaced() {
        const KEY: &str = "-----BEGIN PRIVATE KEY-----\nno-key-but-as-long-as-one-would-be\n-----END PRIVATE KEY-----\n";
        let secrets = [Secret::new("private-key", KEY)];
        let cut = format!("a request to `{}`", &KEY[28..56]);
        assert_eq!(scrub(&cut, &secrets), cut, "its words may stand in any sentence");
        assert_eq!(scrub_cut(&cut, &secrets), "a request to `[withheld]`");
        assert_eq!(scrub_cut("a request to `token`", &secrets), "a request to `token`");
    }

    #[test]
    fn a_secret_that_was_encoded_twice_is_replaced() {
        let form: String = form_urlencoded::byte_serialize(TOKEN.as_bytes()).collect();
        for before in ["id:", "a:", "ab:"] {
            let basic = STANDARD_NO_PAD.encode(format!("{before}{form}"));
            let left = shown(&format!("Basic {basic}"), &[TOKEN]);
            assert!(left.len() < "Basic [withheld]".len() + 12, "{left}");
        }
    }

    #[test]
    fn whole_secrets_are_found_in_long_texts_and_many_secrets() {
        let secrets: Vec<_> = (0..40).map(|number| Secret::new("code", format!("{number:02}-{TOKEN}"))).collect();
        for place in ["", &"x".repeat(10_000)] {
            assert_eq!(scrub(&format!("{place}39-{TOKEN}"), &secrets), format!("{place}[withheld]"));
        }
        assert!(echoes(&format!("is {TOKEN}"), &[Secret::new("code", TOKEN)]));
        assert!(!echoes(&TOKEN[..30], &[Secret::new("code", TOKEN)]));
    }

    #[test]
    fn a_secret_that_is_no_text_is_replaced_with_the_characters_it_touches() {
        let secrets = [Secret::new("assertion", &b"\xa4-1234"[..])];
        assert_eq!(scrub("ä ä-1234.", &secrets), "ä [withheld].");
    }

    #[test]
    fn a_terminal_is_given_nothing_to_obey() {
        assert_eq!(presentable("a\x1b[31mb\r\nc\u{202e}d", 100), "a\u{fffd}[31mb\u{fffd}\u{fffd}c\u{fffd}d");
        assert_eq!(presentable("abcdef", 3), "abc…");
    }
}
