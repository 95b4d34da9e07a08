//! The page that a person sees when the browser is back.

/// How the sign-in went.
#[derive(Debug)]
pub enum Outcome {
    /// It worked: the connection's name, the provider's, and whose account it is.
    Connected {
        /// The connection.
        name: String,
        /// The service.
        provider: String,
        /// Whose account.
        account: Option<String>,
    },
    /// Whether it worked is for the person to say, in the terminal.
    Asked {
        /// The service.
        provider: String,
        /// Whose account.
        account: Option<String>,
    },
    /// It didn't, and why.
    Failed(String),
    /// The request isn't the answer that is waited for.
    Stranger(String),
}

/// Only what the page itself holds: its style, and the script whose hash this is.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-Zm6mHFJQG9DVr4HBFWJhYJnxCFkpLT+9GmV6McnNQPw='; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Takes the code out of the address bar and history, and closes the window where the browser lets a page do that.
const SCRIPT: &str = "history.replaceState(null,'','/');document.body.dataset.jeton==='connected'&&setTimeout(()=>window.close(),3000);";

const STYLE: &str = "
  :root { color-scheme: light dark; --card: #fff; --page: #f2f0ea; --ink: #26241f; --quiet: #6b675e; --good: #1f7a4d; --bad: #a8431f }
  @media (prefers-color-scheme: dark) { :root { --card: #24221e; --page: #171613; --ink: #eeebe3; --quiet: #a5a095; --good: #58c48c; --bad: #f0916a } }
  * { box-sizing: border-box }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--page); color: var(--ink);
         font: 1.05rem/1.55 system-ui, sans-serif }
  main { background: var(--card); border-radius: 1rem; padding: 2.5rem; max-width: 30rem; width: 100%; box-shadow: 0 1px 2px #0001, 0 12px 40px #0001 }
  .coin { width: 3.5rem; height: 3.5rem; border-radius: 50%; display: grid; place-items: center; font-size: 1.8rem; color: var(--card); background: var(--good) }
  .bad .coin { background: var(--bad) }
  h1 { font-size: 1.4rem; line-height: 1.25; margin: 1.25rem 0 .5rem }
  p { margin: .5rem 0; overflow-wrap: anywhere }
  .quiet { color: var(--quiet); font-size: .95rem; margin-top: 1.25rem }";

/// Renders it.
pub fn page(outcome: &Outcome) -> String {
    let (class, sign, title, text, next) = match outcome {
        Outcome::Connected { name, provider, account } => {
            let account = account.as_ref().map(|account| format!(" as <strong>{}</strong>", escape(account))).unwrap_or_default();
            let text = format!("Signed in{account}. The connection is called <strong>{}</strong>.", escape(name));
            ("connected", "✓", format!("{} is connected", escape(provider)), text, "You can close this window and go back to the terminal.")
        }
        Outcome::Asked { provider, account } => {
            let account = account.as_ref().map(|account| format!(" as <strong>{}</strong>", escape(account))).unwrap_or_default();
            let text = format!("Signed in to {}{account}.", escape(provider));
            ("asked", "?", "Is that your account?".to_owned(), text, "Answer in the terminal. You can close this window.")
        }
        Outcome::Failed(why) => {
            ("bad", "!", "That didn’t work".to_owned(), escape(why), "The terminal says what to do next. You can close this window.")
        }
        Outcome::Stranger(why) => (
            "bad",
            "?",
            "This isn’t the answer that is waited for".to_owned(),
            escape(why),
            "The sign-in is still waiting, in the window where it began.",
        ),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} · Jeton</title><style>{STYLE}</style></head>\
         <body data-jeton=\"{class}\"><main class=\"{class}\"><div class=\"coin\" aria-hidden=\"true\">{sign}</div>\
         <h1>{title}</h1><p>{text}</p><p class=\"quiet\">{next}</p></main><script>{SCRIPT}</script></body></html>\n"
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_errors_are_text_and_not_markup() {
        let shown = page(&Outcome::Failed("<script>alert('x')</script>".into()));
        assert!(shown.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;") && shown.matches("<script>").count() == 1);
    }

    #[test]
    fn the_policy_names_the_hash_of_the_script() {
        use base64::Engine as _;
        use sha2::Digest as _;
        let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(SCRIPT));
        assert!(CONTENT_SECURITY_POLICY.contains(&format!("'sha256-{hash}'")), "{hash}");
    }
}
