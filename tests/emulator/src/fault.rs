//! Trouble that can be ordered in advance: which, for which requests, how often.
//!
//! One layer (`front.rs`) applies faults to all services. How each looks on the wire is in `faulty.rs`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Deserializer};

use crate::lock::Lock;

/// Trouble in place of, or on the way of, an answer. In JSON the names are in kebab case: `"drop-before"`, `{"server-error": 503}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The service does what it was asked, then the connection closes without a byte of answer.
    DropAfterCommit,
    /// The connection closes before the service sees the request.
    DropBefore,
    /// 429 in the service's own shape, with `Retry-After`.
    RateLimited(RetryAfter),
    /// 503 in the service's own shape, with `Retry-After`.
    Unavailable(RetryAfter),
    /// This status in the service's own error shape; the service doesn't act.
    ServerError(u16),
    /// The service acts, and the answer comes after this long in real time. Milliseconds in JSON.
    Slow(#[serde(deserialize_with = "milliseconds")] Duration),
    /// The service acts, and the answer breaks off before its announced length.
    Truncated,
    /// A page of HTML with status 200, as a captive portal or a maintenance page sends it; the service doesn't act.
    Html,
    /// A valid JSON answer of about this many bytes with status 200 and no announced length; the service doesn't act.
    Huge(usize),
    /// The connection stays open and silent; the service doesn't act.
    NeverAnswers,
    /// A redirect elsewhere; the service doesn't act.
    RedirectTo {
        /// The `Location`.
        url: String,
        /// 307, say.
        status: u16,
    },
    /// Exactly this answer; the service doesn't act. The bytes are a string in JSON.
    Body {
        /// The status.
        status: u16,
        /// The `Content-Type`.
        content_type: String,
        /// The body.
        #[serde(deserialize_with = "text")]
        bytes: Bytes,
    },
}

/// The two forms of `Retry-After` (RFC 9110 section 10.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryAfter {
    /// In seconds.
    Seconds(u64),
    /// As the date that is this many seconds from the virtual now.
    HttpDate(u64),
}

impl Fault {
    /// The fault's name in the journal and in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::DropAfterCommit => "drop-after-commit",
            Self::DropBefore => "drop-before",
            Self::RateLimited(_) => "rate-limited",
            Self::Unavailable(_) => "unavailable",
            Self::ServerError(_) => "server-error",
            Self::Slow(_) => "slow",
            Self::Truncated => "truncated",
            Self::Html => "html",
            Self::Huge(_) => "huge",
            Self::NeverAnswers => "never-answers",
            Self::RedirectTo { .. } => "redirect-to",
            Self::Body { .. } => "body",
        }
    }
}

/// Which requests a fault strikes. What is left open fits anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matcher {
    host: Option<String>,
    path: Option<String>,
    method: Option<String>,
}

impl Matcher {
    /// Every request to any service.
    pub fn any() -> Self {
        Self::default()
    }

    /// Only this host name.
    #[must_use]
    pub fn host(self, host: &str) -> Self {
        Self { host: Some(host.to_ascii_lowercase()), ..self }
    }

    /// Only this path, in full and without a query.
    #[must_use]
    pub fn path(self, path: &str) -> Self {
        Self { path: Some(path.to_owned()), ..self }
    }

    /// Only this method, in upper case.
    #[must_use]
    pub fn method(self, method: &str) -> Self {
        Self { method: Some(method.to_owned()), ..self }
    }

    fn fits(&self, method: &str, host: &str, path: &str) -> bool {
        let fits = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        fits(&self.host, host) && fits(&self.path, path) && fits(&self.method, method)
    }
}

/// The faults that wait for their requests.
#[derive(Debug, Default)]
pub struct Faults {
    waiting: AtomicUsize,
    armed: Lock<Vec<Armed>>,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    matcher: Matcher,
    left: u32,
}

impl Faults {
    /// As `times`: until [`Faults::clear`].
    pub const FOREVER: u32 = u32::MAX;

    /// Lets `fault` strike the next `times` requests that fit. Of several that fit, the one injected first strikes.
    pub fn inject(&self, fault: Fault, matcher: Matcher, times: u32) {
        if times > 0 {
            let mut armed = self.armed.get();
            armed.push(Armed { fault, matcher, left: times });
            self.waiting.store(armed.len(), Ordering::Release);
        }
    }

    /// Calls off all faults.
    pub fn clear(&self) {
        self.armed.get().clear();
        self.waiting.store(0, Ordering::Release);
    }

    /// How many injected faults haven't struck as often as they should.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    pub(crate) fn strike(&self, method: &str, host: &str, path: &str) -> Option<Fault> {
        if self.waiting() == 0 {
            return None;
        }
        let mut armed = self.armed.get();
        let at = armed.iter().position(|armed| armed.matcher.fits(method, host, path))?;
        let struck = armed.get_mut(at)?;
        let fault = struck.fault.clone();
        if struck.left != Self::FOREVER {
            struck.left -= 1;
        }
        if struck.left == 0 {
            armed.remove(at);
            self.waiting.store(armed.len(), Ordering::Release);
        }
        Some(fault)
    }
}

fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    String::deserialize(deserializer).map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_ordered_and_only_where_it_fits() {
        let faults = Faults::default();
        faults.inject(Fault::Html, Matcher::any().host("API.box.com").path("/oauth2/token").method("POST"), 2);
        assert_eq!(faults.strike("POST", "api.box.com", "/oauth2/revoke"), None);
        assert_eq!(faults.strike("GET", "api.box.com", "/oauth2/token"), None);
        assert_eq!(faults.strike("POST", "app.box.com", "/oauth2/token"), None);
        assert_eq!(faults.strike("POST", "api.box.com", "/oauth2/token"), Some(Fault::Html));
        assert_eq!(faults.waiting(), 1);
        assert_eq!(faults.strike("POST", "api.box.com", "/oauth2/token"), Some(Fault::Html));
        assert_eq!(faults.strike("POST", "api.box.com", "/oauth2/token"), None);
        assert_eq!(faults.waiting(), 0);
    }

    #[test]
    fn forever_lasts_until_it_is_called_off() {
        let faults = Faults::default();
        faults.inject(Fault::Truncated, Matcher::any(), Faults::FOREVER);
        for _ in 0..3 {
            assert_eq!(faults.strike("GET", "h", "/"), Some(Fault::Truncated));
        }
        faults.clear();
        assert_eq!(faults.strike("GET", "h", "/"), None);
    }
}
