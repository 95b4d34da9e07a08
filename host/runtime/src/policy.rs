//! Whether a request may be sent: a pure function from the manifest, the settings and what a component asks, to what goes out.
//!
//! | rule | why |
//! |---|---|
//! | the endpoint is in the manifest, and no page for a browser | a provider reaches what a person could review |
//! | a path only below an endpoint that ends in `/`, plain segments, no `.` or `..` | the server behind must read the same path |
//! | a secret only where the endpoint accepts its kind, in a header or a body | addresses are logged all along the way |
//! | the client's certificate is shown where the endpoint says so, whatever is asked | a component has no part in it |
//! | no header that steers the connection, carries cookies, or stands there twice | request smuggling, other people's sessions |

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;
use zeroize::Zeroizing;

use crate::manifest::{Endpoint, Manifest, is_name};
use crate::transport::Outgoing;
use crate::{Allow, Denial, Identity, Secret};

/// What stands in a query, header or body, with the handles resolved.
pub(crate) enum Value {
    Text(String),
    Secret(Secret),
    Credential { scheme: String, secret: Secret },
    Basic { username: String, password: Secret },
}

pub(crate) type Fields = Vec<(String, Value)>;

pub(crate) enum Body {
    None,
    Form(Fields),
    Json(Fields),
}

/// What a component asks for.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) endpoint: String,
    pub(crate) path: Option<String>,
    pub(crate) query: Fields,
    pub(crate) headers: Fields,
    pub(crate) body: Body,
}

/// How long a request may take and how much is read.
#[derive(Clone, Copy)]
pub(crate) struct Measure {
    pub(crate) time: Duration,
    pub(crate) largest: usize,
}

fn deny<T>(what: impl Into<String>, rule: impl Into<String>, hint: impl Into<String>) -> Result<T, Denial> {
    Err(Denial::new(what, rule, hint))
}

/// Denied because the manifest has no such endpoint. It would take one with an address, which only the author knows, and these `keys`.
fn deny_unknown<T>(what: String, rule: &str, hint: &str, name: &str, keys: &str) -> Result<T, Denial> {
    // Another name can't stand in a manifest.
    let lines = is_name(name).then(|| Allow::Manifest(format!("[endpoints.{name}]\nurl = \"https://example.com/\"\n{keys}")));
    Err(Denial { allow: lines, ..Denial::new(what, rule, hint) })
}

