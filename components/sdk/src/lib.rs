//! What the author of a provider for [Jeton](https://crates.io/crates/jeton) writes against.
//!
//! A provider is a folder with a `provider.toml`, which says what the service is and which addresses it has, and a `lib.rs`,
//! which says what is special about it. The whole of a plain OAuth 2 service:
//!
//! ```ignore
//! use jeton_provider::*;
//!
//! struct Acme;
//! jeton_provider::export!(Acme, "../provider.toml");
//!
//! impl Provider for Acme {
//!     fn begin(client: &Client, grant: Grant<'_>) -> Result<Step> {
//!         authorization_request("authorize", client).scopes(&grant.scopes, " ").pkce().visit()
//!     }
//!     fn resume(client: &Client, _: Grant<'_>, event: Event<'_>) -> Result<Step> {
//!         let back = event.returned()?;
//!         token_request("token", "authorization_code").client_in_body(client).code(&back)?.tokens().map(Step::Done)
//!     }
//!     fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
//!         token_request("token", "refresh_token").client_in_body(client).secret("refresh_token", tokens.refresh()?).tokens()
//!     }
//! }
//! ```
//!
//! Secrets are handles ([`Secret`]): say where one goes, and the host puts it there if the manifest's endpoint accepts it. What an
//! answer holds is seen through [`Response::text`], and only where the manifest reveals it. A panic's text reaches the host's log.
//!
//! A component is small because it leaves out what a text can be formatted, joined and searched with in the standard library: [`concat()`],
//! [`join`], [`split`], [`holds`] and [`decimal`] do what a provider needs of that. `format!` works too, for some 2,600 bytes. Memory is
//! handed out forwards and given back with the instance, which lives for one call.

mod allocator;
mod answer;
#[doc(hidden)]
pub mod bindings;
mod date;
mod device;
mod dpop;
mod jwt;
mod provider;
mod request;
mod text;

pub use answer::{seconds, verdict_by_status};
pub use bindings::exports::jeton::provider::provider::{
    Account, CurrentTokens, DevicePrompt, Error, ErrorKind, Event, Extras, Grant, GrantKind, Header, HeaderValue, Returned, Step, Tokens,
    Verdict, Visit,
};
pub use bindings::jeton::provider::crypto::{Algorithm, Digest};
pub use bindings::jeton::provider::{
    callback, client::Client, clock, crypto, http::Method, http::Response, log, manifest, random, secrets::Secret, storage,
};
pub use date::rfc3339;
pub use dpop::send_proven;
pub use jwt::Jwt;
pub use provider::Provider;
pub use request::{AuthorizationRequest, Request, api_request, authorization_request, token_request};
pub use text::{concat, decimal, holds, join, split};

/// What a provider's functions answer.
pub type Result<T> = std::result::Result<T, Error>;

/// Makes a type that implements [`Provider`] the component's provider, and puts its manifest, given as a path beside this file, into the
/// component, so that the `.wasm` is the whole provider.
#[macro_export]
macro_rules! export {
    // A component that the manifest is put behind later.
    ($provider:ident) => {
        $crate::bindings::__export!($provider with_types_in $crate::bindings);
    };
    ($provider:ident, $manifest:literal) => {
        $crate::export!($provider);

        #[doc(hidden)]
        // A section of its own, without `#[used]`, which would put it among the data as well.
        #[unsafe(link_section = "jeton:manifest")]
        pub static MANIFEST: [u8; include_bytes!($manifest).len()] = *include_bytes!($manifest);
    };
}
