//! The device flow (RFC 8628), as far as services agree on it: codes, the page where a person enters one, and what a poll finds.
//!
//! The page asks for the code in a form of method GET, so a link with `?user_code=…` leads on to sign-in and consent, and a scripted
//! person needs nothing more. It ends on a page with the id `done`.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};

use crate::form::Form;
use crate::lock::Lock;
use crate::mint::Mint;
use crate::page::{escape, page};
use crate::people::{People, User};
use crate::shelf::{Missing, Shelf};
use crate::sign_in::{Consent, Outcome};

/// A client polls no more often than this.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);

/// What a device asks for.
pub(crate) trait Asks: Clone {
    fn consent(&self) -> Consent<'_>;
}

/// The devices of one service that wait, or waited, for a person.
#[derive(Debug)]
pub(crate) struct Devices<T> {
    kind: &'static str,
    mint: Arc<Mint>,
    last: u64,
    shelf: Shelf<Device<T>>,
}

#[derive(Debug)]
struct Device<T> {
    wish: T,
    user_code: String,
    decision: Option<Option<User>>,
    polled: Option<Duration>,
}

/// What a poll finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Poll<T> {
    Pending,
    TooSoon,
    Denied(T),
    Expired,
    Used,
    Unknown,
    Granted(T, User),
}

impl<T: Asks> Devices<T> {
    pub(crate) fn of(kind: &'static str, mint: Arc<Mint>) -> Self {
        Self { kind, mint: Arc::clone(&mint), last: 0, shelf: Shelf::of(kind, mint) }
    }

    /// The device code and the user code.
    pub(crate) fn begin(&mut self, until: Duration, wish: T) -> (String, String) {
        self.last += 1;
        let user_code = self.user_code();
        let device = Device { wish, user_code: user_code.clone(), decision: None, polled: None };
        (self.shelf.put(until, device), user_code)
    }

    /// What the device with this code asks for, if nobody has decided yet.
    fn wish(&mut self, now: Duration, user_code: &str) -> Option<(String, T)> {
        let name = self.shelf.live(now, |device| device.user_code == user_code && device.decision.is_none()).pop()?;
        let wish = self.shelf.get(now, &name).ok()?.wish.clone();
        Some((name, wish))
    }

    fn decide(&mut self, now: Duration, name: &str, user: Option<User>) {
        if let Ok(device) = self.shelf.get(now, name) {
            device.decision = Some(user);
        }
    }

    /// A poll by the client that `owns` the wish. A code that gave tokens gives no more.
    pub(crate) fn poll(&mut self, now: Duration, name: &str, owns: impl Fn(&T) -> bool) -> Poll<T> {
        let device = match self.shelf.get(now, name) {
            Ok(device) if owns(&device.wish) => device,
            Err(Missing::Expired) => return Poll::Expired,
            Err(Missing::Ended) => return Poll::Used,
            Ok(_) | Err(Missing::Unknown) => return Poll::Unknown,
        };
        let too_soon = device.polled.replace(now).is_some_and(|last| now.saturating_sub(last) < INTERVAL);
        match device.decision.clone() {
            None if too_soon => Poll::TooSoon,
            None => Poll::Pending,
            Some(None) => Poll::Denied(device.wish.clone()),
            Some(Some(user)) => {
                let wish = device.wish.clone();
                self.shelf.end(name);
                Poll::Granted(wish, user)
            }
        }
    }

    /// Eight letters that make no words: `BCDF-GHJK`.
    fn user_code(&self) -> String {
        const LETTERS: [char; 16] = ['B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T'];
        let seal = self.mint.seal(self.kind, &self.last.to_string());
        let letters = seal.chars().filter_map(|digit| LETTERS.get(digit.to_digit(16)? as usize).copied());
        let [mut code, mut at] = [String::new(), String::new()];
        for (place, letter) in letters.take(8).enumerate() {
            if place < 4 { &mut code } else { &mut at }.push(letter);
        }
        format!("{code}-{at}")
    }
}

/// One visit to the page for codes; `form` is there for a POST.
pub(crate) struct Visit<'a> {
    pub(crate) service: &'a str,
    pub(crate) people: &'a People,
    pub(crate) now: Duration,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) form: Option<&'a Form>,
}

impl Visit<'_> {
    pub(crate) fn answer<T: Asks>(&self, devices: &Lock<Devices<T>>) -> Response {
        let query = Form::parse(self.uri.query().unwrap_or_default().as_bytes());
        let Some(code) = query.get("user_code").or_else(|| query.get("otc")) else { return self.code_page(None) };
        let found = devices.get().wish(self.now, &code.trim().to_ascii_uppercase());
        let Some((name, wish)) = found else { return self.code_page(Some("This code is wrong, used or too old.")) };
        let Some(form) = self.form else { return wish.consent().ask(self.people, self.uri, self.headers) };
        match wish.consent().answer(self.people, self.uri, self.headers, form) {
            Outcome::Page(page) => page,
            Outcome::Decided { user, granted } => {
                devices.get().decide(self.now, &name, granted.then_some(user));
                let text = if granted { "You are signed in on your device." } else { "Access was denied." };
                page(StatusCode::OK, self.service, "Done", &format!("<p id=\"done\">{text} You can close this page.</p>"))
            }
        }
    }

    fn code_page(&self, trouble: Option<&str>) -> Response {
        let trouble = trouble.map(|text| format!("<p id=\"trouble\" role=\"alert\">{}</p>\n", escape(text))).unwrap_or_default();
        let content = format!(
            "<p>Enter the code that your device shows.</p>\n{trouble}<form method=\"get\">\n\
             <label>Code <input id=\"user-code\" name=\"user_code\" autocomplete=\"off\" required autofocus></label>\n\
             <button id=\"continue\" type=\"submit\">Continue</button>\n</form>"
        );
        page(StatusCode::OK, self.service, "Connect a device", &content)
    }
}
