//! The look of every page, and the ids that scripted browsers hold on to.
//!
//! | id | where | what |
//! |---|---|---|
//! | `login`, `password`, `sign-in` | sign-in page | two fields of these names, and the button |
//! | `trouble` | sign-in page | says that login or password are wrong |
//! | `grant`, `deny` | consent page | buttons that send `decision=grant` or `decision=deny` |
//! | `scopes` | consent page | the list of what is asked for; each entry has the scope as `data-scope` |
//! | `user-code`, `continue` | page for device codes | the field and the button |
//! | `done` | end of a device flow | says how it ended |
//! | `error`, `error-description` | error page | the code and its text |
//! | `emulator` | all | the note that this is not the service |
//!
//! Forms are sent with POST to their own `action`, with all hidden fields, and need no JavaScript.

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, REFERRER_POLICY, X_FRAME_OPTIONS};

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fff; --ground: #eef1f6; --line: #cfd6e1; --accent: #1f5fbf; --note: #fff3cd; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecf2; --paper: #1d232c; --ground: #12161c; --line: #3a4452; --accent: #6ea3f5; --note: #4a3d0e; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
#emulator { margin: 0; padding: .6rem 1rem; background: var(--note); text-align: center; font-size: .9rem; }
main { max-width: 26rem; margin: 3rem auto; padding: 2rem; background: var(--paper); border: 1px solid var(--line); border-radius: 12px; }
h1 { margin: 0 0 1rem; font-size: 1.4rem; line-height: 1.25; }
label { display: block; margin: .8rem 0; font-weight: 600; }
input { display: block; width: 100%; margin-top: .25rem; padding: .6rem; font: inherit; border: 1px solid var(--line); border-radius: 8px; }
button { margin: 1rem .5rem 0 0; padding: .6rem 1.2rem; font: inherit; font-weight: 600; cursor: pointer;
  border: 1px solid var(--accent); border-radius: 8px; background: var(--accent); color: var(--paper); }
button.quiet { background: transparent; color: var(--accent); }
code { overflow-wrap: anywhere; } #trouble { color: #c2362b; font-weight: 600; } li { margin: .4rem 0; }
";

/// A whole page. `content` is HTML; the other texts are not.
pub(crate) fn page(status: StatusCode, service: &str, title: &str, content: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} (emulator of {service})</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <p id=\"emulator\">This is Jeton's emulator of {service}. It is not {service}: enter no real password here.</p>\n\
         <main>\n<h1>{title}</h1>\n{content}\n</main>\n</body>\n</html>\n",
        title = escape(title),
        service = escape(service),
    );
    let headers = [(CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer"), (X_FRAME_OPTIONS, "DENY")];
    (status, headers, Html(html)).into_response()
}

/// A page that says why the sign-in can't go on. It leads nowhere.
pub(crate) fn error_page(service: &str, error: &str, description: &str) -> Response {
    error_page_with(StatusCode::BAD_REQUEST, service, error, description)
}

/// [`error_page`] with another status than 400.
pub(crate) fn error_page_with(status: StatusCode, service: &str, error: &str, description: &str) -> Response {
    let content = format!("<p><code id=\"error\">{}</code></p>\n<p id=\"error-description\">{}</p>", escape(error), escape(description));
    page(status, service, "This can't go on", &content)
}

/// Text for use between tags and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// The text that [`escape`] made safe.
pub(crate) fn unescape(safe: &str) -> String {
    safe.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaping_leaves_no_markup_and_can_be_undone() {
        let text = "<a href=\"x\">&lt;'</a>";
        assert_eq!(escape(text), "&lt;a href=&quot;x&quot;&gt;&amp;lt;&#39;&lt;/a&gt;");
        assert_eq!(unescape(&escape(text)), text);
    }
}
