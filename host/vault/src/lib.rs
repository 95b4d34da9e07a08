//! host/vault
