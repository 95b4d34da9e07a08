//! Computes without an end, and calls the host all the while, so that it never computes for long at a stretch.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let secret = tokens.refresh()?;
        loop {
            std::hint::black_box((clock::now(), client.id(), random::bytes(1024), secret.kind(), storage::get("nothing").is_ok()));
        }
    }
}
