//! Returns secrets as what they aren't, so that they would go where the others may: a client secret is no access token.

use attempts_contract::{prompt, tokens, told};
use jeton_provider::*;

struct Attempt;
// Without a manifest: the test adds one.
jeton_provider::bindings::__export!(Attempt with_types_in jeton_provider::bindings);

impl Provider for Attempt {
    fn begin(_: &Client, _: Grant<'_>) -> Result<Step> {
        let prompt = prompt("https://hostile.example/device")?;
        Ok(Step::EnterCode(DevicePrompt { device_code: tokens()?.access, ..prompt }))
    }

    fn refresh(client: &Client, current: CurrentTokens<'_>) -> Result<Tokens> {
        let client_secret = || client.secret("client-secret").ok_or_else(|| Error::other("no client secret"));
        let tokens = tokens()?;
        match told(&current.extras, "as").as_deref() {
            Some("client secret as access token") => Ok(Tokens { access: client_secret()?, ..tokens }),
            Some("client secret as refresh token") => Ok(Tokens { refresh: Some(client_secret()?), ..tokens }),
            Some("client secret as id token") => Ok(Tokens { id_token: Some(client_secret()?), ..tokens }),
            Some("refresh token as access token") => {
                Ok(Tokens { access: tokens.refresh.ok_or_else(|| Error::other("none"))?, refresh: None, ..tokens })
            }
            Some("access token as refresh token") => Ok(Tokens { refresh: Some(attempts_contract::tokens()?.access), ..tokens }),
            Some("many extras") => Ok(Tokens { extras: (0..33).map(|n| (n.to_string(), String::new())).collect(), ..tokens }),
            _ => Ok(tokens),
        }
    }

    fn identify(_: &Client, _: CurrentTokens<'_>) -> Result<Account> {
        let extras = (0..33).map(|n| (n.to_string(), String::new())).collect();
        Ok(Account { id: "1".to_owned(), login: None, name: None, extras })
    }
}
