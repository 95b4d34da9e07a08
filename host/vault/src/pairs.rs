//! Names with values as bytes, to be sealed together: a client's secrets, a connection's extras.
//!
//! Not JSON, since its writer and reader leave copies of the values in memory that nobody overwrites.

use zeroize::Zeroizing;

/// Each name and value with its length before it.
pub(crate) fn encode<'a>(pairs: impl Iterator<Item = (&'a str, &'a [u8])> + Clone) -> Zeroizing<Vec<u8>> {
    let length = pairs.clone().map(|(name, value)| 16 + name.len() + value.len()).sum();
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    for (name, value) in pairs {
        for part in [name.as_bytes(), value] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
    }
    bytes
}

/// `None` where the bytes are no pairs.
pub(crate) fn decode(mut bytes: &[u8]) -> Option<Vec<(String, &[u8])>> {
    let mut pairs = vec![];
    while !bytes.is_empty() {
        let name = String::from_utf8(part(&mut bytes)?.to_vec()).ok()?;
        pairs.push((name, part(&mut bytes)?));
    }
    Some(pairs)
}

/// Like [`decode`], where the values are text.
pub(crate) fn decode_text(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    decode(bytes)?.into_iter().map(|(name, value)| Some((name, String::from_utf8(value.to_vec()).ok()?))).collect()
}

fn part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (part, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    *bytes = rest;
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back_as_they_were() {
        let pairs = [("client-secret", "s3cret".as_bytes()), ("", b""), ("key", b"\x00\xff")];
        assert_eq!(decode(&encode(pairs.into_iter())).unwrap(), pairs.map(|(name, value)| (name.to_owned(), value)));
    }

    #[test]
    fn nonsense_is_refused() {
        for nonsense in [&b"\x01"[..], &[255; 8], &[1, 0, 0, 0, 0, 0, 0, 0, b'n']] {
            assert!(decode(nonsense).is_none());
        }
    }
}
