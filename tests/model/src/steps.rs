//! What can happen next, and what it does.

use crate::state::{Answer, LENGTH, Lease, Phase, Process, Row, State, Status, Wrong, bit};
use crate::{Expiry, Late, Protocol};

/// One thing that happens. The number is the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Reads the row.
    Look(usize),
    /// Judges what it read: a new token, a wait, or its turn.
    Judge(usize),
    /// Takes the lease and writes the intent.
    Begin(usize),
    /// Hears that it has the lease.
    Check(usize),
    /// Sends its request.
    Send(usize),
    /// The service acts on it, even if the process is dead by now.
    Act(usize),
    /// Its request has timed out, before the service has seen it.
    Expire(usize),
    /// Writes what came of it, and tells its caller.
    Write(usize),
    /// Shows that it lives.
    Beat(usize),
    /// It is cut off no longer.
    Heal(usize),
    /// Time passes for all.
    Tick,
    /// It dies.
    Crash(usize),
    /// It is cut off from the store.
    Cut(usize),
    /// The request or its answer gets lost.
    Lose(usize),
    /// Its time of day jumps ahead.
    Jump(usize),
}

impl Step {
    /// Whether nobody wanted it.
    pub fn is_fault(self) -> bool {
        matches!(self, Self::Crash(_) | Self::Cut(_) | Self::Lose(_) | Self::Jump(_))
    }

    /// The steps that `take` may accept.
    pub(crate) fn possible<'a>(model: &'a Protocol, state: &'a State) -> impl Iterator<Item = Self> + 'a {
        let of = |(me, process): (usize, &Process)| {
            let mut steps = vec![];
            let live = !process.dead && !process.is_finished();
            let reaches = live && !process.cut;
            match process.phase {
                Phase::Look if reaches => steps.push(Self::Look(me)),
                // A look that shows nothing new changes nothing.
                Phase::Wait if reaches && process.has_news(model) => steps.push(Self::Look(me)),
                Phase::Read if live => steps.push(Self::Judge(me)),
                Phase::Begin if reaches => steps.push(Self::Begin(me)),
                Phase::Begun(_) if live => steps.push(Self::Check(me)),
                Phase::Ask | Phase::Sent if process.overtaken && model.late == Late::Never => {
                    steps.extend(live.then_some(Self::Expire(me)))
                }
                Phase::Ask if live => steps.push(Self::Send(me)),
                Phase::Sent | Phase::Again(_) => steps.push(Self::Act(me)),
                Phase::Answered(_) if reaches => steps.push(Self::Write(me)),
                _ => {}
            }
            if reaches && process.beats() && model.beating {
                steps.push(Self::Beat(me));
            }
            if live && process.cut {
                steps.push(Self::Heal(me));
            }
            if live && state.crashes > 0 {
                steps.push(Self::Crash(me));
            }
            if reaches && state.cuts > 0 {
                steps.push(Self::Cut(me));
            }
            if live && state.losses > 0 && matches!(process.phase, Phase::Sent | Phase::Answered(Answer::Tokens(_) | Answer::Refused)) {
                steps.push(Self::Lose(me));
            }
            // Without a clock in the protocol there is nothing that it could change.
            if live && state.jumps > 0 && model.expiry == Expiry::TimeOfDay {
                steps.push(Self::Jump(me));
            }
            steps
        };
        state.processes.iter().enumerate().flat_map(of).chain([Self::Tick])
    }

