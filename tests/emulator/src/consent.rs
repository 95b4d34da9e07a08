//! A scripted person: opens an authorization URL, signs in, decides, and reads where the browser is sent.
//!
//! It goes by the ids and hidden fields of the pages (see `page.rs`), so it serves every service whose pages keep to them.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderValue, Method, Request, Response};
use url::Url;

use crate::page::unescape;
use crate::{Client, Error};

/// What the person answers when asked for consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Presses `grant`.
    Grant,
    /// Unticks all other scopes that may be left out, then presses `grant`.
    Only(&'static [&'static str]),
    /// Presses `deny`.
    Deny,
}

/// So many pages and redirects within the service are followed.
const MOST_STEPS: usize = 10;

pub(crate) struct Person<'a> {
    pub(crate) client: &'a Client,
    pub(crate) hosts: &'a [&'static str],
    pub(crate) login: &'a str,
    pub(crate) password: &'a str,
    pub(crate) decision: Decision,
}

impl Person<'_> {
    /// Walks through the pages until a redirect leaves the service, and returns that redirect's URL without following it; or until a page says that all is done.
    pub(crate) async fn visit(&self, authorize_url: &str) -> Result<Url, Error> {
        let mut url = parse(authorize_url)?;
        // A service may have a page of its own for apps to be sent back to.
        let ends_at = url.query_pairs().find(|(name, _)| name == "redirect_uri").map(|(_, uri)| uri.into_owned());
        let mut cookies: Vec<(String, String)> = Vec::new();
        let mut form = None;
        let mut signed_in = false;
        for _ in 0..MOST_STEPS {
            let answer = self.client.send(request(&url, form.take(), &cookies)?).await?;
            keep(&mut cookies, &answer);
            if let Some(location) = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok()) {
                url = url.join(location).map_err(|error| bad_url(location, &error))?;
                let left = !url.host_str().is_some_and(|host| self.hosts.contains(&host));
                if left || ends_at.as_ref().is_some_and(|end| location.starts_with(end.as_str())) {
                    return Ok(url);
                }
                continue;
            }
            let page = Page::of(&answer);
            if page.has_id("done") {
                return Ok(url);
            }
            // A code to copy, or a form that goes to the app by itself: both end here.
            if let Some(code) = page.text_of("code") {
                return parse(&format!("copied:?code={code}"));
            }
            if page.has_id("form-post") {
                return parse(&format!("{}?{}", page.action(), page.filled(&[])));
            }
            let decision = match self.decision {
                Decision::Grant | Decision::Only(_) => "grant",
                Decision::Deny => "deny",
            };
            let filled = if page.has_id(decision) {
                page.decided(self.decision, decision)
            } else if page.has_id("sign-in") && !signed_in {
                signed_in = true;
                page.filled(&[("login", self.login), ("password", self.password)])
            } else {
                return Err(page.not_asked());
            };
            url = url.join(&page.action()).map_err(|error| bad_url(&page.action(), &error))?;
            form = Some(filled);
        }
        Err(Error::NoAnswer(format!("still no consent page after {MOST_STEPS} steps")))
    }
}

fn request(url: &Url, form: Option<String>, cookies: &[(String, String)]) -> Result<Request<Bytes>, Error> {
    let method = if form.is_some() { Method::POST } else { Method::GET };
    let mut request = Request::builder().method(method).uri(url.as_str());
    if !cookies.is_empty() {
        let line: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request = request.header(COOKIE, line.join("; "));
    }
    if form.is_some() {
        request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    }
    request.body(form.unwrap_or_default().into()).map_err(|error| bad_url(url.as_str(), &error))
}

fn keep(cookies: &mut Vec<(String, String)>, answer: &Response<Bytes>) {
    for line in answer.headers().get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()) {
        let pair = line.split(';').next().unwrap_or_default();
        if let Some((name, value)) = pair.split_once('=') {
            cookies.retain(|(kept, _)| kept != name);
            cookies.push((name.to_owned(), value.to_owned()));
        }
    }
}

fn parse(url: &str) -> Result<Url, Error> {
    Url::parse(url).map_err(|error| bad_url(url, &error))
}

fn bad_url(url: &str, error: &dyn std::fmt::Display) -> Error {
    Error::Url { url: url.to_owned(), reason: error.to_string() }
}

/// A page of this emulator. The markup is its own, so looking for its exact spelling is enough.
struct Page {
    status: u16,
    html: String,
}

impl Page {
    fn of(answer: &Response<Bytes>) -> Self {
        Self { status: answer.status().as_u16(), html: String::from_utf8_lossy(answer.body()).into_owned() }
    }

    fn has_id(&self, id: &str) -> bool {
        self.html.contains(&format!(" id=\"{id}\""))
    }

    fn text_of(&self, id: &str) -> Option<String> {
        let (_, after) = self.html.split_once(&format!(" id=\"{id}\">"))?;
        after.split_once('<').map(|(text, _)| unescape(text))
    }

    /// Where the form goes; empty, and so the page's own URL, if it doesn't say.
    fn action(&self) -> String {
        attribute(&self.html, "action").unwrap_or_default()
    }

    fn filled(&self, fields: &[(&str, &str)]) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for hidden in self.html.split("<input type=\"hidden\"").skip(1) {
            if let (Some(name), Some(value)) = (attribute(hidden, "name"), attribute(hidden, "value")) {
                form.append_pair(&name, &value);
            }
        }
        form.extend_pairs(fields).finish()
    }

    /// The consent form, with the boxes that stay ticked.
    fn decided(&self, decision: Decision, button: &str) -> String {
        let boxes = self.html.split("<input type=\"checkbox\"").skip(1);
        let ticked = boxes.filter_map(|tick| attribute(tick, "name").zip(attribute(tick, "value"))).filter(|(_, value)| match decision {
            Decision::Only(scopes) => scopes.contains(&value.as_str()),
            Decision::Grant | Decision::Deny => true,
        });
        let ticked: Vec<_> = ticked.collect();
        let fields = ticked.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        self.filled(&fields.chain([("decision", button)]).collect::<Vec<_>>())
    }

    fn not_asked(&self) -> Error {
        let body = self.html.split_once("<main>").map_or(self.html.as_str(), |(_, body)| body);
        let text = body.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text.trim()).filter(|text| !text.is_empty());
        Error::NotAsked { status: self.status, text: unescape(&text.collect::<Vec<_>>().join(" ")) }
    }
}

fn attribute(html: &str, name: &str) -> Option<String> {
    let (_, after) = html.split_once(&format!(" {name}=\""))?;
    after.split_once('"').map(|(value, _)| unescape(value))
}
