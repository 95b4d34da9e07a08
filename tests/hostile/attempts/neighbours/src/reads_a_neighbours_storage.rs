//! Looks for a value under the name that the test gives, forgets it, and puts another in its place.

use attempts_neighbours::{tell, told};
use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let name = told(&tokens, "name").unwrap_or_default();
        let found = storage::get(&name);
        let forgotten = storage::delete(&name).is_ok();
        let kept = storage::set(&name, "poison", 60).is_ok();
        tell(format!("found {found:?}, forgotten {forgotten}, kept {kept}"))
    }
}
