//! Keeps values until it may keep no more.

use attempts_neighbours::tell;
use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn refresh(_: &Client, _: CurrentTokens<'_>) -> Result<Tokens> {
        let value = "x".repeat(4096);
        let mut kept = 0;
        loop {
            match storage::set(&format!("value {kept}"), &value, 60) {
                Ok(()) => kept += 1,
                Err(storage::Error::Limit(why)) => return tell(format!("kept {kept}: {why}")),
                Err(other) => return tell(format!("{other:?}")),
            }
        }
    }
}
