//! Has an endpoint whose URL a setting is put into, and settings that would make another URL of it.

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
