//! Redirect URIs as texts: services compare strings, and comparing parsed URLs would let spellings pass that they refuse.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A URI without its port.
#[derive(PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    /// Path, query and fragment.
    pub(crate) rest: &'a str,
}

impl<'a> Parts<'a> {
    /// `None` for what isn't a hierarchical URI, names a user, or has a port that is none.
    pub(crate) fn of(uri: &'a str) -> Option<Self> {
        let (scheme, after) = uri.split_once("://")?;
        let (authority, rest) = after.split_at(after.find(['/', '?', '#', '\\']).unwrap_or(after.len()));
        let (host, port) = match authority.rfind(':') {
            Some(colon) if !authority.ends_with(']') => (authority.get(..colon)?, authority.get(colon + 1..)?),
            _ => (authority, "0"),
        };
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        (!host.is_empty() && !host.contains('@') && digits && port.parse::<u16>().is_ok()).then_some(Self { scheme, host, rest })
    }

    /// Whether the host is `localhost` or a loopback address.
    pub(crate) fn is_loopback(&self) -> bool {
        let v6 = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        self.host == "localhost"
            || self.host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || v6.and_then(|host| host.parse::<Ipv6Addr>().ok()).is_some_and(|address| address.is_loopback())
    }
}
