//! What there is at one moment.

use crate::{Expiry, Rotation};

/// Ticks for which a lease must stand still before another takes it.
pub const LENGTH: u8 = 3;

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The connection in the store.
    pub row: Row,
    /// The other side.
    pub service: Service,
    /// Those who want a token.
    pub processes: Vec<Process>,
    /// Processes that may still die.
    pub crashes: u8,
    /// Times that the store may still become unreachable for a process.
    pub cuts: u8,
    /// Answers that may still get lost.
    pub losses: u8,
    /// Times that a clock may still jump.
    pub jumps: u8,
    /// The tokens that were ever in the store, one bit each.
    pub stored: u32,
    /// What must not happen and did.
    pub wrong: Option<Wrong>,
}

/// The row. Tokens are numbers: 0 is the expired pair that was there at first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// Grows whenever the tokens change.
    pub generation: u8,
    /// Which tokens.
    pub tokens: u8,
    /// How the connection stands.
    pub status: Status,
    /// Whose turn it is. Its beat isn't a number here: whoever has seen it knows whether it has changed since.
    pub lease: Option<Lease>,
    /// Whether a refresh with these tokens was begun, and nobody knows what came of it.
    pub intent: bool,
}

/// How the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// As it should.
    Active,
    /// A refresh got no answer.
    Retry,
    /// A person must sign in.
    Reauthorize,
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The process.
    pub owner: usize,
    /// For [`Expiry::TimeOfDay`]: ticks until it ends, by a clock that is right.
    pub left: i8,
}

/// The service: which refresh tokens it accepts, and how many it has given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Service {
    /// One bit each.
    pub accepted: u32,
    /// The latest.
    pub latest: u8,
}

/// One who wants a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    /// Where it is.
    pub phase: Phase,
    /// The row as it last read it.
    pub read: Row,
    /// Whether the row is still as it read it, the beat included.
    pub current: bool,
    /// The lease that it watches.
    pub seen: Option<Seen>,
    /// Ticks since its last beat.
    pub quiet: u8,
    /// It died.
    pub dead: bool,
    /// It can't reach the store.
    pub cut: bool,
    /// It was cut off since its last beat: the others can't know that it lives.
    pub missed: bool,
    /// Another took its lease while it couldn't be known to live.
    pub overtaken: bool,
    /// How far ahead its time of day is.
    pub ahead: u8,
}

/// A lease and its beat, as somebody who waits saw them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seen {
    /// Whether they are still the same in the row.
    pub current: bool,
    /// Whether they were the same in the row as it was read last.
    pub read: bool,
    /// For how many ticks it has watched them.
    pub ticks: u8,
}

/// Where a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It will read the row.
    Look,
    /// It has read the row, which may have changed since.
    Read,
    /// It waits for the row to change.
    Wait,
    /// It will take the lease, if the row still is what it read.
    Begin,
    /// It has the lease, and may have waited for so many ticks to hear of it.
    Begun(u8),
    /// It will send its request.
    Ask,
    /// Its request is on the way.
    Sent,
    /// The service has acted: the answer is on the way, or there.
    Answered(Answer),
    /// It found tokens in the row that one has written whom it had overtaken. It asks once more, with its own in its hand.
    Again(u8),
    /// It handed out these tokens.
    Done(u8),
    /// It said that a person must sign in.
    Refused,
    /// It said to try again.
    Later,
}

/// What a process hears of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// New tokens.
    Tokens(u8),
    /// The refresh token isn't accepted.
    Refused,
    /// Nothing.
    Lost,
    /// Newer tokens than any other, for it asked once more while another's were there.
    Sure(u8),
}

/// What must not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wrong {
    /// A refresh token was sent while another process, alive and beating, was using it.
    UsedTwice,
    /// Tokens were handed out that the store never had.
    NotStored,
    /// A living process threw tokens away that the service accepts, and what is stored it doesn't.
    ThrownAway,
    /// A person must sign in, and isn't told that an earlier refresh was interrupted.
    NotTold,
}

