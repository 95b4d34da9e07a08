//! The neighbour: keeps a value of its own, and tells what it finds under its name.

use attempts_neighbours::tell;
use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "neighbour.toml");

impl Provider for Attempt {
    fn refresh(_: &Client, _: CurrentTokens<'_>) -> Result<Tokens> {
        tell(storage::get("greeting").ok().flatten().unwrap_or_else(|| "nothing".to_owned()))
    }

    fn revoke(_: &Client, _: CurrentTokens<'_>) -> Result<()> {
        storage::set("greeting", "hello", 60).map_err(|error| Error::other(format!("{error:?}")))
    }
}
