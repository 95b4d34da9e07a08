//! The vault's refresh as a model: a few processes, one row, one service, and every order in which their steps can happen.
//!
//! | here | in `host/vault` |
//! |---|---|
//! | [`Row`], and the steps `Begin`, `Beat`, `Finish`, `Abandon` | the statements `BEGIN_REFRESH`, `RENEW_LEASE`, `FINISH_REFRESH` and `ABANDON_REFRESH` of `store/queries.rs` |
//! | [`Phase`] | `refresh/attempt.rs`, cut wherever another process or a fault can come between |
//! | `Process::may_begin` | `refresh/turn.rs` |
//!
//! Time passes in ticks. A lease is as long as [`LENGTH`] of them, and its owner beats at every tick: that is the one thing which is
//! assumed about time, and only of an owner that is alive and reaches the store. A process can die between any two steps. It can be cut
//! off from the store, while its request goes on, and come back. An answer can get lost before or after the service has acted.
//!
//! The protocol has no clock in it, so that there is nothing which a clock that jumps could change ([`Expiry::Beats`]). What a lease that
//! ends at a time of day would do is there for comparison ([`Expiry::TimeOfDay`]): it shows that the check finds what it looks for.
//!
//! Nor is there a lease that could call a request back. Whoever is stopped for the length of a lease between its last look at its watch and
//! its request sends too late, and so does a network that keeps a request for as long ([`Late`]). At a strict service this costs
//! nothing; at one with grace it may cost the connection, and the tests say so.
//!
//! What isn't modelled: a person who signs in meanwhile, data keys that change, a store that loses what it has confirmed, and the loss of
//! the one answer that [`Phase::Again`] waits for.

mod protocol;
mod state;
mod steps;

pub use protocol::{Expiry, Faults, Late, Protocol, Rotation};
pub use state::{Answer, LENGTH, Lease, Phase, Process, Row, Seen, Service, State, Status, Wrong};
pub use steps::Step;
