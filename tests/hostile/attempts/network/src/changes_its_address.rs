//! Has an endpoint whose name leads to a public address when it is checked, and to this machine when it is connected to.

use attempts_network::{request, send};
use jeton_provider::*;

struct Attempt;
// Without a manifest: the test adds one.
jeton_provider::bindings::__export!(Attempt with_types_in jeton_provider::bindings);

impl Provider for Attempt {
    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        send(&request(&tokens))
    }
}
