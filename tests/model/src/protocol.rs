//! What is checked: how many processes, which service, which faults, and what must hold.

use stateright::{Model, Property};

use crate::state::{Process, Row, Service, State, Status, Wrong, bit};
use crate::{Phase, Step};

/// What becomes of a used refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It is dead at once.
    Strict,
    /// It can be used again until its successor is used. To use it again kills the successor.
    Grace,
}

/// When a lease has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// When its beat stood still for its whole length, by the watch of the one who waits. What Jeton does.
    Beats,
    /// At a time of day that is written in the row. What Jeton doesn't do.
    TimeOfDay,
}

/// Requests that reach the service only after another has taken over from the one who makes them: because that one was stopped just before
/// it sent, or because the network kept them for as long as a lease. No lease can prevent that; the service would have to know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// There are none: they time out before the lease ends.
    Never,
    /// There are.
    Some,
    /// There are, and to send one while another uses the refresh token is a mistake, too.
    Blamed,
}

/// How much goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Processes that die.
    pub crashes: u8,
    /// Times that a process is cut off from the store, each until it comes back or for ever.
    pub cuts: u8,
    /// Answers that get lost.
    pub losses: u8,
    /// Clocks that jump ahead.
    pub jumps: u8,
}

/// The model.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// How many want a token at once.
    pub processes: usize,
    /// What the service does with a used refresh token.
    pub rotation: Rotation,
    /// When a lease has ended.
    pub expiry: Expiry,
    /// Whether owners beat.
    pub beating: bool,
    /// Requests that come too late.
    pub late: Late,
    /// What goes wrong.
    pub faults: Faults,
}

impl Model for Protocol {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let row = Row::first();
        let processes = (0..self.processes).map(|_| Process::new(&row)).collect();
        let Faults { crashes, cuts, losses, jumps } = self.faults;
        let service = Service { accepted: bit(0), latest: 0 };
        vec![State { row, service, processes, crashes, cuts, losses, jumps, stored: bit(0), wrong: None }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        // One mistake is enough to know.
        if state.wrong.is_none() {
            actions.extend(Step::possible(self, state));
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let next = step.take(self, state)?;
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no refresh token is used twice while its owner lives", |_, state| is_not(state, Wrong::UsedTwice)),
            Property::always("nothing is handed out that isn't stored", |_, state| is_not(state, Wrong::NotStored)),
            Property::always("who lives throws nothing away that is worth more", |_, state| is_not(state, Wrong::ThrownAway)),
            Property::always("who must sign in again is told why", |_, state| is_not(state, Wrong::NotTold)),
            // The service wouldn't accept it, and nothing in the row says that this may be so.
            Property::always("nothing is lost silently", |_, state: &State| {
                !state.is_quiet() || state.is_live() || state.row.status == Status::Reauthorize || state.row.intent
            }),
            Property::always("someone can always go on", |model: &Self, state| {
                let waits = |process: &Process| !process.dead && !process.cut && !process.is_finished();
                let goes_on = || Step::possible(model, state).any(|step| !step.is_fault() && model.next_state(state, step).is_some());
                state.wrong.is_some() || !state.processes.iter().any(waits) || goes_on()
            }),
            // That there is something to check.
            Property::sometimes("all have the same new token", |_, state: &State| {
                state.processes.iter().all(|process| matches!(process.phase, Phase::Done(1)))
            }),
        ]
    }
}

fn is_not(state: &State, wrong: Wrong) -> bool {
    state.wrong != Some(wrong)
}
