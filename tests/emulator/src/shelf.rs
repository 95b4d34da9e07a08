//! Named things that end: codes and tokens of services that don't rotate. Pure: the time comes in as an argument.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::mint::Mint;

/// So many are kept; the oldest are forgotten first.
const MOST: usize = 10_000;

/// Why a name gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The emulator never gave this name out.
    Unknown,
    /// Its time is over.
    Expired,
    /// It was used up, revoked or pushed out.
    Ended,
}

/// Things of one kind, each under a name that nobody guesses.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    kind: &'static str,
    mint: Arc<Mint>,
    last: u64,
    items: BTreeMap<u64, Item<T>>,
}

#[derive(Debug)]
struct Item<T> {
    value: T,
    until: Duration,
    ended: bool,
}

impl<T> Shelf<T> {
    /// `kind` stands in every name and must be another one for each shelf.
    pub(crate) fn of(kind: &'static str, mint: Arc<Mint>) -> Self {
        Self { kind, mint, last: 0, items: BTreeMap::new() }
    }

    /// Puts a thing up until `until`, and names it.
    pub(crate) fn put(&mut self, until: Duration, value: T) -> String {
        if self.items.len() >= MOST {
            self.items.pop_first();
        }
        self.last += 1;
        self.items.insert(self.last, Item { value, until, ended: false });
        self.mint.name(self.kind, self.last)
    }

    pub(crate) fn get(&mut self, now: Duration, name: &str) -> Result<&mut T, Missing> {
        let item = self.item(name)?;
        match item.ended {
            true => Err(Missing::Ended),
            false if now >= item.until => Err(Missing::Expired),
            false => Ok(&mut item.value),
        }
    }

    /// The thing as it was, even if its time is over.
    pub(crate) fn recall(&mut self, name: &str) -> Option<&mut T> {
        self.item(name).ok().map(|item| &mut item.value)
    }

    /// Ends a thing. It stays known as ended.
    pub(crate) fn end(&mut self, name: &str) {
        if let Ok(item) = self.item(name) {
            item.ended = true;
        }
    }

    /// Gives a thing more or less time.
    pub(crate) fn until(&mut self, name: &str, until: Duration) {
        if let Ok(item) = self.item(name) {
            item.until = until;
        }
    }

    /// Ends all that fit. Returns how many were live.
    pub(crate) fn end_all(&mut self, now: Duration, fits: impl Fn(&T) -> bool) -> usize {
        let live = self.items.values_mut().filter(|item| !item.ended && now < item.until && fits(&item.value));
        live.map(|item| item.ended = true).count()
    }

    /// Lets all live things expire now. Returns how many did.
    pub(crate) fn expire_all(&mut self, now: Duration) -> usize {
        let live = self.items.values_mut().filter(|item| !item.ended && now < item.until);
        live.map(|item| item.until = now).count()
    }

    /// The names of the live things that fit, oldest first.
    pub(crate) fn live(&self, now: Duration, fits: impl Fn(&T) -> bool) -> Vec<String> {
        let live = self.items.iter().filter(|(_, item)| !item.ended && now < item.until && fits(&item.value));
        live.map(|(serial, _)| self.mint.name(self.kind, *serial)).collect()
    }

    fn item(&mut self, name: &str) -> Result<&mut Item<T>, Missing> {
        let serial = self.mint.serial(self.kind, name).filter(|serial| *serial <= self.last).ok_or(Missing::Unknown)?;
        self.items.get_mut(&serial).ok_or(Missing::Ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_there_until_its_time_or_its_end() {
        let seconds = Duration::from_secs;
        let mut shelf = Shelf::of("thing", Arc::new(Mint::new(1)));
        let [one, two] = [shelf.put(seconds(10), 'a'), shelf.put(seconds(20), 'b')];
        assert_eq!(shelf.get(seconds(9), &one), Ok(&mut 'a'));
        assert_eq!(shelf.get(seconds(10), &one), Err(Missing::Expired));
        assert_eq!(shelf.live(seconds(10), |_| true), std::slice::from_ref(&two));
        assert_eq!(shelf.end_all(seconds(10), |_| true), 1);
        assert_eq!(shelf.get(seconds(10), &two), Err(Missing::Ended));
        assert_eq!(shelf.recall(&one), Some(&mut 'a'));
        assert_eq!(shelf.get(seconds(0), "nonsense"), Err(Missing::Unknown));
        assert_eq!(shelf.get(seconds(0), &Mint::new(1).name("thing", 3)), Err(Missing::Unknown));
    }

    #[test]
    fn the_oldest_are_forgotten_first() {
        let mut shelf = Shelf::of("thing", Arc::new(Mint::new(1)));
        let first = shelf.put(Duration::MAX, ());
        let second = shelf.put(Duration::MAX, ());
        (0..MOST - 1).for_each(|_| drop(shelf.put(Duration::MAX, ())));
        assert_eq!(shelf.get(Duration::ZERO, &first), Err(Missing::Ended));
        assert_eq!(shelf.get(Duration::ZERO, &second), Ok(&mut ()));
    }
}
