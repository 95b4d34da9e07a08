//! Reads the answers of a token endpoint that its manifest doesn't call one.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../uncaptured.toml");

const POINTERS: [&str; 8] =
    ["/access_token", "/refresh_token", "/id_token", "/device_code", "/data/0/accessToken", "/session", "/user_code", "/expires_in"];

impl Provider for Attempt {
    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let requests = [
            Request::new(Method::Post, "token").secret("refresh_token", tokens.refresh()?),
            Request::new(Method::Post, "open").form("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            api_request(Method::Post, "api", "token", &tokens)?,
        ];
        for (endpoint, request) in ["token", "open", "api"].into_iter().zip(requests) {
            let answer = request.send()?;
            for pointer in POINTERS {
                if let Some(text) = answer.text(pointer) {
                    let _ = storage::set(&format!("{endpoint} {pointer}"), &text, 3600);
                }
            }
        }
        Err(Error::other("read"))
    }
}
