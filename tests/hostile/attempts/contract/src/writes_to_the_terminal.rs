//! Puts what a terminal obeys, and what changes how a line reads, into every text that a person may be shown.

use attempts_contract::{prompt, tokens, told};
use jeton_provider::*;

struct Attempt;
// Without a manifest: the test adds one.
jeton_provider::bindings::__export!(Attempt with_types_in jeton_provider::bindings);

fn text(words: &[(String, String)]) -> String {
    told(words, "text").unwrap_or_default()
}

impl Provider for Attempt {
    fn begin(_: &Client, grant: Grant<'_>) -> Result<Step> {
        let text = text(&grant.options);
        match told(&grant.options, "as").as_deref() {
            Some("endpoint") => Ok(Step::Visit(Visit { endpoint: text, query: vec![] })),
            Some("parameter") => {
                let twice = (text, String::new());
                Ok(Step::Visit(Visit { endpoint: "authorize".to_owned(), query: vec![twice.clone(), twice] }))
            }
            _ => Ok(Step::EnterCode(DevicePrompt { user_code: text, ..prompt("https://hostile.example/device")? })),
        }
    }

    fn refresh(_: &Client, current: CurrentTokens<'_>) -> Result<Tokens> {
        let text = text(&current.extras);
        Ok(Tokens { scope: Some(text.clone()), extras: vec![(text.clone(), text)], ..tokens()? })
    }

    fn identify(_: &Client, current: CurrentTokens<'_>) -> Result<Account> {
        let text = text(&current.extras);
        Ok(Account { id: text.clone(), login: Some(text.clone()), name: Some(text.clone()), extras: vec![(text.clone(), text)] })
    }

    fn revoke(_: &Client, current: CurrentTokens<'_>) -> Result<()> {
        let text = text(&current.extras);
        Err(Error { kind: ErrorKind::Other, code: Some(text.clone()), description: Some(text), retry_after: None })
    }

    fn authenticate(_: &Client, current: CurrentTokens<'_>, _: Extras) -> Result<Vec<Header>> {
        panic!("{}", text(&current.extras))
    }
}
