//! The client's certificate (RFC 8705), seen by a server that asks every connection for one.

use jeton_hostile::component;
use jeton_runtime::{Client, Error, Provider, Secret};
use rcgen::{CertificateParams, KeyPair};

use crate::server::{HOST, LISTED, Server, certificate, mapping};
use crate::{denied, networked, telling, under};

/// A client, and the certificate that it shows.
fn client() -> (Client, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let made = CertificateParams::new(vec!["client.example".to_owned()]).unwrap().self_signed(&key).unwrap();
    let secret = |kind: &str, text: String| (kind.to_owned(), Secret::new(kind, text));
    let secrets = [secret("certificate", made.pem()), secret("private-key", key.serialize_pem())].into();
    (Client { id: "app".to_owned(), secrets, ..Client::default() }, made.der().to_vec())
}

async fn refresh(provider: &Provider, client: &Client, words: &[(&str, &str)]) -> Error {
    provider.refresh(client, &telling(words)).await.unwrap_err()
}

/// Which connection a request goes by is the host's decision, by the endpoint's line: neither another endpoint of the same host, nor a path,
/// nor a header changes it, and what a component holds of the certificate and the key goes nowhere.
#[tokio::test]
pub(crate) async fn shows_the_certificate_elsewhere() {
    let endpoints = format!(
        "[secrets.certificate]\nname = \"Certificate\"\n[secrets.private-key]\nname = \"Key\"\n\
         [endpoints.shown]\nurl = \"https://{HOST}/shown\"\nclient-certificate = true\n\
         [endpoints.api]\nurl = \"https://{HOST}/\"\naccepts = [\"access-token\"]\n\
         [endpoints.listed]\nurl = \"https://{LISTED}/\"\n"
    );
    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    let mappings = [HOST, LISTED].map(|host| mapping(host, server.address));
    let runtime = networked().resolve(mappings).trust(certificate()).build().unwrap();
    let provider = runtime.load(under(&endpoints, component!("network", "shows_the_certificate_elsewhere"))).await.unwrap();
    let (first, its) = client();
    let (second, others) = client();
    // One after the other, so that each finds the connections of those before.
    for _ in 0..2 {
        for (client, words, shown) in [
            (&first, &[("endpoint", "shown")][..], Some(&its)),
            (&first, &[("endpoint", "api"), ("path", "shown")], None),
            (&second, &[("endpoint", "shown")], Some(&others)),
            (&first, &[("endpoint", "listed"), ("path", "shown")], None),
            (&first, &[("endpoint", "api"), ("path", "shown"), ("header client-certificate", "true"), ("header x-tls", "client")], None),
            (&first, &[("endpoint", "shown"), ("header connection-id", "7")], Some(&its)),
            (&second, &[("endpoint", "api"), ("path", "shown/"), ("query client-certificate", "true")], None),
        ] {
            assert_eq!(refresh(&provider, client, words).await.to_string(), "the service refused: status 200", "{words:?}");
            let seen = server.shown();
            assert!(seen.len() == 1 && seen[0].as_ref() == shown, "{words:?}: {seen:?}");
        }
    }
    server.read();
    for endpoint in ["shown", "api", "listed"] {
        for (kind, place) in [("certificate", "form"), ("certificate", "header"), ("private-key", "form"), ("private-key", "header")] {
            let denial = denied(refresh(&provider, &first, &[("endpoint", endpoint), ("secret", kind), ("place", place)]).await);
            assert_eq!(denial.rule, "the endpoint doesn't accept it", "{kind} to {endpoint}: {denial}");
        }
    }
    assert!(server.read().is_empty());
}

/// Half of it, or what can't be used, sends nothing, and the component can't make another error of that.
#[tokio::test]
async fn a_certificate_that_can_not_be_shown_stops_the_request() {
    let endpoints = format!(
        "[secrets.certificate]\nname = \"Certificate\"\n[secrets.private-key]\nname = \"Key\"\n\
         [endpoints.shown]\nurl = \"https://{HOST}/shown\"\nclient-certificate = true\n"
    );
    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    let runtime = networked().resolve([mapping(HOST, server.address)]).trust(certificate()).build().unwrap();
    let provider = runtime.load(under(&endpoints, component!("network", "shows_the_certificate_elsewhere"))).await.unwrap();
    let (first, _) = client();
    let (second, _) = client();
    let mut mixed = first.clone();
    mixed.secrets.insert("private-key".to_owned(), second.secrets["private-key"].clone());
    let mut half = first.clone();
    half.secrets.remove("private-key");
    for (client, says) in [(mixed, "the private key isn't the certificate's"), (half, "the client has a certificate and no private key")] {
        let error = refresh(&provider, &client, &[("endpoint", "shown")]).await;
        assert!(matches!(&error, Error::Certificate { what, .. } if what == says), "{error:?}");
    }
    assert!(server.read().is_empty());
}
