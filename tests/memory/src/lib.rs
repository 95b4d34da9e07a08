//! Shows that no secret gets into a component's memory: a [`Spy`] keeps what was in there, a [`Search`] looks for secrets in it.
//!
//! The scans themselves are in `tests/scan`: every provider, every grant.

mod search;
mod spy;

pub use search::Search;
pub use spy::Spy;
