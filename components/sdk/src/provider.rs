//! The trait that a provider implements, and how the component's exports reach it.

use crate::bindings::exports::jeton::provider::provider::Guest;
use crate::bindings::jeton::provider::log;
use crate::*;

/// What a provider does. What it leaves out answers `unsupported`.
pub trait Provider {
    /// Begins a grant.
    fn begin(_client: &Client, grant: Grant<'_>) -> Result<Step> {
        Err(Error::unsupported(grant.kind.name()))
    }

    /// Continues a grant that waited for a person.
    fn resume(_client: &Client, grant: Grant<'_>, _event: Event<'_>) -> Result<Step> {
        Err(Error::unsupported(grant.kind.name()))
    }

    /// Exchanges the refresh token for new tokens.
    fn refresh(_client: &Client, _tokens: CurrentTokens<'_>) -> Result<Tokens> {
        Err(Error::unsupported("refresh"))
    }

    /// Ends the connection at the service.
    fn revoke(_client: &Client, _tokens: CurrentTokens<'_>) -> Result<()> {
        Err(Error::unsupported("revoke"))
    }

    /// Whose tokens these are.
    fn identify(_client: &Client, _tokens: CurrentTokens<'_>) -> Result<Account> {
        Err(Error::unsupported("identify"))
    }

    /// The headers of an API request. By default `Authorization: Bearer …`, and no options.
    fn authenticate(_client: &Client, _tokens: CurrentTokens<'_>, options: Extras) -> Result<Vec<Header>> {
        match options.first() {
            None => Ok(vec![Header::bearer()]),
            Some((name, _)) => Err(Error::unsupported(name)),
        }
    }

    /// What an answer of the service's API means for the connection. By default [`verdict_by_status`].
    fn judge(answer: &Response) -> Verdict {
        verdict_by_status(answer)
    }
}

/// Lets the text of a panic reach the host, which otherwise sees no more than that the component stopped.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let (file, line) = panic.location().map(|place| (place.file(), place.line())).unwrap_or_default();
        let text = panic.payload_as_str().unwrap_or_default();
        log::write(log::Level::Error, &concat(&["panicked at ", file, ":", &decimal(line.into()), ": ", text]));
    }));
}

impl<P: Provider> Guest for P {
    fn begin(client: &Client, grant: Grant<'_>) -> Result<Step> {
        report_panics();
        P::begin(client, grant)
    }

    fn resume(client: &Client, grant: Grant<'_>, event: Event<'_>) -> Result<Step> {
        report_panics();
        P::resume(client, grant, event)
    }

    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        report_panics();
        P::refresh(client, tokens)
    }

    fn revoke(client: &Client, tokens: CurrentTokens<'_>) -> Result<()> {
        report_panics();
        P::revoke(client, tokens)
    }

    fn identify(client: &Client, tokens: CurrentTokens<'_>) -> Result<Account> {
        report_panics();
        P::identify(client, tokens)
    }

    fn authenticate(client: &Client, tokens: CurrentTokens<'_>, options: Extras) -> Result<Vec<Header>> {
        report_panics();
        P::authenticate(client, tokens, options)
    }

    fn judge(answer: &Response) -> Verdict {
        report_panics();
        P::judge(answer)
    }
}
