//! Box's two pages for people.

use axum::response::Response;
use http::{StatusCode, Uri};

use super::User;
use crate::page::{escape, page};

pub(super) fn sign_in(uri: &Uri, app: &str, trouble: Option<&str>) -> Response {
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
    page(StatusCode::OK, "Box", "Sign in", &content)
}

pub(super) fn consent(uri: &Uri, app: &str, scopes: &[String], user: &User, ticket: &str) -> Response {
    let entries: String = scopes
        .iter()
        .map(|scope| format!("<li data-scope=\"{0}\">{1} <code>{0}</code></li>\n", escape(scope), console_name(scope)))
        .collect();
    let content = format!(
        "<p>You are signed in as <b>{name}</b> ({login}). The app <b>{app}</b> asks to:</p>\n<ul id=\"scopes\">\n{entries}</ul>\n\
         <form method=\"post\" action=\"{action}\">\n<input type=\"hidden\" name=\"ticket\" value=\"{ticket}\">\n\
         <button id=\"grant\" name=\"decision\" value=\"grant\" type=\"submit\">Grant access</button>\n\
         <button id=\"deny\" name=\"decision\" value=\"deny\" type=\"submit\" class=\"quiet\">Deny</button>\n</form>",
        name = escape(&user.name),
        login = escape(&user.login),
        app = escape(app),
        action = action(uri),
        ticket = escape(ticket),
    );
    page(StatusCode::OK, "Box", "Grant access?", &content)
}

/// The same page, with the same query.
fn action(uri: &Uri) -> String {
    escape(uri.path_and_query().map_or("", |path| path.as_str()))
}

/// What Box's developer console calls a scope (`providers.md` 1.13).
fn console_name(scope: &str) -> &'static str {
    match scope {
        "root_readonly" => "Read all files",
        "root_readwrite" => "Read and write all files",
        "manage_managed_users" => "Manage users",
        "manage_app_users" => "Manage app users",
        "manage_groups" => "Manage groups",
        "manage_webhook" => "Manage webhooks",
        "manage_enterprise_properties" => "Manage enterprise properties",
        "manage_data_retention" => "Manage retention policies",
        "manage_legal_holds" | "manage_legal_hold" => "Manage legal holds",
        "sign_requests.readwrite" => "Manage signature requests",
        "ai.readwrite" => "Use AI",
        "manage_triggers" => "Manage Relay",
        "enterprise_content" => "Manage all content of the enterprise",
        _ => "Use",
    }
}
