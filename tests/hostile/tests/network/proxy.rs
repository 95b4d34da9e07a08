//! A proxy that the environment names sees nothing: whoever can set a variable doesn't thereby read which service is asked.

use std::process::Command;

use jeton_hostile::component;

use crate::server::{HOST, Server, Trap, certificate, mapping};
use crate::{networked, refresh};

#[tokio::test]
async fn a_request_goes_to_the_service_itself() {
    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    let runtime = networked().resolve([mapping(HOST, server.address)]).trust(certificate()).build().unwrap();
    let provider = runtime.load(component!("network", "asks_an_endpoint_of_its_own")).await.unwrap();
    assert_eq!(refresh(&provider, &[]).await.to_string(), "the service refused: status 200");
    assert_eq!(server.read().len(), 1);
}

/// The test above, once more, in a process whose environment names a proxy.
#[test]
fn a_proxy_of_the_environment_is_not_asked() {
    let proxy = Trap::new();
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "proxy::a_request_goes_to_the_service_itself"]);
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        again.env(name, format!("http://{}", proxy.address()));
    }
    for name in ["NO_PROXY", "no_proxy"] {
        again.env_remove(name);
    }
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    proxy.assert_untouched("a request");
}
