//! What a component may read of an answer: parsed here, with the captured values taken out and the rest withheld or scrubbed.

mod withheld;

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use crate::Secret;
use crate::manifest::{Endpoint, REVEALED, points_at_a_secret, revealed};
use crate::scrub::{TELLING, echoes, obeyed, scrub};
use crate::transport::Incoming;

/// Response headers that any provider may read.
const HEADERS: [&str; 8] =
    ["content-type", "date", "dpop-nonce", "retry-after", "www-authenticate", "x-ratelimit-reset", "x-request-id", "request-id"];

/// A parsed answer.
pub struct Response {
    /// The endpoint's name.
    name: String,
    pub(crate) status: u16,
    headers: HeaderMap,
    document: Document,
    captured: Vec<(String, Secret)>,
    /// `None`: whatever is there may be read.
    revealed: Option<Vec<String>>,
    revealed_headers: Vec<String>,
}

/// A JSON document whose strings are overwritten when it goes.
struct Document(Value);

impl Drop for Document {
    fn drop(&mut self) {
        fn wipe(value: &mut Value) {
            match value {
                Value::String(text) => text.zeroize(),
                Value::Array(items) => items.iter_mut().for_each(wipe),
                Value::Object(fields) => fields.values_mut().for_each(wipe),
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
        wipe(&mut self.0);
    }
}

impl Document {
    /// JSON, else a form if it can be one. Everything else is empty.
    fn parse(headers: &HeaderMap, body: &[u8]) -> Self {
        if let Ok(value) = serde_json::from_slice(body) {
            return Self(value);
        }
        let content_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if content_type.starts_with("application/x-www-form-urlencoded") || content_type.starts_with("text/plain") {
            let fields = form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), Value::from(value)));
            return Self(Value::Object(fields.collect::<Map<_, _>>()));
        }
        Self(Value::Null)
    }

    fn text(&self, pointer: &str) -> Option<String> {
        match at(&self.0, pointer)? {
            Value::String(text) => Some(text.clone()),
            // Without an exponent: 2^64 is no 1 to a reader that stops at the point.
            Value::Number(number) => Some(match number.as_f64() {
                Some(float) if number.is_f64() => float.to_string(),
                _ => number.to_string(),
            }),
            Value::Bool(boolean) => Some(boolean.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// As [`Value::pointer`], which makes two copies of every name on the way.
fn at<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    match (value, pointer.strip_prefix('/')) {
        (Value::Object(fields), Some(path)) if !path.contains('~') => {
            let (name, rest) = path.find('/').map_or((path, ""), |end| path.split_at(end));
            at(fields.get(name)?, rest)
        }
        _ => value.pointer(pointer),
    }
}

impl Response {
    /// Takes an endpoint's answer apart. What is captured becomes live: `live` grows by it, so that it is scrubbed from whatever is read later.
    pub(crate) fn new(name: &str, endpoint: &Endpoint, answer: Incoming, live: &mut Vec<Secret>) -> Self {
        let document = Document::parse(&answer.headers, &answer.body);
        let captured = captured(endpoint, &document, live);
        live.extend(captured.iter().map(|(_, secret)| secret.clone()));
        let revealed = endpoint.captures.is_some().then(|| endpoint.reveals.clone());
        let revealed_headers = endpoint.headers.clone();
        Self { name: name.to_owned(), status: answer.status, headers: answer.headers, document, captured, revealed, revealed_headers }
    }

    pub(crate) fn header(&self, name: &str, live: &[Secret]) -> Option<String> {
        let name = name.to_ascii_lowercase();
        if !HEADERS.contains(&name.as_str()) && !self.revealed_headers.contains(&name) {
            return None;
        }
        if name == "www-authenticate" {
            // A list (RFC 9110, 11.6.1), which some write as one header for each scheme.
            let all: Vec<_> = self.headers.get_all(&name).iter().filter_map(|value| value.to_str().ok()).collect();
            return Some(scrub(&all.join(", "), live).into_owned()).filter(|_| !all.is_empty());
        }
        let value = self.headers.get(&name)?.to_str().ok()?;
        if name == "retry-after" {
            return retry_after(value, self.headers.get("date").and_then(|date| date.to_str().ok())).map(|wait| wait.as_secs().to_string());
        }
        Some(scrub(value, live).into_owned())
    }

    pub(crate) fn text(&self, pointer: &str, live: &[Secret]) -> Option<String> {
        let open = |open: &Vec<String>| revealed(open, pointer);
        // What has the name of a secret is one, wherever it stands.
        if !self.revealed.as_ref().is_none_or(open) || (!REVEALED.contains(&pointer) && points_at_a_secret(pointer)) {
            return None;
        }
        let text = self.document.text(pointer)?;
        Some(scrub(&text, live).into_owned())
    }

    pub(crate) fn secret(&self, pointer: &str) -> Option<&Secret> {
        self.captured.iter().find(|(at, _)| at == pointer).map(|(_, secret)| secret)
    }
}

/// A secret that is sent back stays what it is: to be captured under another name must not open other endpoints to it. What a terminal
/// would obey stands in no token (RFC 6749, appendix A).
fn captured(endpoint: &Endpoint, document: &Document, live: &[Secret]) -> Vec<(String, Secret)> {
    let take = |(kind, pointer): (&str, &str)| {
        let text = Zeroizing::new(document.text(pointer).filter(|text| !text.is_empty() && !text.chars().any(obeyed))?);
        let known = live.iter().find(|known| known.reveal().len() >= TELLING && known.reveal() == text.as_bytes());
        let secret = match known {
            Some(known) => known.clone(),
            None if echoes(&text, live) => return None,
            None => Secret::new(kind, text.as_bytes()),
        };
        Some((pointer.to_owned(), secret))
    };
    endpoint.captured().filter_map(take).collect()
}

/// `Retry-After` in both its forms (RFC 9110, 10.2.3), from nothing to ten years; a date is measured by the answer's own clock.
pub fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim_matches([' ', '\t']);
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a long time too.
        return Some(crate::convert::lifetime(value.parse().unwrap_or(u64::MAX)));
    }
    let now = date.and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or_else(SystemTime::now);
    let wait = httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default();
    Some(wait.min(crate::convert::LONGEST))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::manifest::UrlTemplate;

    fn answer(captures: bool, headers: &[(&'static str, &str)], body: &str) -> (Response, Vec<Secret>) {
        let endpoint = Endpoint {
            url: UrlTemplate::parse("https://example.com/token").unwrap(),
            browser: false,
            accepts: vec![],
            captures: captures.then(|| BTreeMap::from([("access-token".to_owned(), "/access_token".to_owned())])),
            reveals: vec!["/team/id".to_owned()],
            headers: vec!["x-own".to_owned()],
            also: vec![],
            raw_basic: false,
            client_certificate: false,
        };
        let headers = headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect();
        let mut live = vec![];
        let incoming = Incoming { status: 200, headers, body: Zeroizing::new(body.as_bytes().to_vec()) };
        (Response::new("token", &endpoint, incoming, &mut live), live)
    }

    const TOKENS: &str = r#"{"access_token":"secret-1","other":"secret-2","pin":12345678,"expires_in":3600,"scope":"a secret-1",
        "team":{"id":7,"key":"secret-3"}}"#;

    #[test]
    fn what_is_neither_captured_nor_revealed_is_withheld() {
        let (answer, live) = answer(true, &[], TOKENS);
        assert_eq!(answer.secret("/access_token").unwrap().reveal(), b"secret-1");
        assert_eq!(answer.text("/expires_in", &live).as_deref(), Some("3600"));
        assert_eq!(answer.text("/team/id", &live).as_deref(), Some("7"));
        for pointer in ["/access_token", "/other", "/pin", "/team/key", "/team", "", "/", "/access~1token", "/team/id/"] {
            assert_eq!(answer.text(pointer, &live), None, "{pointer}");
        }
        assert!(answer.secret("/other").is_none());
    }

    #[test]
    fn a_star_reveals_what_stands_in_every_item_of_a_list_and_nothing_beside_it() {
        let mut endpoint = Endpoint {
            url: UrlTemplate::parse("https://example.com/token").unwrap(),
            browser: false,
            accepts: vec![],
            captures: Some(BTreeMap::new()),
            reveals: ["/items/*/name", "/a/*/b/*", "/*/id"].map(str::to_owned).to_vec(),
            headers: vec![],
            also: vec![],
            raw_basic: false,
            client_certificate: false,
        };
        let body = r#"{"items":[{"name":"x","key":"secret-1","access_token":"t"},{"name":"y","sub":{"name":"z"}}],
            "a":[{"b":["1","2"],"c":["3"]}],"named":{"id":"n"},"7":{"id":"seven"}}"#;
        let read = |endpoint: &Endpoint, pointer: &str| {
            let incoming = Incoming { status: 200, headers: HeaderMap::new(), body: Zeroizing::new(body.as_bytes().to_vec()) };
            Response::new("token", endpoint, incoming, &mut vec![]).text(pointer, &[])
        };
        for (pointer, text) in [
            ("/items/0/name", Some("x")),
            ("/items/1/name", Some("y")),
            ("/a/0/b/1", Some("2")),
            ("/7/id", Some("seven")),
            ("/items/0/key", None),
            ("/items/1/sub/name", None),
            ("/items/name", None),
            ("/items/0", None),
            ("/a/0/c/0", None),
            ("/named/id", None),
            ("/items/-1/name", None),
            ("/items/+1/name", None),
        ] {
            assert_eq!(read(&endpoint, pointer).as_deref(), text, "{pointer}");
        }
        // A star is no way around what a name says.
        endpoint.reveals = vec!["/items/*/access_token".to_owned()];
        assert_eq!(read(&endpoint, "/items/0/access_token"), None);
    }

    #[test]
    fn a_pointer_leads_where_rfc_6901_says() {
        let value = serde_json::json!({ "a": { "b": [{ "c": 1 }, 2], "": 3, "d/e": 4, "~": 5 }, "": 6 });
        let pointers =
            ["", "/", "/a", "/a/", "/a/b", "/a/b/0/c", "/a/b/1", "/a/b/01", "/a/b/x", "/a/d~1e", "/a/~0", "/a/c", "a", "/a/b/0/c/d"];
        for pointer in pointers {
            assert_eq!(at(&value, pointer), value.pointer(pointer), "{pointer:?}");
        }
        assert!(pointers.iter().filter(|pointer| at(&value, pointer).is_some()).count() > 8);
    }

    #[test]
    fn an_echo_of_a_captured_value_is_scrubbed() {
        let (answer, live) = answer(true, &[("x-own", "is secret-1"), ("set-cookie", "a=b")], TOKENS);
        assert_eq!(answer.text("/scope", &live).as_deref(), Some("a [withheld]"));
        assert_eq!(answer.header("X-Own", &live).as_deref(), Some("is [withheld]"));
        assert_eq!(answer.header("set-cookie", &live), None);
    }

    #[test]
    fn challenges_of_several_headers_are_one_list() {
        let (read, live) = answer(true, &[], "");
        assert_eq!(read.header("www-authenticate", &live), None);
        let (mut read, live) = answer(true, &[("www-authenticate", "Bearer")], "");
        read.headers.append("www-authenticate", http::HeaderValue::from_static("DPoP error=\"use_dpop_nonce\""));
        assert_eq!(read.header("WWW-Authenticate", &live).as_deref(), Some("Bearer, DPoP error=\"use_dpop_nonce\""));
    }

    #[test]
    fn forms_are_read_as_json_is_and_anything_else_is_empty() {
        let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let (read, live) = answer(true, &form, "access_token=abc&other=x&scope=a+b");
        assert_eq!(read.secret("/access_token").unwrap().reveal(), b"abc");
        assert_eq!((read.text("/other", &live), read.text("/scope", &live).as_deref()), (None, Some("a b")));
        for body in ["<html>access_token=abc</html>", "{\"access_token\":\"abc", ""] {
            let (read, _) = answer(true, &[("content-type", "text/html")], body);
            assert!(read.secret("/access_token").is_none());
        }
    }

    #[test]
    fn an_api_without_captures_is_open() {
        let (read, live) = answer(false, &[], TOKENS);
        assert_eq!(read.text("/other", &live).as_deref(), Some("secret-2"));
    }

    #[test]
    fn retry_after_is_seconds_in_both_forms() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(retry_after("30", None), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", date), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", date), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", date), None);
    }

    #[test]
    fn retry_after_is_bounded_and_has_no_sign() {
        for endless in ["18446744073709551615", "99999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            assert_eq!(retry_after(endless, Some("Sun, 06 Nov 1994 08:49:37 GMT")), Some(crate::convert::LONGEST), "{endless}");
        }
        for no_number in ["+30", "-30", "", " ", "3 0"] {
            assert_eq!(retry_after(no_number, None), None, "{no_number:?}");
        }
    }
}
