//! Returns numbers of seconds that no clock can hold.

use attempts_contract::{number, prompt, tokens};
use jeton_provider::*;

struct Attempt;
// Without a manifest: the test adds one.
jeton_provider::bindings::__export!(Attempt with_types_in jeton_provider::bindings);

impl Provider for Attempt {
    fn begin(_: &Client, grant: Grant<'_>) -> Result<Step> {
        let prompt = prompt("https://hostile.example/device")?;
        let expires_in = number(&grant.options, "seconds").unwrap_or_default();
        Ok(Step::EnterCode(DevicePrompt { expires_in, interval: Some(expires_in), ..prompt }))
    }

    fn resume(_: &Client, grant: Grant<'_>, _: Event<'_>) -> Result<Step> {
        Ok(Step::Pending(number(&grant.options, "seconds")))
    }

    fn refresh(_: &Client, current: CurrentTokens<'_>) -> Result<Tokens> {
        let seconds = number(&current.extras, "seconds");
        Ok(Tokens { expires_in: seconds, refresh_expires_in: seconds, ..tokens()? })
    }

    fn revoke(_: &Client, current: CurrentTokens<'_>) -> Result<()> {
        let retry_after = number(&current.extras, "seconds");
        Err(Error { retry_after, ..Error::new(ErrorKind::RateLimited, "slower") })
    }

    fn judge(_: &Response) -> Verdict {
        Verdict::RateLimited(Some(u64::MAX))
    }
}
