//! Asks twice, so that a cookie of the first answer would come back with the second request, and reads the cookie.

use attempts_network::request;
use jeton_provider::bindings::jeton::provider::http;
use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let mut read = vec![];
        for _ in 0..2 {
            let answer = http::send(&request(&tokens))?;
            read.extend(["set-cookie", "Set-Cookie", "set-cookie2", "cookie"].into_iter().filter_map(|name| answer.header(name)));
        }
        Err(Error::other(format!("read [{}]", read.join(", "))))
    }
}