impl Row {
    /// The row as it was at first.
    pub(crate) fn first() -> Self {
        Self { generation: 0, tokens: 0, status: Status::Active, lease: None, intent: false }
    }
}

impl State {
    /// The row was written: what anybody knows of it is old.
    pub(crate) fn written(&mut self) {
        for process in &mut self.processes {
            process.current = false;
            if let Some(seen) = &mut process.seen {
                seen.current = false;
            }
        }
    }

    /// Whether nobody does anything any more.
    pub fn is_quiet(&self) -> bool {
        self.processes.iter().all(|process| process.dead || process.is_finished())
    }

    /// Whether the service accepts what is stored.
    pub fn is_live(&self) -> bool {
        self.service.accepts(self.row.tokens)
    }
}

impl Service {
    /// Whether it accepts this refresh token.
    pub fn accepts(&self, tokens: u8) -> bool {
        self.accepted & bit(tokens) != 0
    }

    pub(crate) fn refresh(&mut self, tokens: u8, rotation: Rotation) -> Answer {
        if !self.accepts(tokens) {
            return Answer::Refused;
        }
        self.latest += 1;
        self.accepted = match rotation {
            Rotation::Strict => bit(self.latest),
            Rotation::Grace => bit(tokens) | bit(self.latest),
        };
        Answer::Tokens(self.latest)
    }
}

impl Process {
    pub(crate) fn new(row: &Row) -> Self {
        Self {
            phase: Phase::Look,
            read: row.clone(),
            current: false,
            seen: None,
            quiet: 0,
            dead: false,
            cut: false,
            missed: false,
            overtaken: false,
            ahead: 0,
        }
    }

    /// Whether it has told its caller.
    pub fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Done(_) | Phase::Refused | Phase::Later)
    }

    /// Whether its beat goes on in this phase.
    pub(crate) fn beats(&self) -> bool {
        matches!(self.phase, Phase::Ask | Phase::Sent | Phase::Again(_) | Phase::Answered(_))
    }

    /// Whether it has the lease, as far as it knows.
    pub(crate) fn holds(&self) -> bool {
        self.beats() || matches!(self.phase, Phase::Begun(_))
    }

    /// Forgets what no further step of it depends on, so that states which differ in nothing else are one.
    pub(crate) fn forget(&mut self, first: &Row) {
        if self.is_finished() || (self.dead && !matches!(self.phase, Phase::Sent | Phase::Again(_))) {
            *self = Self { phase: self.phase, dead: self.dead, ..Self::new(first) };
        }
        match self.phase {
            Phase::Look => (self.read, self.current) = (first.clone(), false),
            Phase::Wait => self.read = first.clone(),
            _ => {}
        }
        if self.holds() || self.phase == Phase::Begin {
            self.seen = None;
        }
    }

    /// Whether its request is out, and what came of it isn't in the store.
    pub(crate) fn is_using(&self, tokens: u8) -> bool {
        let out = matches!(self.phase, Phase::Sent | Phase::Again(_) | Phase::Answered(Answer::Tokens(_) | Answer::Sure(_)));
        out && self.read.tokens == tokens
    }

    /// Whether the lease that it read may be taken, as far as this process can know. Notes what it watches from now on.
    pub(crate) fn may_begin(&mut self, me: usize, expiry: Expiry) -> bool {
        let Some(lease) = &self.read.lease else { return true };
        if lease.owner == me {
            return true;
        }
        if expiry == Expiry::TimeOfDay {
            return i16::from(self.ahead) >= i16::from(lease.left);
        }
        match self.seen {
            Some(seen) if seen.read => seen.ticks >= LENGTH,
            _ => {
                self.seen = Some(Seen { current: self.current, read: true, ticks: 0 });
                false
            }
        }
    }
}

pub(crate) fn bit(tokens: u8) -> u32 {
    1_u32.checked_shl(u32::from(tokens)).unwrap_or(0)
}
