//! Reads one huge text of an answer over and over: the host searches it for secrets each time.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let answer = api_request(Method::Get, "api", "huge", &tokens)?.send()?;
        loop {
            std::hint::black_box(answer.text("/huge").map(|text| text.len()));
        }
    }
}
