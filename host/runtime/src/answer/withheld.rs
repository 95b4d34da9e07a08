//! What a component asked for and wasn't shown although it is there, and the line of the manifest that would show it: for the trace.
//!
//! The component itself hears "nothing there", so that it learns nothing from the difference.

use serde_json::Value;

use super::{HEADERS, Response};
use crate::Denial;
use crate::manifest::{self, Endpoint, REVEALED, is_name, points_at_a_secret};
use crate::scrub::{obeyed, presentable};

impl Response {
    /// The endpoint that answered.
    pub(crate) fn endpoint(&self) -> &str {
        &self.name
    }

    /// Why [`Response::text`] shows nothing.
    pub(crate) fn withheld_text(&self, pointer: &str) -> Option<Denial> {
        self.document.text(pointer)?;
        if points_at_a_secret(pointer) && self.secret(pointer).is_none() && !REVEALED.contains(&pointer) {
            let what = format!("reading `{}` of the answer of `{}`", presentable(pointer, 80), self.name);
            return Some(Denial::new(what, "it is a secret, by its name", "Capture it; response.secret then gives a handle for it"));
        }
        let revealed = self.revealed.as_ref()?;
        if manifest::revealed(revealed, pointer) {
            return None;
        }
        let what = format!("reading `{}` of the answer of `{}`", presentable(pointer, 80), self.name);
        if self.secret(pointer).is_some() {
            return Some(Denial::new(what, "it is captured, as a secret", "response.secret gives a handle for it"));
        }
        let rule = "an answer with captures shows what the manifest reveals, and nothing else";
        Some(self.unless(what, rule, "reveals", revealed, pointer))
    }

    /// Why [`Response::secret`] gives no handle.
    pub(crate) fn withheld_secret(&self, endpoint: &Endpoint, pointer: &str) -> Option<Denial> {
        self.document.text(pointer).filter(|text| !text.is_empty())?;
        if self.secret(pointer).is_some() {
            return None;
        }
        let what = format!("a handle for `{}` of the answer of `{}`", presentable(pointer, 80), self.name);
        let kind = pointer.rsplit('/').next().unwrap_or_default().replace('_', "-");
        let rule = "the manifest doesn't capture it";
        let captures = || endpoint.captures.iter().flatten();
        if !is_name(&kind) || !writable(pointer) || captures().any(|(known, _)| *known == kind) || REVEALED.contains(&pointer) {
            return Some(Denial::new(what, rule, "[endpoints.NAME] captures = { KIND = \"/pointer\" } would allow it"));
        }
        let all = captures().map(|(kind, at)| (kind.as_str(), at.as_str())).chain([(kind.as_str(), pointer)]);
        let all: Vec<_> = all.map(|(kind, at)| format!("{kind} = {}", Value::from(at))).collect();
        Some(Denial::unless(what, rule, &format!("endpoints.{}", self.name), &format!("captures = {{ {} }}", all.join(", "))))
    }

    /// Why [`Response::header`] shows nothing.
    pub(crate) fn withheld_header(&self, name: &str) -> Option<Denial> {
        let name = name.to_ascii_lowercase();
        self.headers.get(&name)?;
        if HEADERS.contains(&name.as_str()) || self.revealed_headers.contains(&name) {
            return None;
        }
        let what = format!("reading the header `{}` of the answer of `{}`", presentable(&name, 40), self.name);
        if name == "set-cookie" || name == "location" {
            return Some(Denial::new(what, "no provider is shown it", "A provider has no cookies, and follows no redirects"));
        }
        Some(self.unless(what, "it is none of those that the manifest names", "headers", &self.revealed_headers, &name))
    }

    fn unless(&self, what: String, rule: &str, key: &str, known: &[String], another: &str) -> Denial {
        let all = known.iter().map(String::as_str).chain([another]).map(|text| Value::from(text).to_string()).collect::<Vec<_>>();
        let denial = Denial::unless(what, rule, &format!("endpoints.{}", self.name), &format!("{key} = [{}]", all.join(", ")));
        let allow = denial.allow.filter(|_| writable(another));
        let hint = presentable(&denial.hint, 400);
        Denial { allow, hint, ..denial }
    }
}

