//! Looks for secrets in memories: each in pieces, and each piece in the encodings in which it may stand there.
//!
//! The pieces are of 16 bytes, so one that was cut, or that stands in a longer text, is found as well. A key in PEM is looked for by the
//! bytes that it encodes: their base64 is the PEM's, and whole pieces of its numbers are among them.

use std::collections::{BTreeSet, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

const PIECE: usize = 16;

/// Two needles with the same first bytes are told apart afterwards.
const START: usize = 8;

/// What is looked for, all of it in one go.
#[derive(Clone, Debug, Default)]
pub struct Search {
    needles: HashMap<[u8; START], Vec<Needle>>,
    /// Whether any begins with these two bytes: most of a memory is passed over by that.
    begins: Vec<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Needle {
    bytes: Vec<u8>,
    what: String,
}

impl Search {
    /// Looks for a secret, which findings call `what`.
    ///
    /// # Panics
    /// It is too short to be told from other bytes.
    pub fn secret(&mut self, what: &str, secret: &[u8]) {
        assert!(secret.len() >= START, "the {what} is too short to be looked for");
        match der(secret) {
            Some(key) => key.chunks_exact(PIECE).for_each(|piece| self.piece(what, piece)),
            None if secret.len() < PIECE => self.piece(what, secret),
            // From its end, where tokens differ.
            None => secret.rchunks_exact(PIECE).for_each(|piece| self.piece(what, piece)),
        }
    }

    /// Looks for a text as it is.
    ///
    /// # Panics
    /// It is too short to be told from other bytes.
    pub fn text(&mut self, text: &str) {
        assert!(text.len() >= START, "{text} is too short to be looked for");
        self.needle(text, text.as_bytes().to_vec());
    }

    /// What is in a memory.
    pub fn find(&self, memory: &[u8]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for at in 0..memory.len().saturating_sub(START - 1) {
            let rest = &memory[at..];
            if self.begins.get(begin(rest)) != Some(&true) {
                continue;
            }
            let needles = rest.first_chunk().and_then(|start| self.needles.get(start)).into_iter().flatten();
            found.extend(needles.filter(|needle| rest.starts_with(&needle.bytes)).map(|needle| needle.what.clone()));
        }
        found
    }

    fn piece(&mut self, what: &str, piece: &[u8]) {
        for (encoding, bytes) in encodings(piece) {
            self.needle(&format!("{what} ({encoding})"), bytes);
        }
    }

    fn needle(&mut self, what: &str, bytes: Vec<u8>) {
        let Some(start) = bytes.first_chunk::<START>() else { return };
        self.begins.resize(1 << 16, false);
        self.begins[begin(start)] = true;
        let same = self.needles.entry(*start).or_default();
        let needle = Needle { what: what.to_owned(), bytes };
        if !same.contains(&needle) {
            same.push(needle);
        }
    }
}

/// Its first two bytes.
fn begin(bytes: &[u8]) -> usize {
    usize::from(u16::from_le_bytes([bytes[0], bytes[1]]))
}

/// As it is, backwards, with zeros between, in hexadecimal, and in base64 at its three alignments.
fn encodings(piece: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex =
        |upper: bool| -> String { piece.iter().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }).collect() };
    let mut all = vec![
        ("as it is", piece.to_vec()),
        ("backwards", piece.iter().rev().copied().collect()),
        ("UTF-16", piece.iter().flat_map(|byte| [*byte, 0]).collect()),
        ("hexadecimal", hex(false).into_bytes()),
        ("hexadecimal", hex(true).into_bytes()),
    ];
    for skip in 0..3 {
        let whole = &piece[skip..skip + (piece.len() - skip) / 3 * 3];
        all.push(("base64", STANDARD_NO_PAD.encode(whole).into_bytes()));
        all.push(("base64url", URL_SAFE_NO_PAD.encode(whole).into_bytes()));
    }
    all
}

/// What a text in PEM encodes.
fn der(secret: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(secret).ok()?.trim();
    let body = text.strip_prefix("-----BEGIN ")?.split_once("-----\n")?.1.split_once("\n-----END ")?.0;
    STANDARD.decode(body.replace(['\r', '\n'], "")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"emulated-access-000001-8d969eef6ecad3c2";

    fn search() -> Search {
        let mut search = Search::default();
        search.secret("token", SECRET);
        search
    }

    fn found(memory: &[u8]) -> Vec<String> {
        search().find(&[b"\0\0before ", memory, b" after\0\0\0"].concat()).into_iter().collect()
    }

    #[test]
    fn a_secret_is_found_in_every_encoding_at_every_place_in_a_longer_text() {
        let (mut backwards, text) = (SECRET.to_vec(), String::from_utf8(SECRET.to_vec()).unwrap());
        backwards.reverse();
        assert_eq!(found(SECRET), ["token (as it is)"]);
        assert_eq!(found(&backwards), ["token (backwards)"]);
        assert_eq!(found(&text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()), ["token (UTF-16)"]);
        let hex: String = SECRET.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found(hex.as_bytes()), ["token (hexadecimal)"]);
        assert_eq!(found(hex.to_uppercase().as_bytes()), ["token (hexadecimal)"]);
        for before in ["", "i", "id", "id:"] {
            let basic = STANDARD.encode(format!("{before}{text}"));
            assert!(found(basic.as_bytes()).contains(&"token (base64)".to_owned()), "{before}");
            assert!(!found(URL_SAFE_NO_PAD.encode(format!("{before}{text}")).as_bytes()).is_empty(), "{before}");
        }
    }

    #[test]
    fn a_part_of_a_secret_is_found_and_what_is_none_is_not() {
        assert_eq!(found(&SECRET[20..]), ["token (as it is)"]);
        assert_eq!(found(&SECRET[..30]), ["token (as it is)"]);
        assert_eq!(found(b"emulated-access-000002-0000000000000000"), [""; 0]);
        assert_eq!(found(&SECRET[30..]), [""; 0], "nine bytes are less than a piece");
    }

    #[test]
    fn a_key_is_found_as_pem_as_what_that_encodes_and_in_its_numbers() {
        let numbers: Vec<u8> = (0..200u8).map(|at| at.wrapping_mul(37).wrapping_add(11)).collect();
        let base64 = STANDARD.encode(&numbers);
        let lines: Vec<_> = base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
        let mut search = Search::default();
        search.secret("key", pem.as_bytes());
        let (mut little, found) = (numbers[60..140].to_vec(), |memory: &[u8]| search.find(memory).into_iter().collect::<Vec<_>>());
        little.reverse();
        assert!(found(pem.as_bytes()).contains(&"key (base64)".to_owned()));
        assert!(found(lines[1].as_bytes()).contains(&"key (base64)".to_owned()), "one line is enough");
        assert_eq!(found(&numbers), ["key (as it is)"]);
        assert_eq!(found(&numbers[60..100]), ["key (as it is)"]);
        assert_eq!(found(&little), ["key (backwards)"]);
        assert_eq!(found(b"-----BEGIN PRIVATE KEY-----\n"), [""; 0]);
    }
}
