//! The pages that every service has: sign-in and consent.

use axum::response::Response;
use http::{StatusCode, Uri};

use crate::page::{escape, page};
use crate::people::User;

/// The sign-in page, with what went wrong the last time.
pub(crate) fn sign_in(service: &str, uri: &Uri, app: &str, trouble: Option<&str>) -> Response {
    let trouble = trouble.map(|text| format!("<p id=\"trouble\" role=\"alert\">{}</p>\n", escape(text))).unwrap_or_default();
    let content = format!(
        "<p>The app <b>{app}</b> sent you here. Sign in as <code>ada@example.com</code> with the password <code>emulator</code>.</p>\n\
         {trouble}<form method=\"post\" action=\"{action}\">\n\
         <label>E-mail address <input id=\"login\" name=\"login\" type=\"email\" autocomplete=\"off\" required autofocus></label>\n\
         <label>Password <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"off\" required></label>\n\
         <button id=\"sign-in\" type=\"submit\">Sign in</button>\n</form>",
        app = escape(app),
        action = action(uri),
    );
    page(StatusCode::OK, service, "Sign in", &content)
}

/// What a consent page asks.
pub(crate) struct Question<'a> {
    pub(crate) service: &'a str,
    pub(crate) app: &'a str,
    pub(crate) user: &'a User,
    pub(crate) ticket: &'a str,
    pub(crate) scopes: Vec<Asked<'a>>,
}

/// One scope on the consent page.
pub(crate) struct Asked<'a> {
    pub(crate) scope: &'a str,
    /// What it means, for people.
    pub(crate) name: &'a str,
    /// Whether the person may leave it out: a box to untick.
    pub(crate) optional: bool,
}

impl Question<'_> {
    pub(crate) fn page(&self, uri: &Uri) -> Response {
        let entries: String = self.scopes.iter().map(Asked::entry).collect();
        let content = format!(
            "<p>You are signed in as <b>{name}</b> ({login}). The app <b>{app}</b> asks to:</p>\n\
             <form method=\"post\" action=\"{action}\">\n<ul id=\"scopes\">\n{entries}</ul>\n\
             <input type=\"hidden\" name=\"ticket\" value=\"{ticket}\">\n\
             <button id=\"grant\" name=\"decision\" value=\"grant\" type=\"submit\">Grant access</button>\n\
             <button id=\"deny\" name=\"decision\" value=\"deny\" type=\"submit\" class=\"quiet\">Deny</button>\n</form>",
            name = escape(&self.user.name),
            login = escape(&self.user.login),
            app = escape(self.app),
            action = action(uri),
            ticket = escape(self.ticket),
        );
        page(StatusCode::OK, self.service, "Grant access?", &content)
    }
}

impl Asked<'_> {
    fn entry(&self) -> String {
        let (scope, name) = (escape(self.scope), escape(self.name));
        if self.optional {
            let tick = format!("<input type=\"checkbox\" name=\"scope\" value=\"{scope}\" checked>");
            format!("<li data-scope=\"{scope}\"><label>{tick} {name} <code>{scope}</code></label></li>\n")
        } else {
            format!("<li data-scope=\"{scope}\">{name} <code>{scope}</code></li>\n")
        }
    }
}

/// The same page, with the same query.
pub(crate) fn action(uri: &Uri) -> String {
    escape(uri.path_and_query().map_or("", |path| path.as_str()))
}