/// Whether a component's text may stand in a line that a person is told to write: JSON escapes not all that a terminal obeys.
fn writable(text: &str) -> bool {
    text.len() <= 200 && !text.chars().any(obeyed)
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::transport::Incoming;
    use crate::{Allow, Manifest};

    const ACME: &str = r#"
id = "acme"
name = "Acme"
version = "1.0.0"
contract = "0.1"
summary = "Anvils"
grants = ["authorization-code"]

[endpoints.token]
url = "https://acme.com/token"
captures = { access-token = "/access_token" }
reveals = ["/team/id"]
"#;

    /// An answer, and the endpoint that gave it.
    fn answer(manifest: &str) -> (Response, Endpoint) {
        let manifest = Manifest::parse(manifest).unwrap();
        let endpoint = manifest.endpoints.get("token").unwrap().clone();
        let headers = [("x-own", "1"), ("set-cookie", "a=b"), ("location", "/")];
        let headers = headers.into_iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect();
        let body = r#"{"access_token":"secret-1","session_key":"secret-2","restricted_to":"all","team":{"id":"7"},"expires_in":1}"#;
        let incoming = Incoming { status: 200, headers, body: Zeroizing::new(body.as_bytes().to_vec()) };
        (Response::new("token", &endpoint, incoming, &mut vec![]), endpoint)
    }

    /// Puts the line that a denial names into the manifest.
    fn heed(denial: &Denial) -> (Response, Endpoint) {
        let Some(Allow::Manifest(lines)) = &denial.allow else { panic!("{denial:?}") };
        let (table, line) = lines.trim_end().split_once('\n').unwrap();
        assert_eq!(table, "[endpoints.token]");
        let key = line.split(' ').next().unwrap();
        let kept: String = ACME.lines().filter(|old| !old.starts_with(key)).map(|old| format!("{old}\n")).collect();
        answer(&format!("{kept}{line}\n"))
    }

    fn text(pointer: &str) -> Option<Denial> {
        answer(ACME).0.withheld_text(pointer)
    }

    fn secret(pointer: &str) -> Option<Denial> {
        let (answer, endpoint) = answer(ACME);
        answer.withheld_secret(&endpoint, pointer)
    }

    fn header(name: &str) -> Option<Denial> {
        answer(ACME).0.withheld_header(name)
    }

    #[test]
    fn a_text_that_is_withheld_names_the_line_that_reveals_it() {
        let denial = text("/restricted_to").unwrap();
        assert_eq!(denial.hint, "reveals = [\"/team/id\", \"/restricted_to\"] in [endpoints.token] would allow it");
        let (heeded, _) = heed(&denial);
        assert_eq!((heeded.text("/restricted_to", &[]).as_deref(), heeded.text("/team/id", &[]).as_deref()), (Some("all"), Some("7")));
        assert!(heeded.withheld_text("/restricted_to").is_none());
        for there in ["/expires_in", "/team/id", "/nothing"] {
            assert!(text(there).is_none(), "{there}");
        }
    }

    #[test]
    fn a_captured_value_is_never_revealed_by_a_line() {
        let denial = text("/access_token").unwrap();
        assert!(denial.allow.is_none() && denial.hint.contains("response.secret"), "{denial:?}");
        assert!(!format!("{denial:?}").contains("secret-1"));
    }

    #[test]
    fn a_secret_that_is_not_captured_names_the_line_that_captures_it() {
        let denial = secret("/session_key").unwrap();
        assert!(denial.hint.contains("captures = { access-token = \"/access_token\", session-key = \"/session_key\" }"), "{denial:?}");
        let (heeded, endpoint) = heed(&denial);
        assert_eq!(heeded.secret("/session_key").unwrap().reveal(), b"secret-2");
        assert!(heeded.secret("/access_token").is_some() && heeded.withheld_secret(&endpoint, "/session_key").is_none());
        assert!(secret("/nothing").is_none());
        assert!(secret("/scope").is_none() && secret("/expires_in").unwrap().allow.is_none(), "what is revealed is no secret");
    }

    #[test]
    fn a_name_that_a_terminal_would_obey_is_put_into_no_line() {
        for odd in ["\u{7f}", "\u{9b}2J", "\u{202e}"] {
            let body = format!("{{\"a{odd}\":{{\"id\":\"x\"}}}}");
            let endpoint = answer(ACME).1;
            let incoming = Incoming { status: 200, headers: http::HeaderMap::new(), body: Zeroizing::new(body.into_bytes()) };
            let response = Response::new("token", &endpoint, incoming, &mut vec![]);
            let pointer = format!("/a{odd}/id");
            for denial in [response.withheld_secret(&endpoint, &pointer).unwrap(), response.withheld_text(&pointer).unwrap()] {
                assert!(denial.allow.is_none() && !format!("{denial} {}", denial.hint).chars().any(obeyed), "{denial:?}");
            }
        }
    }

    #[test]
    fn a_header_that_is_withheld_names_the_line_that_shows_it() {
        let (heeded, _) = heed(&header("X-Own").unwrap());
        assert_eq!(heeded.header("x-own", &[]).as_deref(), Some("1"));
        assert!(heeded.withheld_header("x-own").is_none() && header("x-other").is_none());
        for name in ["set-cookie", "Location"] {
            assert!(header(name).unwrap().allow.is_none());
        }
    }
}
