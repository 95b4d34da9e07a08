//! URLs with `{setting}` placeholders.
//!
//! A value is put in only if it can't change the URL's shape: letters, digits, `-`, `_`, `~` and dots between them. What comes out has
//! the scheme, port and number of path segments of the template, and no user-info.

use std::collections::BTreeMap;

use url::Url;

/// A URL of a manifest.
#[derive(Clone, Debug)]
pub struct UrlTemplate {
    text: String,
    placeholders: Vec<String>,
    /// The URL itself, where there is nothing to fill in.
    fixed: Option<Url>,
}

/// Why a template, or a value for it, is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct TemplateError {
    /// What is wrong.
    pub what: String,
    /// How it would be right.
    pub hint: String,
}

fn refuse<T>(what: impl Into<String>, hint: impl Into<String>) -> Result<T, TemplateError> {
    Err(TemplateError { what: what.into(), hint: hint.into() })
}

impl UrlTemplate {
    /// Parses an `https` URL.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if !text.starts_with("https://") {
            return refuse(format!("`{text}` is not an https URL"), "Begin it with https://");
        }
        let mut placeholders = vec![];
        for part in text.split('{').skip(1) {
            match part.split_once('}') {
                Some((name, _)) if !name.is_empty() => placeholders.push(name.to_owned()),
                _ => return refuse(format!("`{text}` has a `{{` without its `}}`"), "Write placeholders as {setting}"),
            }
        }
        let escapes = |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
        if !text.split('%').skip(1).all(escapes) {
            return refuse(format!("`{text}` has a `%` that escapes nothing"), "Write %25, and no placeholder in an escape");
        }
        let mut template = Self { text: text.to_owned(), placeholders, fixed: None };
        let sample = template.placeholders.iter().map(|name| (name.clone(), "x".to_owned())).collect();
        let url = template.fill(&sample)?;
        if url.query().is_some() || url.fragment().is_some() {
            return refuse(format!("`{text}` has a query or a fragment"), "Leave it out; the component adds what a request needs");
        }
        if template.placeholders.is_empty() {
            template.fixed = Some(url);
        }
        Ok(template)
    }

    /// As the manifest writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The settings that it needs.
    pub fn placeholders(&self) -> &[String] {
        &self.placeholders
    }

    /// Whether the URL ends in `/`, so that requests may name a path below it.
    pub fn is_folder(&self) -> bool {
        self.text.ends_with('/')
    }

    /// Puts the settings in.
    pub fn fill(&self, settings: &BTreeMap<String, String>) -> Result<Url, TemplateError> {
        if let Some(url) = &self.fixed {
            return Ok(url.clone());
        }
        let mut text = self.text.clone();
        for name in &self.placeholders {
            let Some(value) = settings.get(name) else {
                return refuse(format!("the setting `{name}` is not set"), format!("Add it to the client: --set {name}=…"));
            };
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '~' | '.');
            if value.is_empty() || !value.chars().all(plain) || value.starts_with('.') || value.ends_with('.') || value.contains("..") {
                return refuse(
                    format!("the setting `{name}` can't stand in a URL"),
                    "Letters, digits, hyphens, and single dots between them",
                );
            }
            text = text.replace(&format!("{{{name}}}"), value);
        }
        let url = match Url::parse(&text) {
            Ok(url) => url,
            Err(error) => return refuse(format!("`{text}` is not a URL: {error}"), "Write https://host/path"),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse(format!("`{text}` holds user-info"), "Leave out what stands before the @");
        }
        if url.as_str().trim_end_matches('/') != text.trim_end_matches('/') {
            return refuse(format!("`{text}` is read as `{url}`"), "Write it the way it is read");
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(template: &str, value: &str) -> Result<Url, TemplateError> {
        UrlTemplate::parse(template).unwrap().fill(&BTreeMap::from([("tenant".to_owned(), value.to_owned())]))
    }

    #[test]
    fn settings_are_put_in() {
        assert_eq!(fill("https://{tenant}.example.com/token", "acme").unwrap().as_str(), "https://acme.example.com/token");
        assert_eq!(fill("https://{tenant}/a/{tenant}/", "a.b-c").unwrap().as_str(), "https://a.b-c/a/a.b-c/");
    }

    #[test]
    fn a_value_can_not_change_the_shape_of_the_url() {
        for value in ["", "a/b", "a@b", "a:80", "a?b", "a#b", "a%2fb", "..", "a..b", ".a", "a.", "a b", "a\r\nb", "ä", "{x}"] {
            assert!(fill("https://{tenant}.example.com/token", value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn only_plain_https_urls_are_templates() {
        for text in
            ["http://a/", "ftp://a/", "https://u:p@a/", "https://a/?x=1", "https://a/#x", "https://a/../b", "https://{a/", "https:///"]
        {
            assert!(UrlTemplate::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_placeholder_is_no_part_of_an_escape() {
        for text in ["https://a/%{b}", "https://a/%2{b}/c", "https://a/b%"] {
            assert!(UrlTemplate::parse(text).is_err(), "{text}");
        }
        assert!(UrlTemplate::parse("https://a/%2B{b}").is_ok());
    }
}
