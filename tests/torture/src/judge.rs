//! What the lines of the workers and the service's journal come to, together. Pure: it looks at nothing else.

use crate::event::{Event, Line};
use crate::stage::Refresh;

/// A worker of one round.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// What it said.
    pub lines: Vec<Line>,
    /// When it was killed.
    pub killed: Option<u64>,
}

/// How far a worker was when it died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Struck {
    /// With no request under way.
    Between,
    /// While it waited for the service.
    Asking,
    /// With new tokens in its hand that weren't stored yet, as far as it could tell.
    Writing,
}

/// One use of a refresh token.
struct Use<'a> {
    token: &'a str,
    from: u64,
    /// When another may use it again: the service gave nothing, or the owner died.
    free: Option<u64>,
}

impl Witness {
    /// How far it was.
    pub fn struck(&self) -> Struck {
        let of = |line: &&Line| !matches!(line.event, Event::Trouble(_) | Event::Ready | Event::Stopped);
        match self.lines.iter().rev().find(of).map(|line| &line.event) {
            Some(Event::Asking(_)) => Struck::Asking,
            Some(Event::Got(_)) => Struck::Writing,
            _ => Struck::Between,
        }
    }

    fn uses(&self) -> impl Iterator<Item = Use<'_>> {
        let asked = self.lines.iter().enumerate().filter_map(|(index, line)| match &line.event {
            Event::Asking(token) => Some((index, line.at, token)),
            _ => None,
        });
        asked.map(|(index, from, token)| {
            // Up to its next use of any: a worker makes one refresh after another.
            let later = self.lines.iter().skip(index + 1).take_while(|line| !matches!(line.event, Event::Asking(_)));
            let failed = later.clone().find(|line| line.event == Event::Failed(token.clone())).map(|line| line.at);
            let got = later.clone().any(|line| line.event == Event::Got(token.clone()));
            let stored = got && later.clone().any(|line| matches!(line.event, Event::Token(_)));
            // New tokens that are stored make the old one nobody's. Those of a dead owner are gone.
            let free = if stored { None } else { failed.or(self.killed) };
            Use { token, from, free }
        })
    }
}

/// A refresh token that was used again while the one who used it first lived and hadn't failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twice {
    /// Which.
    pub token: String,
    /// Nanoseconds between the two.
    pub after: u64,
}

/// All such tokens.
pub fn used_twice(witnesses: &[Witness]) -> Vec<Twice> {
    let mut uses: Vec<Use<'_>> = witnesses.iter().flat_map(Witness::uses).collect();
    uses.sort_by_key(|one| one.from);
    let again = |(index, first): (usize, &Use<'_>)| {
        let later = uses.iter().skip(index + 1).filter(|second| second.token == first.token);
        later
            .filter(|second| first.free.is_none_or(|free| free > second.from))
            .map(|second| Twice { token: second.token.to_owned(), after: second.from - first.from })
            .next()
    };
    uses.iter().enumerate().filter_map(again).collect()
}

/// Why the service no longer accepts a refresh token that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It gave new tokens, and its answer was dropped on purpose.
    Dropped,
    /// It gave new tokens to a worker that was killed before these were stored.
    Killed,
    /// There is no such excuse.
    Unexplained,
}

/// See [`Loss`].
pub fn why_lost(stored: &str, journal: &[Refresh], witnesses: &[Witness]) -> Loss {
    let Some(given) = journal.iter().rev().find(|refresh| refresh.used == stored && refresh.given) else { return Loss::Unexplained };
    let dead = |witness: &Witness| witness.killed.is_some() && witness.uses().any(|one| one.token == stored && one.free == witness.killed);
    match given.dropped {
        true => Loss::Dropped,
        false if witnesses.iter().any(dead) => Loss::Killed,
        false => Loss::Unexplained,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn witness(events: &[(u64, Event)], killed: Option<u64>) -> Witness {
        Witness { lines: events.iter().map(|(at, event)| Line { at: *at, event: event.clone() }).collect(), killed }
    }

    fn asking(token: &str) -> Event {
        Event::Asking(token.to_owned())
    }

    fn got(token: &str) -> Event {
        Event::Got(token.to_owned())
    }

    fn token() -> Event {
        Event::Token("a".to_owned())
    }

    #[test]
    fn a_token_that_is_used_again_while_its_owner_waits_for_an_answer_is_used_twice() {
        let slow = witness(&[(1, asking("r")), (9, got("r")), (10, token())], None);
        let hasty = witness(&[(5, asking("r")), (6, Event::Failed("r".to_owned()))], None);
        assert_eq!(used_twice(&[hasty, slow]), [Twice { token: "r".to_owned(), after: 4 }]);
    }

    #[test]
    fn a_token_whose_successor_is_stored_must_not_be_used_again_even_if_its_owner_dies_then() {
        let first = witness(&[(1, asking("r")), (2, got("r")), (3, token())], Some(4));
        assert_eq!(used_twice(&[first, witness(&[(5, asking("r"))], None)]), [Twice { token: "r".to_owned(), after: 4 }]);
    }

    #[test]
    fn who_failed_may_try_again_and_succeed() {
        let failed = Event::Failed("r".to_owned());
        let stubborn = witness(&[(1, asking("r")), (2, failed), (3, asking("r")), (4, got("r")), (5, token())], None);
        assert!(used_twice(std::slice::from_ref(&stubborn)).is_empty());
        assert_eq!(used_twice(&[stubborn, witness(&[(6, asking("r"))], None)]), [Twice { token: "r".to_owned(), after: 3 }]);
    }

    #[test]
    fn after_death_or_failure_another_may_try_once_more() {
        let dead = witness(&[(1, asking("r"))], Some(3));
        let dead_with_tokens = witness(&[(1, asking("s")), (2, got("s"))], Some(3));
        let failed = witness(&[(1, asking("t")), (3, Event::Failed("t".to_owned()))], None);
        let next = witness(&[(4, asking("r")), (5, asking("s")), (6, asking("t"))], None);
        assert!(used_twice(&[next, dead, dead_with_tokens, failed]).is_empty());
    }

    #[test]
    fn a_loss_needs_a_dropped_answer_or_a_dead_owner() {
        let refresh = |dropped| Refresh { used: "r".to_owned(), given: true, dropped };
        let dead = witness(&[(1, asking("r")), (2, got("r"))], Some(3));
        let alive = witness(&[(1, asking("r")), (2, got("r"))], None);
        let dead_later = witness(&[(1, asking("r")), (2, got("r")), (3, token())], Some(4));
        assert_eq!(why_lost("r", &[refresh(true)], std::slice::from_ref(&alive)), Loss::Dropped);
        assert_eq!(why_lost("r", &[refresh(false)], std::slice::from_ref(&dead)), Loss::Killed);
        assert_eq!(why_lost("r", &[refresh(false)], &[alive, dead_later]), Loss::Unexplained);
        assert_eq!(why_lost("r", &[], &[dead]), Loss::Unexplained);
    }

    #[test]
    fn how_far_a_worker_was_is_its_last_word() {
        assert_eq!(witness(&[(1, Event::Ready)], Some(2)).struck(), Struck::Between);
        assert_eq!(witness(&[(1, asking("r")), (2, Event::Trouble("gone".to_owned()))], Some(3)).struck(), Struck::Asking);
        assert_eq!(witness(&[(1, asking("r")), (2, got("r"))], Some(3)).struck(), Struck::Writing);
        assert_eq!(witness(&[(1, asking("r")), (2, got("r")), (3, token())], Some(4)).struck(), Struck::Between);
    }
}
