//! Tells its server that it has begun, then computes without an end.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        api_request(Method::Get, "api", "begun", &tokens)?.send()?;
        loop {
            std::hint::black_box(());
        }
    }
}
