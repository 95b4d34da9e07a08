//! Writes line after line, long ones, and asks in vain again and again, of which the host may write lines too.

use attempts_time::tell;
use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let line = "flood ".repeat(1000);
        for _ in 0..5000 {
            log::write(log::Level::Error, &line);
        }
        let answer = Request::new(Method::Post, "token").secret("refresh_token", tokens.refresh()?).send()?;
        for _ in 0..5000 {
            std::hint::black_box((answer.text("/withheld"), answer.header("x-withheld"), answer.secret("/withheld").is_some()));
        }
        tell("written")
    }
}
