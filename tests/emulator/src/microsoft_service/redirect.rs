//! Which redirect URIs Microsoft takes (`providers.md` 4.3).

use super::app::{App, Platform, RedirectUri};
use crate::uri::Parts;

/// Where a sign-in returns to, and on which platform. The port of loopback is free; path, query and the rest are not. A URI without a path
/// gets its slash.
pub(super) fn choose(app: &App, asked: &str) -> Option<(String, Platform)> {
    let with_slash = slashed(asked);
    app.redirect_uris
        .iter()
        .find(|registered| matches(&slashed(&registered.uri), &with_slash))
        .map(|found| (with_slash.clone(), found.platform))
}

fn matches(registered: &str, asked: &str) -> bool {
    if registered == asked {
        return true;
    }
    match (Parts::of(registered), Parts::of(asked)) {
        (Some(registered), Some(asked)) => is_local(&registered) && registered == asked,
        _ => false,
    }
}

fn is_local(parts: &Parts) -> bool {
    parts.scheme == "http" && matches!(parts.host, "localhost" | "127.0.0.1")
}

fn slashed(uri: &str) -> String {
    match Parts::of(uri) {
        Some(parts) if parts.rest.is_empty() => format!("{uri}/"),
        _ => uri.to_owned(),
    }
}

/// Whether the admin center takes this URI.
pub(super) fn is_registrable(redirect: &RedirectUri, personal_accounts: bool) -> bool {
    let uri = redirect.uri.as_str();
    let Some(parts) = Parts::of(uri) else { return false };
    let scheme = match (parts.scheme, parts.host) {
        ("https", host) => host != "[::1]",
        ("http", "localhost") => true,
        ("http", "127.0.0.1") => redirect.in_manifest,
        ("http", _) => false,
        // A scheme of its own, which only programs on devices have.
        _ => redirect.platform == Platform::Native,
    };
    let query = !(personal_accounts && uri.contains('?'));
    scheme && query && uri.len() <= 256 && !uri.contains(['!', '$', '\'', '(', ')', ',', ';', '#', '*'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_localhost_is_free_and_its_path_is_not() {
        let app = App::new("a")
            .redirect_uri(Platform::Native, "http://localhost")
            .redirect_uri(Platform::Web, "https://app.example/Cb")
            .manifest_redirect_uri(Platform::Native, "http://127.0.0.1/cb");
        for (asked, back) in [
            ("http://localhost", Some("http://localhost/")),
            ("http://localhost:5000", Some("http://localhost:5000/")),
            ("http://localhost:5000/", Some("http://localhost:5000/")),
            ("http://localhost:5000/cb", None),
            ("http://127.0.0.1:5000/cb", Some("http://127.0.0.1:5000/cb")),
            ("http://127.0.0.1:5000/", None),
            ("http://[::1]:5000/", None),
            ("https://app.example/Cb", Some("https://app.example/Cb")),
            ("https://app.example/cb", None),
            ("https://app.example:8443/Cb", None),
        ] {
            assert_eq!(choose(&app, asked).map(|(uri, _)| uri).as_deref(), back, "{asked}");
        }
    }

    #[test]
    fn the_admin_center_refuses_what_the_documents_refuse() {
        let taken = |uri: &str, in_manifest, personal| {
            is_registrable(&RedirectUri { uri: uri.to_owned(), platform: Platform::Web, in_manifest }, personal)
        };
        assert!(taken("https://app.example/cb", false, true) && taken("http://localhost:53682/", false, true));
        assert!(taken("http://127.0.0.1/", true, true) && !taken("http://127.0.0.1/", false, true));
        assert!(taken("https://app.example/?x=1", false, false) && !taken("https://app.example/?x=1", false, true));
        for refused in
            ["http://[::1]/", "https://[::1]/", "http://app.example/", "https://*.app.example/", "https://app.example/(x)", "app://x"]
        {
            assert!(!taken(refused, true, false), "{refused}");
        }
        assert!(!taken(&format!("https://app.example/{}", "x".repeat(250)), false, false));
    }
}
