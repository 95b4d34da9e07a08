//! Microsoft.

mod admin_consent;
mod assertions;
mod clouds;
mod consent;
mod device;
mod discovery;
mod graph;
mod refresh;
mod stage;
mod tenants;
mod tokens;