/// Checks a request of this client's and builds it.
pub(crate) fn judge<'m>(
    manifest: &'m Manifest,
    settings: &BTreeMap<String, String>,
    identity: Option<&Identity>,
    asked: Asked,
    measure: Measure,
) -> Result<(Outgoing, &'m Endpoint), Denial> {
    let name = asked.endpoint.as_str();
    let Some(endpoint) = manifest.endpoints.get(name) else {
        let shown = crate::scrub::presentable(name, 40);
        let hint = format!("[endpoints.{shown}] with its url would allow it");
        return deny_unknown(format!("a request to `{shown}`"), "the manifest has no such endpoint", &hint, name, "");
    };
    if endpoint.browser {
        let (what, hint) = (format!("a request to `{name}`"), format!("[endpoints.{name}] without browser = true would allow it"));
        let denial = Denial::unless(what, "it is a page for a browser", &format!("endpoints.{name}"), "browser = false");
        return Err(Denial { hint, ..denial });
    }
    let url = address(name, endpoint, settings, asked.path.as_deref(), asked.query)?;
    let gate = Gate { name, endpoint };
    let mut headers = HeaderMap::with_capacity(asked.headers.len() + 1);
    for (key, value) in asked.headers {
        let (key, value) = gate.header(&key, value)?;
        if headers.insert(key.clone(), value).is_some() {
            return deny(format!("two headers `{key}`"), "a header may stand there once", "Send one");
        }
    }
    let (content_type, body) = match asked.body {
        Body::None => (None, Bytes::new()),
        Body::Form(fields) => (Some("application/x-www-form-urlencoded"), gate.form(fields)?),
        Body::Json(fields) => (Some("application/json"), gate.json(fields)?),
    };
    if let Some(content_type) = content_type {
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    let identity = identity.filter(|_| endpoint.client_certificate).cloned();
    Ok((Outgoing { method: asked.method, url, headers, body, identity, time: measure.time, largest: measure.largest }, endpoint))
}

/// The URL of an endpoint that a person's browser may be sent to.
pub(crate) fn page(manifest: &Manifest, settings: &BTreeMap<String, String>, name: &str) -> Result<Url, Denial> {
    let shown = crate::scrub::presentable(name, 40);
    let (what, rule) = (format!("a visit to `{shown}`"), "the manifest has no such page");
    match manifest.endpoints.get(name) {
        Some(endpoint) if endpoint.browser => address(name, endpoint, settings, None, vec![]),
        Some(endpoint) if endpoint.accepts.is_empty() && endpoint.captures.is_none() => {
            Err(Denial::unless(what, rule, &format!("endpoints.{name}"), "browser = true"))
        }
        Some(_) => deny(what, rule, "A page has an endpoint of its own, with browser = true and without accepts and captures"),
        None => deny_unknown(what, rule, &format!("browser = true in [endpoints.{shown}] would allow it"), name, "browser = true\n"),
    }
}

/// The URL of a request without a query, for a proof that is bound to it.
pub(crate) fn target(manifest: &Manifest, settings: &BTreeMap<String, String>, name: &str, path: Option<&str>) -> Result<Url, Denial> {
    match manifest.endpoints.get(name) {
        Some(endpoint) if !endpoint.browser => address(name, endpoint, settings, path, vec![]),
        _ => deny(
            format!("a request to `{}`", crate::scrub::presentable(name, 40)),
            "the manifest has no such endpoint",
            "Name one that it has",
        ),
    }
}

fn address(name: &str, endpoint: &Endpoint, settings: &BTreeMap<String, String>, path: Option<&str>, query: Fields) -> Result<Url, Denial> {
    let mut url = endpoint.url.fill(settings).map_err(|error| Denial::new(format!("a request to `{name}`"), error.what, error.hint))?;
    if let Some(path) = path {
        let what = || format!("the path `{}` below `{name}`", crate::scrub::presentable(path, 80));
        if !endpoint.url.is_folder() {
            let line = format!("url = \"{}/\"", endpoint.url.as_str());
            return Err(Denial::unless(what(), "its URL doesn't end in `/`", &format!("endpoints.{name}"), &line));
        }
        let plain = |c: char| {
            c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '~' | '.' | ':' | '@' | '!' | '$' | '\'' | '(' | ')' | ',' | '=')
        };
        let segment = |segment: &str| !segment.is_empty() && !matches!(segment, "." | "..") && segment.chars().all(plain);
        if path.len() > 1024 || !path.strip_suffix('/').unwrap_or(path).split('/').all(segment) {
            return deny(what(), "it must be plain segments with `/` between them", "Put other characters into the query or the body");
        }
        let whole = format!("{url}{path}");
        url = match Url::parse(&whole) {
            Ok(url) if url.as_str() == whole => url,
            _ => return deny(what(), "it is read differently than it is written", "Write it the way it is read"),
        };
    }
    if !query.is_empty() {
        let mut pairs = url.query_pairs_mut();
        for (key, value) in query {
            let Value::Text(text) = value else {
                drop(pairs);
                return deny(
                    format!("a secret in the query of `{name}`"),
                    "addresses are logged all along the way",
                    "Send it in a header or the body",
                );
            };
            pairs.append_pair(&key, &text);
        }
        drop(pairs);
    }
    Ok(url)
}

