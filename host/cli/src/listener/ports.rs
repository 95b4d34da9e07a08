//! The port that a browser comes back to, at every address of this machine that it may try.
//!
//! `localhost` is two of them, and browsers choose. At both it must be Jeton that answers: whoever holds the other one would be handed the
//! code. So a free port is one that is free at both. Where there is but one (no IPv6, say), that one will do.

use std::io::{Error, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::net::TcpListener;

use crate::failure::{Failure, Result};

/// How many free ports are tried for one that is free at both addresses.
const TRIES: usize = 10;

/// Takes this port, or a free one, for a redirect URI of this host.
pub async fn take(host: &str, port: Option<u16>) -> Result<(u16, Vec<TcpListener>)> {
    let addresses = addresses(host);
    let mut outcome = bind(&addresses, port.unwrap_or(0)).await;
    for _ in 1..TRIES {
        match &outcome {
            Ok(bound) if bound.taken && port.is_none() => outcome = bind(&addresses, 0).await,
            _ => break,
        }
    }
    let bound = outcome.map_err(|error| {
        let shown = port.map_or_else(|| "any port".to_owned(), |port| format!("port {port}"));
        let hint = "End the program that uses it, choose another one with --port, or use --paste";
        Failure::new(format!("can't listen on {shown}: {error}"), hint)
    })?;
    if bound.taken {
        tracing::warn!(port = bound.port, host, "another program listens on this port at another address of the same name");
    }
    Ok((bound.port, bound.listeners))
}

fn addresses(host: &str) -> Vec<IpAddr> {
    match host.trim_matches(['[', ']']).parse() {
        Ok(address) => vec![address],
        Err(_) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
    }
}

struct Bound {
    port: u16,
    listeners: Vec<TcpListener>,
    /// Whether somebody else has the port at one of the addresses.
    taken: bool,
}

/// At each address, if it can be; an error if it can be at none.
async fn bind(addresses: &[IpAddr], mut port: u16) -> std::result::Result<Bound, Error> {
    let (mut listeners, mut taken, mut failed) = (vec![], false, None);
    for address in addresses {
        match TcpListener::bind((*address, port)).await {
            Ok(listener) => {
                port = listener.local_addr()?.port();
                listeners.push(listener);
            }
            Err(error) => {
                taken |= error.kind() == ErrorKind::AddrInUse;
                failed = failed.or(Some(error));
            }
        }
    }
    match failed {
        Some(error) if listeners.is_empty() => Err(error),
        _ => Ok(Bound { port, listeners, taken }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    async fn at(address: &str) -> (u16, TcpListener) {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        (listener.local_addr().unwrap().port(), listener)
    }

    #[tokio::test]
    async fn localhost_is_both_addresses_where_the_machine_has_both() {
        let has_ipv6 = TcpListener::bind("[::1]:0").await.is_ok();
        let (port, listeners) = take("localhost", None).await.unwrap();
        let addresses: Vec<_> = listeners.iter().map(|listener| listener.local_addr().unwrap().to_string()).collect();
        let expected = [format!("127.0.0.1:{port}"), format!("[::1]:{port}")];
        assert_eq!(addresses, expected[..if has_ipv6 { 2 } else { 1 }]);
    }

    #[tokio::test]
    async fn an_address_is_that_one_alone() {
        for host in ["127.0.0.1", "127.0.0.2"] {
            let (port, listeners) = take(host, None).await.unwrap();
            assert_eq!((listeners.len(), listeners.first().unwrap().local_addr().unwrap().to_string()), (1, format!("{host}:{port}")));
        }
    }

    #[tokio::test]
    async fn a_port_that_somebody_has_at_every_address_is_refused_with_its_number() {
        let (port, _held) = at("127.0.0.1").await;
        let failure = take("127.0.0.1", Some(port)).await.unwrap_err();
        assert!(failure.what.contains(&format!("port {port}")) && failure.hint.unwrap().contains("--port"));
    }

    #[tokio::test]
    async fn a_given_port_that_somebody_has_at_one_address_is_taken_at_the_other() {
        let (port, _held) = at("127.0.0.1").await;
        // Without IPv6 there is no other.
        let Ok(probe) = TcpListener::bind(("::1", port)).await else { return };
        drop(probe);
        let (given, listeners) = take("localhost", Some(port)).await.unwrap();
        assert_eq!((given, listeners.len()), (port, 1));
    }
}