    /// The state after it; `None` where it can't happen.
    pub(crate) fn take(self, model: &Protocol, before: &State) -> Option<State> {
        let mut state = before.clone();
        match self {
            Self::Tick => state.tick(model)?,
            Self::Begin(me) => state.begin(me)?,
            Self::Send(me) => state.send(me, model.late)?,
            Self::Act(me) => {
                let process = state.processes.get_mut(me)?;
                let answer = state.service.refresh(process.read.tokens, model.rotation);
                process.phase = Phase::Answered(match (process.phase, answer) {
                    (Phase::Again(_), Answer::Tokens(tokens)) => Answer::Sure(tokens),
                    (Phase::Again(tokens), _) => Answer::Sure(tokens),
                    (_, answer) => answer,
                });
            }
            Self::Write(me) => state.write(me)?,
            Self::Beat(me) => state.beat(me)?,
            Self::Crash(me) => {
                state.crashes = state.crashes.checked_sub(1)?;
                state.processes.get_mut(me)?.dead = true;
            }
            Self::Cut(me) => {
                state.cuts = state.cuts.checked_sub(1)?;
                let process = state.processes.get_mut(me)?;
                (process.cut, process.missed) = (true, true);
            }
            Self::Heal(me) => state.processes.get_mut(me)?.cut = false,
            Self::Lose(me) => {
                state.losses = state.losses.checked_sub(1)?;
                state.processes.get_mut(me)?.phase = Phase::Answered(Answer::Lost);
            }
            Self::Jump(me) => {
                state.jumps = state.jumps.checked_sub(1)?;
                state.processes.get_mut(me)?.ahead += LENGTH + 1;
            }
            Self::Look(me) => {
                let process = state.processes.get_mut(me)?;
                (process.read, process.phase, process.current) = (state.row.clone(), Phase::Read, true);
                if let Some(seen) = &mut process.seen {
                    seen.read = seen.current;
                }
            }
            Self::Expire(me) => state.processes.get_mut(me)?.phase = Phase::Answered(Answer::Lost),
            Self::Judge(me) => state.judge(me, model.expiry)?,
            Self::Check(me) => {
                let process = state.processes.get_mut(me)?;
                let Phase::Begun(waited) = process.phase else { return None };
                let in_time = waited < LENGTH.div_ceil(2);
                process.phase = if in_time { Phase::Ask } else { Phase::Look };
                // From here on nobody may overtake it, as long as it reaches the store.
                (process.quiet, process.missed) = (0, process.cut);
            }
        }
        let first = Row::first();
        state.processes.iter_mut().for_each(|process| process.forget(&first));
        Some(state)
    }
}

impl Process {
    /// Whether a look at the row could end its wait.
    fn has_news(&self, model: &Protocol) -> bool {
        let stood = self.seen.is_some_and(|seen| seen.ticks >= LENGTH);
        !self.current || stood || model.expiry == Expiry::TimeOfDay
    }
}

impl State {
    /// Time passes, unless somebody who lives must beat first.
    fn tick(&mut self, model: &Protocol) -> Option<()> {
        let must_beat = |process: &Process| model.beating && process.beats() && !process.dead && !process.cut && process.quiet > 0;
        if self.processes.iter().any(must_beat) {
            return None;
        }
        if let Some(lease) = &mut self.row.lease
            && model.expiry == Expiry::TimeOfDay
        {
            lease.left = lease.left.saturating_sub(1).max(-1);
        }
        for process in self.processes.iter_mut().filter(|process| !process.dead && !process.is_finished()) {
            if let Phase::Begun(waited) = &mut process.phase {
                *waited = waited.saturating_add(1).min(LENGTH);
                // It has the lease, and shows no sign of life yet.
                process.missed = true;
            }
            if process.beats() {
                process.quiet = 1;
            }
            if let Some(seen) = &mut process.seen {
                seen.ticks = seen.ticks.saturating_add(1).min(LENGTH);
            }
            if let Some(lease) = &mut process.read.lease
                && model.expiry == Expiry::TimeOfDay
            {
                lease.left = lease.left.saturating_sub(1).max(-1);
            }
        }
        Some(())
    }

    fn judge(&mut self, me: usize, expiry: Expiry) -> Option<()> {
        let stored = self.stored;
        let process = self.processes.get_mut(me)?;
        process.phase = match (process.read.tokens, process.read.status) {
            (0, Status::Reauthorize) => Phase::Refused,
            (0, _) => {
                if process.may_begin(me, expiry) {
                    Phase::Begin
                } else {
                    Phase::Wait
                }
            }
            (tokens, _) => Phase::Done(tokens),
        };
        if let Phase::Done(tokens) = process.phase
            && stored & bit(tokens) == 0
        {
            self.wrong = Some(Wrong::NotStored);
        }
        Some(())
    }

