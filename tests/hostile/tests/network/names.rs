//! Names, and the addresses that they lead to. A test plays the resolver; nothing that it answers is ever connected to.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jeton_hostile::{client, component};
use jeton_runtime::{Allow, Client, Error, Limits, Lookup};

use crate::server::Trap;
use crate::{denied, networked, refresh, telling, under};

/// An address that is public by every rule, and that nobody has: of the space that the 6bone gave back (RFC 5156, 2.9).
const NOBODY: &str = "3ffe:ffff::1";

/// Answers from a list, each once; the last one again and again. Or by the name, where that spells an address out.
struct Played {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Played {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers.iter().map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect());
        Arc::new(Self { answers: Mutex::new(answers.collect()), asked: Mutex::default() })
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Lookup for Played {
    fn lookup<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answer = match answers.len() {
            0 => spelled(name),
            1 => answers[0].clone(),
            _ => answers.pop_front().unwrap(),
        };
        Box::pin(async move { Ok(answer) })
    }
}

/// `4-127-0-0-1.inside.example`, `6-fe80--1.inside.example`.
fn spelled(name: &str) -> Vec<IpAddr> {
    let label = name.split('.').next().unwrap();
    let (family, address) = label.split_once('-').unwrap();
    vec![address.replace('-', if family == "4" { "." } else { ":" }).parse().unwrap()]
}

#[tokio::test]
pub(crate) async fn leads_inside() {
    let (trap, names) = (Trap::new(), Played::new(&[]));
    let lines = format!(
        "[settings.host]\nname = \"Host\"\npattern = \".*\"\n[endpoints.api]\nurl = \"https://{{host}}.inside.example:{}/\"\n",
        trap.port()
    );
    let runtime = networked().lookup(names.clone()).build().unwrap();
    let provider = runtime.load(under(&lines, component!("network", "leads_inside"))).await.unwrap();
    let addresses = [
        ("this machine", &["127.0.0.1", "127.1.2.3", "127.255.255.255", "0.0.0.0", "0.1.2.3", "::1", "::"][..]),
        ("private", &["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1", "fec0::1"]),
        ("link-local and metadata", &["169.254.169.254", "169.254.0.1", "169.254.170.2", "fe80::1", "febf::1", "fd00:ec2::254"]),
        ("metadata of clouds that put it elsewhere", &["100.100.100.200", "192.0.0.192"]),
        ("carrier-grade NAT", &["100.64.0.1", "100.127.255.255"]),
        (
            "IPv4-mapped and IPv4-compatible",
            &["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::10.0.0.1"],
        ),
        ("NAT64", &["64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "64:ff9b:1::808:808"]),
        ("6to4 and Teredo", &["2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:c0a8:101::1", "2001:0:7f00:1::1"]),
        ("reserved", &["192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "240.0.0.1", "255.255.255.255", "192.88.99.1"]),
        ("reserved", &["2001:db8::1", "3fff::1", "100::1", "5f00::1", "4000::1"]),
        ("multicast", &["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"]),
    ];
    for (what, addresses) in addresses {
        for address in addresses {
            let address: IpAddr = address.parse().unwrap();
            let host = match address {
                IpAddr::V4(v4) => format!("4-{}", v4.to_string().replace('.', "-")),
                IpAddr::V6(v6) => format!("6-{}", v6.segments().map(|part| format!("{part:x}")).join("-")),
            };
            let client = Client { settings: [("host".to_owned(), host.clone())].into(), ..client() };
            let denial = denied(provider.refresh(&client, &telling(&[])).await.unwrap_err());
            assert_eq!(denial.what, format!("{host}.inside.example is no public address"), "{what}: {address}");
            assert_eq!(denial.rule, "providers reach neither this machine nor the networks around it");
            trap.assert_untouched(&address.to_string());
        }
    }
    let asked = names.asked.lock().unwrap();
    assert!(asked.len() > 50 && asked.iter().all(|name| name.ends_with(".inside.example")), "{asked:?}");
}

#[tokio::test]
pub(crate) async fn changes_its_address() {
    let trap = Trap::new();
    let lines = format!("[endpoints.api]\nurl = \"https://rebinding.example:{}/\"\n", trap.port());
    let file = under(&lines, component!("network", "changes_its_address"));
    // Nobody answers there, and some networks don't say so.
    let limits = Limits { calls: 2, request: Duration::from_millis(300), ..Limits::default() };
    let builder = || networked().limits(limits.clone());
    let provider = async |names: &Arc<Played>| builder().lookup(names.clone()).build().unwrap().load(file.clone()).await.unwrap();

    // Public when it is checked, this machine's ever after. Whoever asks a second time, to connect, is led astray.
    let names = Played::new(&[&[NOBODY], &["127.0.0.1"]]);
    let rebinding = provider(&names).await;
    let error = refresh(&rebinding, &[]).await;
    assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
    trap.assert_untouched("the first request");
    assert_eq!(names.asked(), 1, "what was checked is what is connected to");
    // The next connection is checked anew.
    let denial = denied(refresh(&rebinding, &[]).await);
    assert_eq!(denial.what, "rebinding.example is no public address");
    assert_eq!(denial.allow, Some(Allow::Option(format!("--resolve rebinding.example:{}:127.0.0.1", trap.port()))));
    assert_eq!(names.asked(), 2);
    trap.assert_untouched("the second request");

    // Both at once, in either order: of an answer what is public is kept, and nothing else is tried when that leads nowhere.
    for answer in [["127.0.0.1", NOBODY], [NOBODY, "127.0.0.1"]] {
        let names = Played::new(&[&answer]);
        let error = refresh(&provider(&names).await, &[]).await;
        assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
        assert_eq!(names.asked(), 1);
        trap.assert_untouched(&answer.join(", "));
    }

    // No address at all.
    let error = refresh(&provider(&Played::new(&[&[]])).await, &[]).await;
    assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
}
