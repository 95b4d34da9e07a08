//! The people of a service: who can sign in, and who has.
//!
//! Nothing is kept between the pages. Who is signed in stands in a sealed cookie; a consent form carries a ticket that binds it to the
//! person and to the request, so no other site can send it.

use std::sync::Arc;

use axum::response::Response;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

use crate::back::see;
use crate::form::Form;
use crate::lock::Lock;
use crate::mint::Mint;
use crate::pages;

const COOKIE_NAME: &str = "emulator_session";

/// Someone who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The service's id, in digits.
    pub id: String,
    /// The full name.
    pub name: String,
    /// The e-mail address.
    pub login: String,
    /// The password for the sign-in page.
    pub password: String,
}

impl User {
    pub(crate) fn ada() -> Self {
        let [id, name, login, password] = ["1000000001", "Ada Emulated", "ada@example.com", "emulator"].map(str::to_owned);
        Self { id, name, login, password }
    }
}

/// The users of one service. Ada is there from the start.
#[derive(Debug)]
pub(crate) struct People {
    service: &'static str,
    mint: Arc<Mint>,
    users: Lock<Vec<User>>,
}

impl People {
    pub(crate) fn of(service: &'static str, mint: Arc<Mint>) -> Self {
        Self { service, mint, users: Lock::new(vec![User::ada()]) }
    }

    pub(crate) fn add(&self, user: User) {
        self.users.get().push(user);
    }

    pub(crate) fn find(&self, fits: impl Fn(&User) -> bool) -> Option<User> {
        self.users.get().iter().find(|user| fits(user)).cloned()
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<User> {
        self.find(|user| user.id == id)
    }

    /// The answer to the sign-in form: back to the same page with a cookie, or the form once more.
    pub(crate) fn sign_in(&self, uri: &Uri, app: &str, form: &Form) -> Response {
        let (login, password) = (form.get("login").unwrap_or_default(), form.get("password").unwrap_or_default());
        let Some(user) = self.find(|user| user.login == login && user.password == password) else {
            return pages::sign_in(self.service, uri, app, Some("Login or password is wrong."));
        };
        let seal = self.mint.seal(self.session(), &user.id);
        let session = format!("{COOKIE_NAME}={}.{seal}; Path=/; Secure; HttpOnly; SameSite=Lax", user.id);
        let mut answer = see(self.service, StatusCode::SEE_OTHER, &uri.to_string());
        if let Ok(session) = HeaderValue::from_str(&session) {
            answer.headers_mut().insert(SET_COOKIE, session);
        }
        answer
    }

    /// The user whose cookie the browser shows.
    pub(crate) fn signed_in(&self, headers: &HeaderMap) -> Option<User> {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
        let session = cookies.filter_map(|cookie| cookie.trim().split_once('=')).find(|(name, _)| *name == COOKIE_NAME)?.1;
        let (id, seal) = session.split_once('.')?;
        if self.mint.seal(self.session(), id) != seal {
            return None;
        }
        self.by_id(id)
    }

    /// Binds a consent form to this user and this request.
    pub(crate) fn ticket(&self, uri: &Uri, user: &User) -> String {
        self.mint.seal("ticket", &format!("{} {} {}", self.service, user.id, uri.query().unwrap_or_default()))
    }

    /// Cookies of one service mean nothing to another.
    fn session(&self) -> &'static str {
        self.service
    }
}
