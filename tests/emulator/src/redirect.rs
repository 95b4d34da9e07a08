//! Which redirect URI a sign-in may return to (`providers.md` 1.3).
//!
//! The match is of strings, exactly. Where a service lets the port of a loopback address be free, its scheme, host, path and query are not.
//! Comparing parsed URLs would let spellings pass that the services refuse.

use crate::uri::Parts;

/// How a service compares redirect URIs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RedirectRule {
    /// Letter by letter, the port included.
    #[default]
    Exact,
    /// Letter by letter, but the port of a loopback address is free.
    LoopbackPort,
}

/// Why there is no redirect URI. Each renders an error page and never redirects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RedirectError {
    Missing,
    Mismatch,
}

impl RedirectError {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Missing => "redirect_uri_missing",
            Self::Mismatch => "redirect_uri_mismatch",
        }
    }

    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Missing => "The request names no redirect URI, and the app has not exactly one that could be meant.",
            Self::Mismatch => "The redirect URI of the request is none of those that are registered for the app.",
        }
    }
}

/// The URI to return to: the one that was asked for if it is registered, or the only one if none was asked for.
pub(crate) fn choose<'a>(registered: &'a [String], asked: Option<&'a str>, rule: RedirectRule) -> Result<&'a str, RedirectError> {
    match (asked, registered) {
        (Some(asked), _) if registered.iter().any(|uri| uri == asked) => Ok(asked),
        (Some(asked), _) if rule == RedirectRule::LoopbackPort && registered.iter().any(|uri| matches(uri, asked)) => Ok(asked),
        (Some(_), _) => Err(RedirectError::Mismatch),
        (None, [only]) => Ok(only),
        (None, _) => Err(RedirectError::Missing),
    }
}

fn matches(registered: &str, asked: &str) -> bool {
    if registered == asked {
        return true;
    }
    match (Parts::of(registered), Parts::of(asked)) {
        (Some(registered), Some(asked)) => registered.is_loopback() && registered == asked,
        _ => false,
    }
}

/// Whether the console takes this URI: https, or http on loopback.
pub(crate) fn is_registrable(uri: &str) -> bool {
    let Some(parts) = Parts::of(uri) else { return false };
    !uri.contains('#') && url::Url::parse(uri).is_ok() && (parts.scheme == "https" || (parts.scheme == "http" && parts.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_free_on_loopback_and_nothing_else_is_free_anywhere() {
        let rows = [
            ("https://app.example/cb", "https://app.example/cb", true),
            ("https://app.example/cb", "https://app.example/cb/", false),
            ("https://app.example/cb", "https://app.example:8443/cb", false),
            ("https://app.example/cb", "https://APP.example/cb", false),
            ("https://app.example/cb", "https://app.example/cb?x=1", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:53682/cb", true),
            ("http://127.0.0.1:53682/cb", "http://127.0.0.1/cb", true),
            ("http://127.0.0.1:53682/cb", "http://127.0.0.1:9/cb", true),
            ("http://localhost/cb?a=1", "http://localhost:9/cb?a=1", true),
            ("http://[::1]/cb", "http://[::1]:9/cb", true),
            ("http://localhost", "http://localhost:8080", true),
            ("http://localhost/cb?a=1", "http://localhost:9/cb?a=2", false),
            ("http://localhost/cb", "http://localhost:9/cb?", false),
            ("http://localhost/cb", "http://127.0.0.1:9/cb", false),
            ("http://localhost/cb", "https://localhost:9/cb", false),
            ("http://localhost/cb", "http://localhost:9/cb/..", false),
            ("http://localhost/cb", "http://localhost:99999/cb", false),
            ("http://localhost/cb", "http://localhost:9@evil.example/cb", false),
            ("http://localhost/cb", "http://localhost.evil.example:9/cb", false),
            ("http://localhost/cb", "http://localhost:9/cb#x", false),
        ];
        for (registered, asked, right) in rows {
            assert_eq!(choose(&[registered.to_owned()], Some(asked), RedirectRule::LoopbackPort).is_ok(), right, "{registered} {asked}");
        }
    }

    #[test]
    fn the_uri_may_be_left_out_only_if_exactly_one_is_registered() {
        let [one, two] = ["https://a.example/", "https://b.example/"].map(str::to_owned);
        assert_eq!(choose(std::slice::from_ref(&one), None, RedirectRule::Exact), Ok("https://a.example/"));
        assert_eq!(choose(&[one, two], None, RedirectRule::Exact), Err(RedirectError::Missing));
        assert_eq!(choose(&[], None, RedirectRule::Exact), Err(RedirectError::Missing));
        assert_eq!(choose(&[], Some("https://a.example/"), RedirectRule::Exact), Err(RedirectError::Mismatch));
    }

    #[test]
    fn the_console_takes_https_and_plain_http_on_loopback() {
        for taken in ["https://a.example/cb", "http://localhost/cb", "http://127.0.0.1:53682/", "http://[::1]/"] {
            assert!(is_registrable(taken), "{taken}");
        }
        for refused in ["http://a.example/cb", "app://cb", "a.example", "https://a.example/#x", "https://u@a.example/", "https://"] {
            assert!(!is_registrable(refused), "{refused}");
        }
    }
}
