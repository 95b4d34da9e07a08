//! The two steps that lead to a decision, the same for every service: sign in, then grant or deny.
//!
//! Nothing is kept between the pages: the request stands in the query of every form's action and is checked again each time.

use axum::response::Response;
use http::{HeaderMap, Uri};

use crate::form::Form;
use crate::page::error_page;
use crate::pages::{Asked, Question, sign_in};
use crate::people::{People, User};

/// What consent is asked for.
pub(crate) struct Consent<'a> {
    pub(crate) service: &'a str,
    /// The app's name or client id.
    pub(crate) app: &'a str,
    /// Each scope, and what it is called for people.
    pub(crate) scopes: Vec<(&'a str, &'a str)>,
}

/// What came of a form.
pub(crate) enum Outcome {
    /// It goes on with this answer.
    Page(Response),
    /// The user decided.
    Decided { user: User, granted: bool },
}

impl Consent<'_> {
    /// GET: the sign-in page, or the consent page for a browser that is signed in.
    pub(crate) fn ask(&self, people: &People, uri: &Uri, headers: &HeaderMap) -> Response {
        self.ask_granular(people, uri, headers, |_| false)
    }

    /// [`Consent::ask`] with a box to untick for each scope that is optional. The form then sends the others as `scope`.
    pub(crate) fn ask_granular(&self, people: &People, uri: &Uri, headers: &HeaderMap, optional: impl Fn(&str) -> bool) -> Response {
        let Some(user) = people.signed_in(headers) else { return sign_in(self.service, uri, self.app, None) };
        let ticket = people.ticket(uri, &user);
        let scopes = self.scopes.iter().map(|(scope, name)| Asked { scope, name, optional: optional(scope) }).collect();
        Question { service: self.service, app: self.app, user: &user, ticket: &ticket, scopes }.page(uri)
    }

    /// POST of either form.
    pub(crate) fn answer(&self, people: &People, uri: &Uri, headers: &HeaderMap, form: &Form) -> Outcome {
        Outcome::Page(match (form.get("decision"), people.signed_in(headers)) {
            (None, _) => people.sign_in(uri, self.app, form),
            (Some(_), None) => sign_in(self.service, uri, self.app, Some("Your sign-in has ended. Please sign in again.")),
            (Some(_), Some(user)) if form.get("ticket") != Some(people.ticket(uri, &user).as_str()) => {
                error_page(self.service, "invalid_request", "The consent doesn't belong to this sign-in.")
            }
            (Some(decision @ ("grant" | "deny")), Some(user)) => return Outcome::Decided { user, granted: decision == "grant" },
            (Some(_), Some(_)) => error_page(self.service, "invalid_request", "The decision is neither `grant` nor `deny`."),
        })
    }
}
