//! Returns headers for an API request that decide how it is read, or whose it is.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn authenticate(_: &Client, _: CurrentTokens<'_>, options: Extras) -> Result<Vec<Header>> {
        let header = |(name, value): (String, String)| match value.strip_prefix("TOKEN ") {
            Some(scheme) => Header { name, value: HeaderValue::AccessToken(scheme.to_owned()) },
            None => Header { name, value: HeaderValue::Text(value) },
        };
        Ok(options.into_iter().map(header).collect())
    }
}
