//! Which redirect URIs Google takes (`providers.md` 3.3).

use std::net::IpAddr;

use super::client::{Client, ClientKind};
use crate::uri::Parts;

/// Whether a sign-in may return to `asked`. A web client's URIs are compared letter by letter, the port included; a desktop client may
/// name any port and path of loopback.
pub(super) fn fits(client: &Client, asked: &str) -> bool {
    match client.kind {
        ClientKind::Web => client.redirect_uris.iter().any(|uri| uri == asked),
        ClientKind::Desktop => is_loopback(asked),
        ClientKind::Mobile => !is_loopback(asked) && client.redirect_uris.iter().any(|uri| uri == asked),
        ClientKind::LimitedInput => false,
    }
}

fn is_loopback(uri: &str) -> bool {
    let named = |parts: &Parts| matches!(parts.host, "localhost" | "127.0.0.1" | "[::1]");
    !uri.contains('#') && Parts::of(uri).is_some_and(|parts| parts.scheme == "http" && named(&parts))
}

/// Whether the console takes this URI for a web client.
pub(super) fn is_registrable(uri: &str) -> bool {
    let Some(parts) = Parts::of(uri) else { return false };
    let is_ip = parts.host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let scheme = parts.scheme == "https" || (parts.scheme == "http" && parts.is_loopback());
    let host = parts.is_loopback() || (!is_ip && parts.host.contains('.') && !parts.host.ends_with("googleusercontent.com"));
    let rest = !parts.rest.contains(['#', '*', '\\']) && !parts.rest.split(['/', '?']).any(|segment| segment == "..");
    scheme && host && rest && !parts.host.contains('*') && url::Url::parse(uri).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desktop_client_has_all_of_loopback_and_a_web_client_only_what_is_registered() {
        let desktop = Client::new("d", "s").kind(ClientKind::Desktop);
        let web = Client::new("w", "s").redirect_uri("https://app.example/cb").redirect_uri("http://localhost:8080/cb");
        let mobile = Client::new("m", "").kind(ClientKind::Mobile).redirect_uri("com.example:/cb").redirect_uri("http://127.0.0.1/");
        for (uri, on_desktop, on_web, on_mobile) in [
            ("http://127.0.0.1:5000", true, false, false),
            ("http://127.0.0.1:5000/any", true, false, false),
            ("http://[::1]:5000/", true, false, false),
            ("http://localhost:5000/cb", true, false, false),
            ("http://localhost:8080/cb", true, true, false),
            ("http://127.0.0.1/", true, false, false),
            ("https://127.0.0.1:5000/", false, false, false),
            ("http://127.0.0.2:5000/", false, false, false),
            ("http://localhost:5000/#x", false, false, false),
            ("https://app.example/cb", false, true, false),
            ("https://app.example/cb/", false, false, false),
            ("https://app.example:443/cb", false, false, false),
            ("com.example:/cb", false, false, true),
            ("urn:ietf:wg:oauth:2.0:oob", false, false, false),
        ] {
            assert_eq!((fits(&desktop, uri), fits(&web, uri), fits(&mobile, uri)), (on_desktop, on_web, on_mobile), "{uri}");
        }
    }

    #[test]
    fn the_console_refuses_what_the_documents_refuse() {
        for taken in ["https://app.example/cb", "http://localhost/cb", "http://127.0.0.1:53682/", "https://app.example/cb?x=1"] {
            assert!(is_registrable(taken), "{taken}");
        }
        for refused in [
            "http://app.example/cb",
            "https://192.0.2.7/cb",
            "https://u@app.example/",
            "https://app.example/#x",
            "https://*.app.example/",
            "https://app.example/../x",
            "https://x.googleusercontent.com/",
            "https://intranet/cb",
        ] {
            assert!(!is_registrable(refused), "{refused}");
        }
    }
}
