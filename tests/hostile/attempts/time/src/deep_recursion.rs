//! Calls itself without an end.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

/// Not a tail call: each level waits for the next one. Nothing of it needs the component's memory.
fn deeper(level: u64) -> u64 {
    if level == u64::MAX { 0 } else { deeper(level + 1).wrapping_mul(3) ^ level }
}

impl Provider for Attempt {
    fn refresh(_: &Client, _: CurrentTokens<'_>) -> Result<Tokens> {
        Err(Error::other(deeper(clock::now()).to_string()))
    }
}
