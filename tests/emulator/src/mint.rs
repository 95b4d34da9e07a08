//! Names that the emulator gives out: codes, tokens, request ids and the seals of its own cookies.
//!
//! All of them follow from a seed and a counter, so that two runs with one seed give the same names in the same order. They say
//! `emulated-` so that nobody, and no secret scanner, takes them for real. A name can be told from a forgery without being remembered,
//! which is why the emulator can forget used tokens and still answer for them as the service does.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

#[derive(Debug)]
pub(crate) struct Mint {
    seed: u64,
    requests: AtomicU64,
}

impl Mint {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, requests: AtomicU64::new(0) }
    }

    /// `emulated-access-000001-8d969eef6ecad3c2` for `("access", 1)`.
    pub(crate) fn name(&self, kind: &str, serial: u64) -> String {
        format!("emulated-{kind}-{serial:06}-{:016x}", self.digest(&[kind.as_bytes(), &serial.to_be_bytes()]))
    }

    /// The serial number in a name that this mint made, `None` for anything else.
    pub(crate) fn serial(&self, kind: &str, name: &str) -> Option<u64> {
        let (serial, _) = name.strip_prefix("emulated-")?.strip_prefix(kind)?.strip_prefix('-')?.split_once('-')?;
        let serial = serial.parse().ok()?;
        (self.name(kind, serial) == name).then_some(serial)
    }

    /// A fresh request id, as error answers carry it.
    pub(crate) fn request_id(&self) -> String {
        self.name("request", self.requests.fetch_add(1, Ordering::Relaxed).saturating_add(1))
    }

    /// Seals text that goes through the browser and comes back.
    pub(crate) fn seal(&self, purpose: &str, text: &str) -> String {
        format!("{:016x}", self.digest(&[b"seal", purpose.as_bytes(), text.as_bytes()]))
    }

    fn digest(&self, parts: &[&[u8]]) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_for_the_same_seed_and_differ_for_another() {
        assert_eq!(Mint::new(7).name("access", 1), Mint::new(7).name("access", 1));
        assert_ne!(Mint::new(7).name("access", 1), Mint::new(8).name("access", 1));
        assert!(Mint::new(7).name("access", 1).starts_with("emulated-access-000001-"));
    }

    #[test]
    fn only_its_own_names_are_recognised() {
        let mint = Mint::new(7);
        let name = mint.name("refresh", 1_234_567);
        assert_eq!(mint.serial("refresh", &name), Some(1_234_567));
        assert_eq!(mint.serial("access", &name), None);
        assert_eq!(Mint::new(8).serial("refresh", &name), None);
        for forged in ["", "emulated-refresh-", "emulated-refresh-000001-0000000000000000", "emulated-refresh-x-y"] {
            assert_eq!(mint.serial("refresh", forged), None, "{forged}");
        }
    }
}
