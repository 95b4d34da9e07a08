//! Google.

mod apis;
mod consent;
mod device;
pub(crate) mod discovery;
mod dpop;
mod external;
pub(crate) mod keys;
mod redirects;
mod refresh;
mod service_accounts;
mod stage;
mod tokens;
