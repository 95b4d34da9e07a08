//! A service that answers with a redirect: nobody follows it, wherever it leads.

use jeton_hostile::component;
use jeton_runtime::Error;

use crate::server::{ELSEWHERE, HOST, LISTED, Server, Trap, certificate, mapping};
use crate::{networked, refresh, under};

/// Whoever follows a redirect sends a secret to where the answer says, which isn't where the manifest says. The component sees the status,
/// and not where it would lead: that address may hold a secret.
#[tokio::test]
pub(crate) async fn follows_redirects() {
    let (listed, elsewhere) = (Trap::new(), Trap::new());
    let endpoints = format!(
        "[endpoints.token]\nurl = \"https://{HOST}/token\"\naccepts = [\"refresh-token\"]\nheaders = [\"content-location\", \"refresh\"]\n\
         [endpoints.listed]\nurl = \"https://{LISTED}/token\"\naccepts = [\"refresh-token\"]\n"
    );
    let file = under(&endpoints, component!("network", "follows_redirects"));
    let server = Server::answering("").await;
    let mappings = [(HOST, server.address), (LISTED, listed.address()), (ELSEWHERE, elsewhere.address())];
    let mappings = mappings.map(|(host, address)| mapping(host, address));
    let provider = networked().resolve(mappings).trust(certificate()).build().unwrap().load(file).await.unwrap();
    for location in [
        format!("https://{ELSEWHERE}/token"),
        format!("//{ELSEWHERE}/token"),
        format!("https://{LISTED}/token"),
        format!("https://user:password@{LISTED}/token"),
        format!("http://{}/token", elsewhere.address()),
        "/elsewhere".to_owned(),
        "token".to_owned(),
    ] {
        for status in [300, 301, 302, 303, 304, 305, 307, 308] {
            server.answer(format!("HTTP/1.1 {status} Over There\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"));
            let error = refresh(&provider, &[]).await;
            let Error::Service(told) = error else { panic!("{status} to {location}: {error:?}") };
            assert_eq!(told.description, Some(format!("status {status}, to []")), "{location}");
            let read = server.read();
            let [request] = read.as_slice() else { panic!("{status} to {location}: {read:#?}") };
            assert!(request.starts_with("POST /token HTTP/1.1\r\n") && request.ends_with("refresh_token=refresh+token%261"), "{request}");
            listed.assert_untouched(&format!("{status} to {location}"));
            elsewhere.assert_untouched(&format!("{status} to {location}"));
        }
    }
}
