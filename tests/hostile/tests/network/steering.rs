//! Headers that decide how a request is read, or whose it is: of requests to the service, and of those to its API.

use jeton_hostile::{Service, client, component, current, provider};
use jeton_runtime::Error;

use crate::{denied, refresh};

/// The host's own, in some of the spellings that servers take for the same.
const STEERING: &[&str] = &[
    "host",
    "HOST",
    "Host",
    "transfer-encoding",
    "Transfer-Encoding",
    "transfer_encoding",
    "content-length",
    "Content_Length",
    "content-type",
    "content-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "http2-settings",
    "te",
    "trailer",
    "expect",
    "cookie",
    "Cookie",
    "cookie2",
    "proxy-authorization",
    "Proxy-Authorization",
    "proxy_authorization",
    "proxy-connection",
    "proxy-anything",
    "x-forwarded-host",
    "X_Forwarded_For",
    "forwarded",
    "via",
    "sec-fetch-site",
    "sec-websocket-key",
    "accept-encoding",
    "range",
    "X-Forwarded-Proto",
];

const NO_NAMES: &[&str] =
    &["", " ", "x y", "x:y", ":authority", ":path", "x\r\nhost", "x\nhost: evil.example\r\n", "host ", " host", "host\0", "hö"];

#[tokio::test]
pub(crate) async fn steers_the_connection() {
    let service = Service::always(200, &[], "{}");
    let provider = provider(&service, component!("network", "steers_the_connection")).await;
    for name in STEERING {
        let denial = denied(refresh(&provider, &[(&format!("header {name}"), "evil.example")]).await);
        assert_eq!(denial.rule, "it steers the connection, which is the host's", "{name}");
    }
    for name in NO_NAMES {
        let denial = denied(refresh(&provider, &[(&format!("header {name}"), "evil.example")]).await);
        assert_eq!(denial.rule, "that is no header's name", "{name:?}");
    }
    for value in ["a\r\nhost: evil.example", "a\n\nGET / HTTP/1.1", "a\rb", "\r\n", "a\0b", "a\u{7f}b", "a\u{1b}[2J"] {
        let denial = denied(refresh(&provider, &[("header x-own", value)]).await);
        assert_eq!(
            denial.to_string(),
            "what stands in the header `x-own`: a header holds no line breaks or control characters",
            "{value:?}"
        );
    }
    for (first, second) in [("accept", "accept"), ("Accept", "aCCEPT"), ("x-own", "X-Own")] {
        let twice = [(&*format!("header {first}"), "a"), (&*format!("header {second}"), "b")];
        let denial = denied(refresh(&provider, &twice).await);
        assert_eq!(denial.rule, "a header may stand there once", "{first} {second}");
    }
    assert!(service.sent().is_empty(), "{:?}", service.sent());
    assert_eq!(refresh(&provider, &[("header accept", "text/plain")]).await.to_string(), "the service refused: status 200");
    assert_eq!(service.only().headers["accept"], "text/plain");
}

/// The headers of an API request are sent by whoever asked for them: a command, a proxy, an embedder.
#[tokio::test]
pub(crate) async fn returns_headers_that_steer() {
    let provider = provider(&Service::silent(), component!("network", "returns_headers_that_steer")).await;
    let returned = async |headers: &[(&str, &str)]| {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let outcome = provider.authenticate(&client(), &current(), &headers).await;
        outcome.map_err(|error| match error {
            Error::Provider { what, .. } => what,
            other => panic!("{other:?}"),
        })
    };
    for name in STEERING {
        let expected = format!("returned the header `{name}`, which steers the connection");
        assert_eq!(returned(&[(*name, "x")]).await.unwrap_err(), expected);
    }
    for name in NO_NAMES {
        assert_eq!(returned(&[(*name, "x")]).await.unwrap_err(), "returned a header that can't be sent", "{name:?}");
    }
    for value in ["a\r\nhost: evil.example", "a\0", "TOKEN Bearer\r\nhost: evil.example\r\nx:"] {
        assert_eq!(returned(&[("authorization", value)]).await.unwrap_err(), "returned a header that can't be sent", "{value:?}");
    }
    let twice = [("authorization", "TOKEN Bearer"), ("Authorization", "TOKEN Basic")];
    assert_eq!(returned(&twice).await.unwrap_err(), "returned two headers `Authorization`");
    let fine = returned(&[("authorization", "TOKEN Bearer"), ("x-own", "1")]).await.unwrap();
    assert_eq!(fine.len(), 2);
    assert_eq!(fine[0].value.reveal(), format!("Bearer {}", jeton_hostile::ACCESS).as_bytes());
}