/// A page that a service named (RFC 8628's `verification_uri`) is one of the manifest's, or below one: a person is sent nowhere else.
pub(crate) fn known_page(manifest: &Manifest, settings: &BTreeMap<String, String>, url: &Url) -> Result<(), Denial> {
    let known = |page: &Url| {
        let below = page.path().ends_with('/') && url.path().starts_with(page.path());
        page.origin() == url.origin() && (below || page.path() == url.path())
    };
    let mut pages = manifest.endpoints.values().filter(|endpoint| endpoint.browser).filter_map(|page| page.url.fill(settings).ok());
    if pages.any(|page| known(&page)) {
        return Ok(());
    }
    let mut page = url.clone();
    page.set_query(None);
    page.set_fragment(None);
    let (what, rule) = (format!("sending a person to {}", crate::scrub::presentable(page.as_str(), 200)), "the manifest has no such page");
    Err(Denial::unless(what, rule, "endpoints.verification", &format!("url = \"{page}\"\nbrowser = true")))
}

/// Headers that decide how a request is sent, or whose it is. Some servers read `_` as `-`.
pub(crate) fn steers(name: &HeaderName) -> bool {
    let name = name.as_str().replace('_', "-");
    let name = name.as_str();
    matches!(
        name,
        "host"
            | "content-length"
            | "content-type"
            | "content-encoding"
            | "transfer-encoding"
            | "connection"
            | "keep-alive"
            | "upgrade"
            | "te"
            | "trailer"
            | "expect"
            | "cookie"
            | "cookie2"
            | "accept-encoding"
            | "forwarded"
            | "via"
            | "http2-settings"
            | "range"
    ) || ["proxy-", "x-forwarded-", "sec-", ":"].iter().any(|prefix| name.starts_with(prefix))
}

/// Where in a request something stands. It is named for denials alone.
#[derive(Clone, Copy)]
enum Place<'n> {
    Header(&'n str),
    Field(&'n str),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = match self {
            Self::Header(name) => ("header", name),
            Self::Field(name) => ("field", name),
        };
        write!(f, "in the {kind} `{}`", crate::scrub::presentable(name, 40))
    }
}

/// A secret as the value of a header of an endpoint's requests, where the endpoint accepts it.
pub(crate) fn admitted(manifest: &Manifest, endpoint: &str, header: &str, secret: Secret) -> Result<HeaderValue, Denial> {
    match manifest.endpoints.get_key_value(endpoint) {
        Some((name, endpoint)) => Ok(Gate { name, endpoint }.header(header, Value::Secret(secret))?.1),
        None => deny(
            format!("a request to `{}`", crate::scrub::presentable(endpoint, 40)),
            "the manifest has no such endpoint",
            "Name one that it has",
        ),
    }
}

/// An endpoint, and what it accepts.
struct Gate<'m> {
    name: &'m str,
    endpoint: &'m Endpoint,
}

