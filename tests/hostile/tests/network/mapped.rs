//! Hosts that the operator mapped to an address inside: a service of their own, for which this is meant.

use jeton_hostile::component;
use jeton_runtime::{Allow, Error, Mapping};

use crate::server::{ELSEWHERE, HOST, Server, Trap, certificate, mapping};
use crate::{denied, networked, refresh, under};

/// `--resolve hostile.example:443:127.0.0.1` opens one port of this machine, not all of them.
#[tokio::test]
pub(crate) async fn takes_another_port_of_a_mapped_host() {
    let (trap, server) = (Trap::new(), Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await);
    let (closed, open) = (trap.port(), server.address.port());
    let lines = format!(
        "[endpoints.trap]\nurl = \"https://{HOST}:{closed}/\"\n[endpoints.open]\nurl = \"https://{HOST}:{open}/\"\n\
         [endpoints.elsewhere]\nurl = \"https://{ELSEWHERE}/\"\n"
    );
    let file = under(&lines, component!("network", "takes_another_port_of_a_mapped_host"));
    // The one on its https port, the other on another one alone.
    let mappings = [mapping(HOST, server.address), Mapping { host: ELSEWHERE.to_owned(), port: 8443, to: trap.address() }];
    let mapped =
        |more: Option<Mapping>| networked().resolve(mappings.clone().into_iter().chain(more)).trust(certificate()).build().unwrap();

    let provider = mapped(None).load(file.clone()).await.unwrap();
    for (endpoint, host, port) in [("trap", HOST, closed), ("open", HOST, open), ("elsewhere", ELSEWHERE, 443)] {
        let denial = denied(refresh(&provider, &[("endpoint", endpoint)]).await);
        assert_eq!(denial.what, format!("{host} is mapped, and port {port} of it isn't"));
        assert_eq!(denial.rule, "providers reach of a mapped host what the operator mapped");
        assert_eq!(denial.allow, Some(Allow::Option(format!("--resolve {host}:{port}:127.0.0.1"))));
        trap.assert_untouched(endpoint);
    }
    assert!(server.read().is_empty());

    // What the denial names opens that port, and no other.
    let more = format!("{HOST}:{open}:127.0.0.1").parse().unwrap();
    let provider = mapped(Some(more)).load(file.clone()).await.unwrap();
    assert_eq!(refresh(&provider, &[("endpoint", "open")]).await.to_string(), "the service refused: status 200");
    assert_eq!(server.read().len(), 1);
    denied(refresh(&provider, &[("endpoint", "trap")]).await);
    trap.assert_untouched("a mapping of another port");

    // One name has one address, so that another one for a further port isn't silently left out.
    let more = Mapping { host: HOST.to_owned(), port: closed, to: ([127, 0, 0, 2], closed).into() };
    let error = refresh(&mapped(Some(more)).load(file).await.unwrap(), &[("endpoint", "trap")]).await;
    assert!(matches!(&error, Error::Unreachable(what) if what.ends_with("at one address for all of its ports")), "{error:?}");
    trap.assert_untouched("a mapping to another address");
}
