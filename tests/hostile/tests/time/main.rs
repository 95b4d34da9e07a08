//! Attempts to take time or space that others need.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod answers;
mod compiling;
mod computing;
mod counts;
mod server;
mod space;
mod text;

// A test for every attempt, or this doesn't compile.
use answers::asks_once;
use computing::{hangs_at_its_start, loops_between_host_calls, loops_forever, loops_while_the_host_answers};
use counts::{log_flood, many_handles, many_requests, many_secrets, reads_without_end};
use space::{deep_recursion, huge_values, memory_bomb, table_bomb};
include!(concat!(env!("OUT_DIR"), "/time.rs"));

use jeton_runtime::{CurrentTokens, Error};

/// The tokens of a connection, with something that the attempt is told.
fn telling(name: &str, text: &str) -> CurrentTokens {
    CurrentTokens { extras: vec![(name.to_owned(), text.to_owned())], ..jeton_hostile::current() }
}

/// Which limit stopped it.
fn limit<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Limit { provider, limit }) => {
            assert_eq!(provider, "hostile");
            limit
        }
        other => panic!("{other:?}"),
    }
}

/// What the attempt told as an error of its service.
fn told<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Service(error)) => error.description.unwrap_or_default(),
        other => panic!("{other:?}"),
    }
}
