//! What the rounds came to.

use std::fmt;
use std::ops::AddAssign;

use crate::judge::Struck;

/// Sums over rounds.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Rounds.
    pub rounds: usize,
    /// Refreshes for which the service gave new tokens.
    pub refreshes: usize,
    /// Workers that were killed with no request under way.
    pub killed_between: usize,
    /// Workers that were killed while they waited for the service.
    pub killed_asking: usize,
    /// Workers that were killed with new tokens in their hand.
    pub killed_writing: usize,
    /// Database connections that were cut.
    pub cuts: usize,
    /// Answers that were dropped after the service had acted.
    pub dropped: usize,
    /// Times that a fresh worker was told to try again.
    pub troubles: usize,
    /// Rounds after which a fresh worker got a token, and the service accepts what is stored.
    pub recovered: usize,
    /// Connections that no client could keep: the answer was dropped.
    pub lost_dropped: usize,
    /// Connections that no client could keep: its process was killed between the service's act and the write.
    pub lost_killed: usize,
    /// Connections that are lost without such a cause, or of which nobody was told.
    pub silently: usize,
    /// Rounds in which somebody was told to sign in, and not why.
    pub untold: usize,
    /// Refresh tokens that were used again while their owner lived.
    pub used_twice: usize,
    /// The same, after their owner had been cut off from its database for a whole lease.
    pub overtaken: usize,
    /// What went wrong, with all that is known about it.
    pub wrong: Vec<String>,
}

impl Counts {
    /// One more kill.
    pub fn struck(&mut self, struck: Struck) {
        match struck {
            Struck::Between => self.killed_between += 1,
            Struck::Asking => self.killed_asking += 1,
            Struck::Writing => self.killed_writing += 1,
        }
    }

    /// Workers that were killed.
    pub fn kills(&self) -> usize {
        self.killed_between + self.killed_asking + self.killed_writing
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.refreshes += other.refreshes;
        self.killed_between += other.killed_between;
        self.killed_asking += other.killed_asking;
        self.killed_writing += other.killed_writing;
        self.cuts += other.cuts;
        self.dropped += other.dropped;
        self.troubles += other.troubles;
        self.recovered += other.recovered;
        self.lost_dropped += other.lost_dropped;
        self.lost_killed += other.lost_killed;
        self.silently += other.silently;
        self.untold += other.untold;
        self.used_twice += other.used_twice;
        self.overtaken += other.overtaken;
        self.wrong.extend(other.wrong);
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, refreshes, cuts, dropped, troubles, recovered, silently, untold, used_twice, overtaken, .. } = self;
        let (kills, asking, writing) = (self.kills(), self.killed_asking, self.killed_writing);
        let lost = self.lost_dropped + self.lost_killed;
        write!(
            f,
            "{rounds} rounds: {refreshes} refreshes, {kills} kills ({asking} while the service was asked, {writing} with tokens unwritten), \
             {cuts} database connections cut, {dropped} answers dropped, {troubles} times told to try again; {recovered} recovered, {lost} \
             lost by physics and told, {silently} LOST SILENTLY, {untold} NOT TOLD WHY, {used_twice} USED TWICE, {overtaken} overtaken \
             when cut off for a whole lease"
        )
    }
}
