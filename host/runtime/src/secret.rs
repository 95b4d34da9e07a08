//! Bytes that only the host reads.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// A value that providers hold as an opaque handle: a client secret, a code, a token, a key.
///
/// Copies share one allocation, which is overwritten when the last of them is dropped. There is no `PartialEq`, `Display` or
/// serialisation, and `Debug` shows the kind alone, so that the bytes appear only where [`Secret::reveal`] is written.
#[derive(Clone)]
pub struct Secret {
    kind: Arc<str>,
    bytes: Arc<Zeroizing<Vec<u8>>>,
}

impl Secret {
    /// Keeps `bytes` as a secret of this kind: "client-secret", "refresh-token".
    pub fn new(kind: impl Into<Arc<str>>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { kind: kind.into(), bytes: Arc::new(Zeroizing::new(bytes.into())) }
    }

    /// What it is. Manifests say by this name where it may be sent.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Whether both are copies of one, which tells nothing about the bytes of others.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.bytes, &other.bytes)
    }

    /// The bytes. Whoever calls this answers for where they go.
    pub fn reveal(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes as text, if they are text.
    pub fn reveal_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_kind_and_not_the_bytes() {
        assert_eq!(format!("{:?}", Secret::new("code", "abc-123")), "Secret(code)");
    }
}
