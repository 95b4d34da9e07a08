//! Pushes an authorization request with a state, a redirect URI or a nonce of its own, and refers a person's browser to it.

use attempts_contract::told;
use jeton_provider::*;

struct Attempt;
// Without a manifest: the test adds one.
jeton_provider::bindings::__export!(Attempt with_types_in jeton_provider::bindings);

impl Provider for Attempt {
    /// `+NAME` in the options is a parameter that is pushed, `*NAME` one that is pushed after that, and `?NAME` one of the visit's query.
    fn begin(_: &Client, grant: Grant<'_>) -> Result<Step> {
        let (reserved, nonce) = (callback::reserve(), callback::nonce());
        let said = |text: &str| {
            let text = text.replace("{state}", &reserved.state).replace("{redirect_uri}", &reserved.redirect_uri);
            text.replace("{nonce}", &nonce)
        };
        let marked = |mark: char| -> Extras {
            let named = |(name, text): &(String, String)| Some((name.strip_prefix(mark)?.to_owned(), said(text)));
            grant.options.iter().filter_map(named).collect()
        };
        for mark in ['+', '*'] {
            let pushed = marked(mark);
            if !pushed.is_empty() {
                let fields = pushed.iter().map(|(name, text)| (name.as_str(), text.as_str()));
                let request = fields.fold(Request::new(Method::Post, "codes"), |request, (name, text)| request.form(name, text));
                let request = if told(&grant.options, "json").is_some() { request.as_json() } else { request };
                request.send()?;
            }
        }
        Ok(Step::Visit(Visit { endpoint: "authorize".to_owned(), query: marked('?') }))
    }
}
