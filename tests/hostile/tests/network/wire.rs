//! What is on the wire, read as bytes by a server behind TLS.

use jeton_hostile::component;

use crate::server::{HOST, Server, certificate, mapping};
use crate::{networked, refresh};

/// A service that answers `{}` and sets two cookies.
const SETS_COOKIES: &str = "HTTP/1.1 200 OK\r\nset-cookie: session=1; Path=/; Secure\r\nset-cookie: __Host-id=2; Path=/; Secure\r\n\
    set-cookie2: old=3\r\ncontent-length: 2\r\n\r\n{}";

/// Everything that a component may fill in is either refused or encoded, so that the server reads one request, and that request's own head.
#[tokio::test]
pub(crate) async fn smuggles_a_second_request() {
    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    let runtime = networked().resolve([mapping(HOST, server.address)]).trust(certificate()).build().unwrap();
    let provider = runtime.load(component!("network", "smuggles_a_second_request")).await.unwrap();
    let smuggled = " HTTP/1.1\r\nhost: hostile.example\r\ncontent-length: 0\r\n\r\nGET /api/secret HTTP/1.1\r\nhost: evil.example\r\n\r\n";
    let query = format!("query {smuggled}");
    let form = format!("form {smuggled}");
    let words = [(&*query, smuggled), (&*form, smuggled), ("form &x=1\r\n\r\n", "&y=2#\r\n"), ("query a&b=c#", "d&e=f#/../")];
    assert_eq!(refresh(&provider, &words).await.to_string(), "the service refused: status 200");
    let read = server.read();
    let [request] = read.as_slice() else { panic!("{read:#?}") };
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap();
    assert!(line.starts_with("POST /api/?") && line.ends_with(" HTTP/1.1") && line.split(' ').count() == 3, "{line}");
    assert!(line.contains("&a%26b%3Dc%23=d%26e%3Df%23%2F..%2F "), "{line}");
    let mut names: Vec<_> = lines.map(|line| line.split(':').next().unwrap().to_ascii_lowercase()).collect();
    names.sort();
    assert_eq!(names, ["accept", "content-length", "content-type", "host", "user-agent"]);
    assert!(head.to_ascii_lowercase().contains("\r\nhost: hostile.example\r\n"), "{head}");
    assert!(!body.contains(['\r', '\n', ' ']) && body.contains("%26x%3D1%0D%0A%0D%0A=%26y%3D2%23%0D%0A"), "{body}");
}

/// A client that kept cookies would mix the sessions of everybody whose connections it serves.
#[tokio::test]
pub(crate) async fn keeps_cookies() {
    let server = Server::answering(SETS_COOKIES).await;
    let runtime = networked().resolve([mapping(HOST, server.address)]).trust(certificate()).build().unwrap();
    let provider = runtime.load(component!("network", "keeps_cookies")).await.unwrap();
    for _ in 0..2 {
        assert_eq!(refresh(&provider, &[]).await.to_string(), "the service refused: read []");
    }
    let read = server.read();
    assert_eq!(read.len(), 4);
    for request in read {
        assert!(!request.to_ascii_lowercase().contains("cookie"), "{request}");
    }
}
