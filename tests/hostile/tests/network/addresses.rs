//! Addresses that are written out: in a setting, and in the manifest itself.

use std::net::IpAddr;

use jeton_hostile::{client, component};
use jeton_runtime::{Client, Error, Manifest};

use crate::server::Trap;
use crate::{denied, manifest, networked, refresh, telling, under};

const INSIDE: &str = "providers reach neither this machine nor the networks around it";

/// In a setting: this machine, in the spellings that C libraries, browsers and the URL standard read.
#[tokio::test]
pub(crate) async fn spells_an_address_out() {
    let trap = Trap::new();
    let port = trap.port();
    let literals =
        ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]"];
    let mut lines =
        format!("[settings.host]\nname = \"Host\"\npattern = \"(?s).*\"\n[endpoints.api]\nurl = \"https://{{host}}:{port}/\"\n");
    for (index, literal) in literals.iter().enumerate() {
        lines += &format!("[endpoints.literal{index}]\nurl = \"https://{literal}:{port}/\"\n");
    }
    let file = under(&lines, component!("network", "spells_an_address_out"));
    let provider = networked().build().unwrap().load(file).await.unwrap();
    let with = async |host: &str| {
        let client = Client { settings: [("host".to_owned(), host.to_owned())].into(), ..client() };
        let denial = denied(provider.refresh(&client, &telling(&[])).await.unwrap_err());
        trap.assert_untouched(host);
        denial
    };
    // As it is read: checked without a lookup.
    for host in ["127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "224.0.0.1"]
    {
        let denial = with(host).await;
        assert_eq!((denial.what, &*denial.rule), (format!("{host} is no public address"), INSIDE));
    }
    // Otherwise than it is read.
    for host in [
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7F.1",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.01",
        "127.0.0.0x1",
        "0",
        "0x",
        "00000000177.0.0.1",
        "2852039166",
    ] {
        let denial = with(host).await;
        assert!(denial.rule.starts_with(&format!("`https://{host}:{port}/` is read as `https://")), "{host}: {denial}");
    }
    // Almost.
    for host in ["1.2.3.4.5", "256.0.0.1", "127.0.0.256", "0xfffffffff", "4294967296", "127.0.0.09", "localhost.1"] {
        let denial = with(host).await;
        assert!(denial.rule.contains("is not a URL"), "{host}: {denial}");
    }
    // With what doesn't belong into a host's name.
    for host in [
        "[::1]",
        "::1",
        "127.0.0.1.",
        "localhost.",
        "127%2e0.0.1",
        "127\u{3002}0.0.1",
        "\u{2460}\u{2461}\u{2466}.0.0.1",
        "１２７.0.0.1",
        "a@127.0.0.1",
    ] {
        assert_eq!(with(host).await.rule, "the setting `host` can't stand in a URL", "{host}");
    }
    // By the names that every machine has for itself.
    let denial = with("localhost").await;
    assert_eq!((&*denial.what, &*denial.rule), ("localhost is no public address", INSIDE));
    // In the manifest.
    for (index, literal) in literals.iter().enumerate() {
        let (words, address) = (format!("literal{index}"), literal.trim_matches(['[', ']']).parse::<IpAddr>().unwrap());
        let words = [("endpoint", &*words)];
        let client = Client { settings: [("host".to_owned(), "unused.example".to_owned())].into(), ..client() };
        let denial = denied(provider.refresh(&client, &telling(&words)).await.unwrap_err());
        assert_eq!((denial.what, &*denial.rule), (format!("{address} is no public address"), INSIDE));
        trap.assert_untouched(literal);
    }
    // A setting that isn't given leads nowhere either.
    assert!(matches!(refresh(&provider, &[]).await, Error::Unfit { .. }));
}

/// A reviewer reads a manifest's addresses as they are written, so they are written as they are read.
#[test]
fn an_address_in_a_manifest_is_written_as_it_is_read() {
    for host in [
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "127\u{3002}0\u{3002}0\u{3002}1",
        "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
        "\u{2460}\u{2461}\u{2466}.0.0.1",
        "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:0:0:1]",
        "[0000::0001]",
        "[::127.0.0.1]",
        "[fe80::1%25eth0]",
        "[::1",
        "l\u{ad}ocalhost",
        "LOCALHOST",
        "localh\u{f6}st.example",
        "user@127.0.0.1",
        "acme.com\\@127.0.0.1",
        "acme.com:443",
        "acme.com:80:80",
    ] {
        let problems = Manifest::parse(&manifest(&format!("[endpoints.api]\nurl = 'https://{host}/'\n"))).unwrap_err().0;
        assert!(
            problems.iter().all(|problem| problem.what.contains("https://") || problem.what.contains("can't be seen")),
            "{host}: {problems:?}"
        );
    }
}