    /// `BEGIN_REFRESH`
    fn begin(&mut self, me: usize) -> Option<()> {
        let process = self.processes.get_mut(me)?;
        let (read, now) = (&process.read, &self.row);
        let lease = now.lease.is_none() || process.current;
        if !lease || read.generation != now.generation || read.status != now.status {
            process.phase = Phase::Look;
            return Some(());
        }
        process.phase = Phase::Begun(0);
        process.missed = false;
        let before = self.row.lease.replace(Lease { owner: me, left: 0 });
        self.row.intent = true;
        self.extend(me)?;
        let before = before.filter(|before| before.owner != me).and_then(|before| self.processes.get_mut(before.owner));
        if let Some(before) = before
            && !before.is_finished()
        {
            // Whether that was right, `send` judges.
            before.overtaken = before.dead || before.missed;
        }
        Some(())
    }

    fn send(&mut self, me: usize, late: Late) -> Option<()> {
        let sender = self.processes.get(me)?;
        let (tokens, stopped) = (sender.read.tokens, sender.overtaken && late != Late::Blamed);
        let lives = |process: &Process| process.is_using(tokens) && !process.dead && !process.overtaken;
        if !stopped && self.processes.iter().enumerate().any(|(other, process)| other != me && lives(process)) {
            self.wrong = Some(Wrong::UsedTwice);
        }
        self.processes.get_mut(me)?.phase = Phase::Sent;
        Some(())
    }

    /// `RENEW_LEASE`
    fn beat(&mut self, me: usize) -> Option<()> {
        let process = self.processes.get_mut(me)?;
        if process.quiet == 0 {
            return None;
        }
        process.quiet = 0;
        if self.row.lease.as_ref().is_some_and(|lease| lease.owner == me) {
            process.missed = false;
            self.extend(me)?;
        }
        Some(())
    }

    fn extend(&mut self, me: usize) -> Option<()> {
        let ahead = i8::try_from(self.processes.get(me)?.ahead).ok()?;
        let lease = self.row.lease.as_mut()?;
        lease.left = ahead.saturating_add(i8::try_from(LENGTH).ok()?);
        self.written();
        Some(())
    }

    /// `FINISH_REFRESH` or `ABANDON_REFRESH`
    fn write(&mut self, me: usize) -> Option<()> {
        let process = self.processes.get_mut(me)?;
        let Phase::Answered(answer) = process.phase else { return None };
        let interrupted = process.read.intent;
        let changed = self.row.generation != process.read.generation;
        let ours = self.row.lease.as_ref().is_some_and(|lease| lease.owner == me);
        process.phase = match answer {
            Answer::Tokens(tokens) if changed && ours => {
                process.read.generation = self.row.generation;
                process.phase = Phase::Again(tokens);
                return Some(());
            }
            _ if changed => Phase::Look,
            Answer::Tokens(tokens) | Answer::Sure(tokens) => Phase::Done(tokens),
            Answer::Refused => Phase::Refused,
            Answer::Lost => Phase::Later,
        };
        if ours || (!changed && matches!(answer, Answer::Tokens(_) | Answer::Sure(_))) {
            self.written();
        }
        match answer {
            Answer::Tokens(tokens) | Answer::Sure(tokens) if changed => {
                if self.service.accepts(tokens) && !self.service.accepts(self.row.tokens) {
                    self.wrong = Some(Wrong::ThrownAway);
                }
            }
            Answer::Tokens(tokens) | Answer::Sure(tokens) => {
                self.row.generation += 1;
                (self.row.tokens, self.row.status) = (tokens, Status::Active);
                self.row.intent &= !ours;
                if ours {
                    self.row.lease = None;
                }
                self.stored |= bit(tokens);
            }
            // `RELEASE_LEASE`
            _ if changed && ours => self.row.lease = None,
            _ if changed || !ours => {}
            Answer::Refused => {
                (self.row.status, self.row.lease, self.row.intent) = (Status::Reauthorize, None, interrupted);
                if !interrupted {
                    self.wrong = Some(Wrong::NotTold);
                }
            }
            Answer::Lost => (self.row.status, self.row.lease) = (Status::Retry, None),
        }
        Some(())
    }
}
