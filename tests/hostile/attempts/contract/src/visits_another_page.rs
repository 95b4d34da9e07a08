//! Sends a person's browser to a page that isn't for browsers, or with a state and a redirect URI of its own.

use attempts_contract::told;
use jeton_provider::*;

struct Attempt;
// Without a manifest: the test adds one.
jeton_provider::bindings::__export!(Attempt with_types_in jeton_provider::bindings);

/// `?NAME` in the options is a parameter of the query; `{state}` and `{redirect_uri}` are what the host reserved.
fn visit(grant: &Grant<'_>, state: &str, redirect_uri: &str) -> Step {
    let said = |text: &str| text.replace("{state}", state).replace("{redirect_uri}", redirect_uri);
    let named = |(name, text): &(String, String)| Some((name.strip_prefix('?')?.to_owned(), said(text)));
    let endpoint = told(&grant.options, "endpoint").unwrap_or_else(|| "authorize".to_owned());
    Step::Visit(Visit { endpoint, query: grant.options.iter().filter_map(named).collect() })
}

impl Provider for Attempt {
    fn begin(_: &Client, grant: Grant<'_>) -> Result<Step> {
        let reserved = callback::reserve();
        Ok(visit(&grant, &reserved.state, &reserved.redirect_uri))
    }

    fn resume(_: &Client, grant: Grant<'_>, _: Event<'_>) -> Result<Step> {
        if told(&grant.options, "reserve").is_some() {
            callback::reserve();
        }
        Ok(visit(&grant, "state", "https://evil.example/"))
    }
}
