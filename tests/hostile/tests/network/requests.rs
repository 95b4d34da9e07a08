//! What a component may ask for: endpoints of the manifest, and plain paths below them.

use jeton_hostile::{Service, component, provider};

use crate::{denied, refresh};

/// Neither a name that isn't there, nor a URL in place of a name: a component names endpoints, and the host alone makes URLs of them.
#[tokio::test]
pub(crate) async fn asks_an_endpoint_of_its_own() {
    let service = Service::silent();
    let provider = provider(&service, component!("network", "asks_an_endpoint_of_its_own")).await;
    for name in [
        "admin",
        "",
        "Token",
        "token ",
        " token",
        "token\0",
        "token/../api",
        "endpoints.token",
        "https://evil.example/",
        "http://hostile.example/token",
        "https://hostile.example/token",
        "https://hostile.example:8443/token",
        "https://hostile.example@evil.example/token",
        "//evil.example/",
        "file:///etc/passwd",
        "token\u{1b}[2J\u{1b}[1;1H",
        &"x".repeat(100_000),
    ] {
        let denial = denied(refresh(&provider, &[("endpoint", name)]).await);
        assert_eq!(denial.rule, "the manifest has no such endpoint", "{name:?}");
        assert!(denial.what.starts_with("a request to `"), "{denial}");
    }
    let denial = denied(refresh(&provider, &[("endpoint", "authorize")]).await);
    assert_eq!(denial.to_string(), "a request to `authorize`: it is a page for a browser");
    assert!(service.sent().is_empty());
}

/// Traversal, encoded separators, other hosts, queries and whatever else servers read in more than one way.
#[tokio::test]
pub(crate) async fn climbs_out_of_its_path() {
    let service = Service::always(200, &[], "{}");
    let provider = provider(&service, component!("network", "climbs_out_of_its_path")).await;
    for path in [
        "..",
        "../token",
        "a/../../token",
        "a/..",
        "./a",
        "/token",
        "//evil.example/",
        "https://evil.example/",
        "%2e%2e/token",
        ".%2E/token",
        "a%2f..%2ftoken",
        "a%5c..%5ctoken",
        "a%252fb",
        "..\\token",
        "a\\b",
        "..;/token",
        "a;b=c/d",
        "a//b",
        "a?access_token=1",
        "a#b",
        "a\r\nhost: evil.example",
        "a b",
        "a\tb",
        "a\0",
        "\u{ff0e}\u{ff0e}/token",
        "\u{2215}token",
        "a\u{202e}b",
        "",
        "/",
        ".",
        &"a/".repeat(1000),
    ] {
        let denial = denied(refresh(&provider, &[("path", path)]).await);
        assert_eq!(denial.rule, "it must be plain segments with `/` between them", "{path:?}");
    }
    let denial = denied(refresh(&provider, &[("endpoint", "token"), ("path", "revoke")]).await);
    assert_eq!(denial.to_string(), "the path `revoke` below `token`: its URL doesn't end in `/`");
    assert!(service.sent().is_empty(), "{:?}", service.sent());
    // Below a whole URL an `@` makes no user-info, and a `:` no port.
    for path in ["users/me", "@evil.example/", "a:443/b"] {
        assert_eq!(refresh(&provider, &[("path", path)]).await.to_string(), "the service refused: status 200");
        assert_eq!(service.sent().pop().unwrap().line, format!("GET https://hostile.example/api/{path}"));
    }
}
