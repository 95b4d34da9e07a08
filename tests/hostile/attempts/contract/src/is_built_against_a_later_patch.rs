//! A provider that does nothing wrong. The test makes it one that was built against a later patch of the contract, or a newer contract.

use attempts_contract::tokens;
use jeton_provider::*;

struct Attempt;
// Without a manifest: the test adds one.
jeton_provider::bindings::__export!(Attempt with_types_in jeton_provider::bindings);

impl Provider for Attempt {
    fn refresh(_: &Client, _: CurrentTokens<'_>) -> Result<Tokens> {
        tokens()
    }
}
