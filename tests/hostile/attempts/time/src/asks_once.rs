//! Sends one request to its own service, which is the one that misbehaves, and tells what it saw.

use attempts_time::tell;
use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        match api_request(Method::Get, "api", "once", &tokens)?.send() {
            Ok(answer) => tell(format!("status {}, {:?}", answer.status(), answer.text("/expanded"))),
            Err(error) => Err(error),
        }
    }
}
