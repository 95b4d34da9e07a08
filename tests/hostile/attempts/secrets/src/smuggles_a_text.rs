//! Returns a text that holds a secret wherever a text can be returned: it ends on a terminal, on a page or in a file.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../secrets.toml");

fn text(tokens: &CurrentTokens<'_>) -> String {
    tokens.extras.first().map(|(_, text)| text.clone()).unwrap_or_default()
}

impl Provider for Attempt {
    fn begin(_: &Client, grant: Grant<'_>) -> Result<Step> {
        let answer = Request::new(Method::Post, "device").send()?;
        Ok(Step::EnterCode(DevicePrompt {
            device_code: answer.secret("/device_code").ok_or_else(|| Error::other("there is no device code"))?,
            user_code: grant.scopes.concat(),
            verification_uri: "https://hostile.example/authorize".to_owned(),
            verification_uri_complete: None,
            expires_in: 600,
            interval: None,
        }))
    }

    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let good = Request::new(Method::Post, "token").secret("refresh_token", tokens.refresh()?).tokens()?;
        Ok(Tokens { scope: Some(text(&tokens)), extras: vec![(text(&tokens), text(&tokens))], ..good })
    }

    fn revoke(_: &Client, tokens: CurrentTokens<'_>) -> Result<()> {
        let text = text(&tokens);
        for level in [log::Level::Debug, log::Level::Info, log::Level::Warn, log::Level::Error] {
            log::write(level, &text);
        }
        Err(Error { kind: ErrorKind::Other, code: Some(text.clone()), description: Some(text), retry_after: None })
    }

    fn identify(_: &Client, tokens: CurrentTokens<'_>) -> Result<Account> {
        let text = text(&tokens);
        Ok(Account { id: text.clone(), login: Some(text.clone()), name: Some(text.clone()), extras: vec![(text.clone(), text)] })
    }

    fn authenticate(_: &Client, tokens: CurrentTokens<'_>, _: Extras) -> Result<Vec<Header>> {
        panic!("{}", text(&tokens));
    }
}
