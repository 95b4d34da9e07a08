//! Which addresses a request may go to.
//!
//! The rule is about addresses, not names: a name is looked up, every answer that isn't a public address is dropped, and the connection is
//! made to what is left, so that an answer that changes later changes nothing. An operator's mapping (`--resolve HOST:PORT:ADDR`)
//! replaces the lookup for that host and port, and may point anywhere.
//!
//! | address | public |
//! |---|---|
//! | `127.0.0.0/8`, `::1`, `0.0.0.0/8`, `::` | no: this machine |
//! | `10/8`, `172.16/12`, `192.168/16`, `fc00::/7`, `fec0::/10` | no: private |
//! | `100.64/10` | no: carrier-grade NAT |
//! | `169.254/16`, `fe80::/10` | no: link-local, where clouds serve their metadata |
//! | `192.0.0/24`, `192.0.2/24`, `198.18/15`, `198.51.100/24`, `203.0.113/24`, `192.88.99/24`, `2001:db8::/32`, `3fff::/20`, `100::/64`, `2001::/23` | no: reserved |
//! | `224/4`, `240/4`, `ff00::/8` | no: multicast and beyond |
//! | `::ffff:0:0/96`, `::/96`, `64:ff9b::/96`, `64:ff9b:1::/48`, `2002::/16` | as the IPv4 address inside |

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// Whether an address is one that anybody on the internet may be meant by.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(matches!(a, 0 | 10 | 127 | 224..=255)
        || matches!((a, b), (100, 64..=127) | (169, 254) | (172, 16..=31) | (192, 168) | (198, 18..=19))
        || matches!((a, b, c), (192, 0, 0 | 2) | (192, 88, 99) | (198, 51, 100) | (203, 0, 113)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let inside = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inside(high, low),
        [0x2002, high, low, ..] => inside(high, low),
        // IPv4-compatible, unspecified and loopback; local NAT64, whose position of the IPv4 address the network chooses.
        [0, 0, 0, 0, 0, 0, ..] | [0x64, 0xff9b, 1, ..] => false,
        // Only 2000::/3 has been given out as global unicast.
        [0x2001, second, ..] => second >= 0x200 && second != 0xdb8,
        // Documentation (RFC 9637).
        [0x3fff, second, ..] => second >= 0x1000,
        [first, ..] => (first & 0xe000) == 0x2000,
    }
}

/// `HOST:PORT:ADDR`, as curl writes it. `ADDR` may have a port of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The host name, in lower case.
    pub host: String,
    /// The port in the URL.
    pub port: u16,
    /// Where requests go instead.
    pub to: SocketAddr,
}

impl FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("`{text}` is not HOST:PORT:ADDR (for example api.example.com:443:127.0.0.1:8443)");
        // An IPv6 address stands in brackets, as in a URL.
        let end = if text.starts_with('[') { text.find(']').unwrap_or_default() } else { 0 };
        let (start, rest) = text.split_at(end);
        let mut parts = rest.splitn(3, ':');
        let (Some(host), Some(port), Some(to)) = (parts.next(), parts.next(), parts.next()) else { return Err(refuse()) };
        let host = format!("{start}{host}");
        let port = port.parse().map_err(|_| refuse())?;
        let to = to
            .parse()
            .or_else(|_| to.trim_matches(['[', ']']).parse().map(|address: IpAddr| SocketAddr::new(address, port)))
            .map_err(|_| refuse())?;
        if host.is_empty() {
            return Err(refuse());
        }
        Ok(Self { host: host.to_ascii_lowercase(), port, to })
    }
}

/// Every mapping of the operator, by host. A host that is mapped on one port can't be reached on another.
#[derive(Clone, Debug, Default)]
pub struct Mappings(HashMap<String, HashMap<u16, SocketAddr>>);

impl Mappings {
    /// Collects them.
    pub fn new(mappings: impl IntoIterator<Item = Mapping>) -> Self {
        let mut all: HashMap<String, HashMap<u16, SocketAddr>> = HashMap::new();
        for Mapping { host, port, to } in mappings {
            all.entry(host).or_default().insert(port, to);
        }
        Self(all)
    }

    /// Where a host and port are mapped to.
    pub fn get(&self, host: &str, port: u16) -> Option<SocketAddr> {
        self.0.get(host).and_then(|ports| ports.get(&port)).copied()
    }

    /// Where a host is mapped to, on the port that is asked for most: https's, else any.
    pub(crate) fn of_host(&self, host: &str) -> Option<SocketAddr> {
        let ports = self.0.get(host)?;
        ports.get(&443).or_else(|| ports.values().next()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_global_addresses_are_public_in_every_spelling() {
        for text in
            ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::"]
        {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.19.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "3fff::1",
            "100::1",
            "4000::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_mapping_is_written_as_in_curl() {
        let read = |text: &str| text.parse::<Mapping>();
        assert_eq!(read("API.example.com:443:127.0.0.1:8443").unwrap().to, "127.0.0.1:8443".parse().unwrap());
        assert_eq!(read("api.example.com:443:10.0.0.1").unwrap().to, "10.0.0.1:443".parse().unwrap());
        assert_eq!(read("api.example.com:443:[::1]").unwrap().to, "[::1]:443".parse().unwrap());
        assert_eq!(read("api.example.com:443:::1").unwrap().to, "[::1]:443".parse().unwrap());
        assert_eq!(read("[FD00::1]:443:fd00::1").unwrap().host, "[fd00::1]");
        for text in ["", "a", "a:443", "a:x:127.0.0.1", ":443:127.0.0.1", "a:443:localhost", "[::1:443:127.0.0.1", "[::1]443:127.0.0.1"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
