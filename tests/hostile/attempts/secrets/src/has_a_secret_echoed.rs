//! Sends secrets where they belong, and keeps all that it can read of an answer that echoes them.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../secrets.toml");

const POINTERS: [&str; 5] = ["/scope", "/token_type", "/error", "/error_description", "/error_uri"];
const HEADERS: [&str; 6] = ["content-type", "date", "dpop-nonce", "www-authenticate", "x-request-id", "request-id"];

impl Provider for Attempt {
    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let answer = token_request("token", "refresh_token").client_in_header(client).secret("refresh_token", tokens.refresh()?).send()?;
        for pointer in POINTERS {
            keep(pointer, answer.text(pointer));
        }
        for header in HEADERS {
            keep(header, answer.header(header));
        }
        Err(Error::other("read"))
    }
}

fn keep(name: &str, value: Option<String>) {
    if let Some(value) = value {
        let _ = storage::set(name, &value, 3600);
    }
}
