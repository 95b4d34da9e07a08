//! Keeps the numbers of handles, and its memory, from one call to the next.

use std::sync::atomic::{AtomicU32, Ordering};

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../secrets.toml");

static CALLS: AtomicU32 = AtomicU32::new(0);

impl Provider for Attempt {
    fn refresh(_: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let _ = storage::set("calls", &CALLS.fetch_add(1, Ordering::SeqCst).to_string(), 3600);
        if let Ok(Some(number)) = storage::get("handle") {
            // SAFETY: none; it is an attempt.
            let kept = unsafe { Secret::from_handle(number.parse().unwrap_or_default()) };
            let sent = Request::new(Method::Post, "token").secret("refresh_token", &kept).send();
            std::mem::forget(kept);
            sent?;
            return Err(Error::other("it was sent"));
        }
        storage::set("handle", &tokens.refresh()?.handle().to_string(), 3600).map_err(|_| Error::other("not kept"))?;
        Request::new(Method::Post, "token").secret("refresh_token", tokens.refresh()?).tokens()
    }
}