impl Gate<'_> {
    fn admit<'s>(&self, secret: &'s Secret, place: Place<'_>) -> Result<&'s [u8], Denial> {
        if self.endpoint.accepts.iter().any(|kind| kind == secret.kind()) {
            return Ok(secret.reveal());
        }
        let accepted = self.endpoint.accepts.iter().map(String::as_str).chain([secret.kind()]);
        let kinds = accepted.map(|kind| format!("\"{kind}\"")).collect::<Vec<_>>().join(", ");
        let what = format!("sending the {} to `{}` {place}", secret.kind(), self.name);
        let line = format!("accepts = [{kinds}]");
        Err(Denial::unless(what, "the endpoint doesn't accept it", &format!("endpoints.{}", self.name), &line))
    }

    fn header(&self, name: &str, value: Value) -> Result<(HeaderName, HeaderValue), Denial> {
        let shown = || crate::scrub::presentable(name, 40);
        let Ok(key) = HeaderName::from_bytes(name.as_bytes()) else {
            return deny(format!("a header `{}`", shown()), "that is no header's name", "Use letters, digits and hyphens");
        };
        if steers(&key) {
            return deny(format!("a header `{}`", shown()), "it steers the connection, which is the host's", "Leave it out");
        }
        let place = Place::Header(name);
        let mut bytes = Zeroizing::new(Vec::new());
        let secret = !matches!(value, Value::Text(_));
        match value {
            Value::Text(text) => bytes.extend_from_slice(text.as_bytes()),
            Value::Secret(secret) => bytes.extend_from_slice(self.admit(&secret, place)?),
            Value::Credential { scheme, secret } => {
                if HeaderName::from_bytes(scheme.as_bytes()).is_err() {
                    return deny(
                        format!("an authentication scheme {place}"),
                        "that is no scheme's name",
                        "Use letters, digits and hyphens",
                    );
                }
                bytes.extend_from_slice(scheme.as_bytes());
                bytes.push(b' ');
                bytes.extend_from_slice(self.admit(&secret, place)?);
            }
            Value::Basic { username, password } => {
                let password = self.admit(&password, place)?;
                let mut pair = Zeroizing::new(Vec::new());
                if self.endpoint.raw_basic {
                    if username.contains(':') {
                        return deny(format!("a user name {place}"), "a colon ends it (RFC 7617)", "Leave out basic = \"raw\"");
                    }
                    pair.extend_from_slice(username.as_bytes());
                    pair.push(b':');
                    pair.extend_from_slice(password);
                } else {
                    let encoded = |bytes| form_urlencoded::byte_serialize(bytes).flat_map(str::bytes);
                    pair.extend(encoded(username.as_bytes()));
                    pair.push(b':');
                    pair.extend(encoded(password));
                }
                bytes.extend_from_slice(b"Basic ");
                bytes.extend_from_slice(Zeroizing::new(STANDARD.encode(&*pair)).as_bytes());
            }
        }
        let Ok(mut value) = HeaderValue::from_bytes(&bytes) else {
            return deny(format!("what stands {place}"), "a header holds no line breaks or control characters", "Send it in the body");
        };
        value.set_sensitive(secret);
        Ok((key, value))
    }

    /// The bytes of a body's value.
    fn value<'v>(&self, key: &str, value: &'v Value) -> Result<&'v [u8], Denial> {
        let place = Place::Field(key);
        match value {
            Value::Text(text) => Ok(text.as_bytes()),
            Value::Secret(secret) => self.admit(secret, place),
            Value::Credential { .. } | Value::Basic { .. } => {
                deny(format!("credentials {place}"), "they belong into a header", "Send them as one")
            }
        }
    }

    fn form(&self, fields: Fields) -> Result<Bytes, Denial> {
        let mut body = Zeroizing::new(String::with_capacity(512));
        for (key, value) in &fields {
            if !body.is_empty() {
                body.push('&');
            }
            body.extend(form_urlencoded::byte_serialize(key.as_bytes()));
            body.push('=');
            body.extend(form_urlencoded::byte_serialize(self.value(key, value)?));
        }
        Ok(Bytes::from_owner(body))
    }

    /// `name[]` is an item of the list `name`, which stands where its first item does.
    fn json(&self, fields: Fields) -> Result<Bytes, Denial> {
        let mut body = Zeroizing::new(String::from("{"));
        for (index, (key, value)) in fields.iter().enumerate() {
            let Some(list) = key.strip_suffix("[]") else {
                self.member(&mut body, key);
                self.text(&mut body, key, value)?;
                continue;
            };
            if fields.iter().take(index).any(|(earlier, _)| earlier == key) {
                continue;
            }
            self.member(&mut body, list);
            let mut before = '[';
            for (key, value) in fields.iter().filter(|(other, _)| other == key) {
                body.push(before);
                self.text(&mut body, key, value)?;
                before = ',';
            }
            body.push(']');
        }
        body.push('}');
        Ok(Bytes::from_owner(body))
    }

    fn member(&self, body: &mut String, key: &str) {
        if body.len() > 1 {
            body.push(',');
        }
        body.push_str(&serde_json::Value::from(key).to_string());
        body.push(':');
    }

    fn text(&self, body: &mut String, key: &str, value: &Value) -> Result<(), Denial> {
        let Ok(text) = std::str::from_utf8(self.value(key, value)?) else {
            return deny(format!("the field `{}`", crate::scrub::presentable(key, 40)), "JSON holds text alone", "Send it in a form");
        };
        // `to_string` of a str alone, so that no copy of a secret stays behind in a `Value`.
        body.push_str(&Zeroizing::new(serde_json::to_string(text).unwrap_or_default()));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
