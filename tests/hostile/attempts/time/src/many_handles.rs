//! Asks for a handle again and again, and keeps or drops each, as the test says.

use attempts_time::{tell, told};
use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        if told(&tokens, "keep").is_some() {
            let mut held = vec![];
            loop {
                held.push(client.secret("client-secret"));
            }
        }
        for _ in 0..10_000 {
            drop(client.secret("client-secret"));
        }
        // The host looks for every secret of the call in this. If it kept one for each time, it would look for a long while.
        log::write(log::Level::Info, &"x".repeat(1 << 19));
        tell("asked ten thousand times")
    }
}
