//! The bytes of a key, in a page of memory of their own: the system doesn't write it to a swap file, and it is overwritten in the end.

use zeroize::Zeroize as _;

use crate::{Error, Result};

/// 32 bytes that stay where they are: a key that is moved leaves no copy on the stack.
pub(crate) struct Key {
    // Given back before the page is.
    _locked: Option<region::LockGuard>,
    page: Box<Page>,
}

/// Alone in its page, so that no other key's end unlocks it.
#[repr(align(4096))]
struct Page([u8; 32]);

impl Key {
    /// To be filled in place.
    pub(crate) fn empty() -> Self {
        let page = Box::new(Page([0; 32]));
        // A user may lock little memory, and on some systems none: that must not be what keeps the store closed.
        let locked = region::lock(&raw const *page, size_of::<Page>());
        if let Err(error) = &locked {
            tracing::debug!(%error, "a key's memory can't be locked");
        }
        Self { _locked: locked.ok(), page }
    }

    pub(crate) fn random() -> Result<Self> {
        let mut key = Self::empty();
        getrandom::fill(key.fill()).map_err(|error| Error::Random(error.to_string()))?;
        Ok(key)
    }

    /// `None` where these aren't 32 bytes.
    pub(crate) fn copied(bytes: &[u8]) -> Option<Self> {
        let mut key = Self::empty();
        let place = key.fill();
        if bytes.len() != place.len() {
            return None;
        }
        place.copy_from_slice(bytes);
        Some(key)
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.page.0
    }

    pub(crate) fn fill(&mut self) -> &mut [u8] {
        &mut self.page.0
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.page.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_keys_page_is_locked_for_as_long_as_the_key_lives() {
        let locked = |address: usize| {
            let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
            let mut inside = false;
            for line in maps.lines() {
                if let Some((range, _)) = line.split_once(' ').filter(|(range, _)| range.contains('-')) {
                    let (from, to) = range.split_once('-').unwrap();
                    let [from, to] = [from, to].map(|text| usize::from_str_radix(text, 16).unwrap());
                    inside = (from..to).contains(&address);
                } else if let Some(size) = line.strip_prefix("Locked:").filter(|_| inside) {
                    return size.trim() != "0 kB";
                }
            }
            panic!("the address is in no map");
        };
        let (key, other) = (Key::random().unwrap(), Key::random().unwrap());
        let [here, there] = [&key, &other].map(|key| key.as_slice().as_ptr() as usize);
        assert!(locked(here) && locked(there));
        drop(other);
        assert!(locked(here) && here.abs_diff(there) >= 4096);
    }

    #[test]
    fn keys_have_32_bytes() {
        assert!(Key::copied(&[7; 31]).is_none() && Key::copied(&[7; 33]).is_none());
        assert_eq!(Key::copied(&[7; 32]).unwrap().as_slice(), [7; 32]);
        assert_ne!(Key::random().unwrap().as_slice(), Key::random().unwrap().as_slice());
    }
}
