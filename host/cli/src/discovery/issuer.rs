//! The identifier of an authorization server, as a person gave it.

use std::fmt;
use std::path::Path;

use url::Url;

use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// An https URL without a query and a fragment (RFC 8414, 2). Its text is compared and kept as it was given.
#[derive(Clone, Debug)]
pub struct Issuer {
    text: String,
    url: Url,
}

/// Where the issuer of several tenants is a template. Elsewhere a template is a lie.
const TEMPLATES: [&str; 3] = ["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"];

impl Issuer {
    /// What stands in the place of a file's path, if it is an address.
    pub fn of_argument(argument: &Path) -> Result<Option<Self>> {
        let Some(text) = argument.to_str().filter(|text| text.contains("://")) else { return Ok(None) };
        Self::parse(text).map(Some)
    }

    /// From a person's text.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |hint: String| {
            let shown = jeton_runtime::presentable(text, 200);
            Err(Failure::new(format!("`{shown}` is not an issuer"), hint).exit(Exit::Usage))
        };
        if let Some((issuer, _)) = text.split_once("/.well-known/") {
            return refuse(format!("Name the issuer itself: {}", jeton_runtime::presentable(issuer, 200)));
        }
        // What a manifest's texts and this command's output can hold as it is.
        let plain = text.len() <= 150 && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '{' | '}' | '%'));
        match Url::parse(text) {
            Ok(url) if plain && url.scheme() == "https" && spelled(&url, text) => Ok(Self { text: text.to_owned(), url }),
            _ => refuse("Write https://…, as the service's documentation has it: without a query, in plain letters".to_owned()),
        }
    }

    /// What to call its provider.
    pub fn id(&self) -> Result<String> {
        let rest = self.text.trim_start_matches("https://").trim_start_matches("www.").trim_end_matches('/').to_ascii_lowercase();
        let letters = rest.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
        let id: String = letters.collect();
        if id.len() <= 40 {
            return Ok(id);
        }
        Err(Failure::new("the provider's id would be too long", "Choose one: --id acme").exit(Exit::Usage))
    }

    /// What to call it for people.
    pub fn name(&self) -> &str {
        self.text.trim_start_matches("https://").trim_end_matches('/')
    }

    /// Its origin as a page: `https://host/`.
    pub fn home(&self) -> String {
        format!("{}/", self.url.origin().ascii_serialization())
    }

    /// Whether an address is at the same host and port.
    pub fn has(&self, url: &Url) -> bool {
        url.origin() == self.url.origin()
    }

    /// OpenID Connect Discovery 1.0, 4.1: behind the issuer.
    pub fn openid_configuration(&self) -> Url {
        let path = format!("{}/.well-known/openid-configuration", self.url.path().trim_end_matches('/'));
        self.at(&path)
    }

    /// RFC 8414, 3.1: between host and path.
    pub fn oauth_metadata(&self) -> Url {
        let path = format!("/.well-known/oauth-authorization-server{}", self.url.path().trim_end_matches('/'));
        self.at(&path)
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(path);
        url
    }

    /// Whether the issuer in a document is this one: byte for byte, but for Microsoft, whose issuer for several tenants says
    /// `{tenantid}` in the place of one.
    pub fn is(&self, said: &str) -> bool {
        if said == self.text {
            return true;
        }
        let Some((before, after)) = said.split_once("{tenantid}") else { return false };
        let tenant = self.text.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        let segment = tenant.is_some_and(|tenant| !tenant.is_empty() && !tenant.contains('/'));
        segment && self.url.host_str().is_some_and(|host| before == format!("https://{host}/") && TEMPLATES.contains(&host))
    }

    /// Whether only a slash at the end makes them differ.
    pub fn is_but_for_a_slash(&self, said: &str) -> bool {
        said.trim_end_matches('/') == self.text.trim_end_matches('/')
    }
}

/// A second spelling of an issuer would be another issuer to whoever compares bytes.
fn spelled(url: &Url, text: &str) -> bool {
    let alone = url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    alone && (url.as_str() == text || url.as_str().strip_suffix('/') == Some(text))
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn issuer(text: &str) -> Issuer {
        Issuer::parse(text).unwrap()
    }

    #[test]
    fn the_document_is_behind_the_issuer_for_openid_and_before_its_path_for_oauth() {
        for (text, openid, oauth) in [
            (
                "https://acme.com",
                "https://acme.com/.well-known/openid-configuration",
                "https://acme.com/.well-known/oauth-authorization-server",
            ),
            (
                "https://acme.com/",
                "https://acme.com/.well-known/openid-configuration",
                "https://acme.com/.well-known/oauth-authorization-server",
            ),
            (
                "https://acme.com:8443/realms/one",
                "https://acme.com:8443/realms/one/.well-known/openid-configuration",
                "https://acme.com:8443/.well-known/oauth-authorization-server/realms/one",
            ),
        ] {
            let issuer = issuer(text);
            assert_eq!((issuer.openid_configuration().as_str(), issuer.oauth_metadata().as_str()), (openid, oauth));
        }
    }

    #[test]
    fn an_issuer_is_an_https_url_in_its_one_spelling() {
        for text in [
            "http://acme.com",
            "https://acme.com?x=1",
            "https://acme.com/#x",
            "https://u@acme.com",
            "https://ACME.com",
            "https://acme.com:443",
            "https://acme.com/a/../b",
            "https://acme.com/{x}",
            "https://acme.com/a b",
            "https://acme.com/%41",
            "https://acme.com/.well-known/openid-configuration",
            "https://",
            "ftp://acme.com",
        ] {
            assert!(Issuer::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_document_is_the_issuers_byte_for_byte() {
        for (given, said, right) in [
            ("https://acme.com", "https://acme.com", true),
            ("https://acme.com", "https://acme.com/", false),
            ("https://acme.com", "https://ACME.com", false),
            ("https://acme.com/a", "https://acme.com/{tenantid}", false),
            ("https://login.microsoftonline.com/common/v2.0", "https://login.microsoftonline.com/{tenantid}/v2.0", true),
            ("https://login.microsoftonline.com/a/b/v2.0", "https://login.microsoftonline.com/{tenantid}/v2.0", false),
            ("https://login.microsoftonline.com/common/v2.0", "{tenantid}", false),
            ("https://login.microsoftonline.com/common/v2.0", "https://{tenantid}/common/v2.0", false),
        ] {
            assert_eq!(issuer(given).is(said), right, "{given} {said}");
        }
    }

    #[test]
    fn the_id_is_made_of_host_and_path() {
        assert_eq!(issuer("https://www.acme.com/realms/One/").id().unwrap(), "acme-com-realms-one");
        assert!(issuer(&format!("https://acme.com/{}", "a".repeat(40))).id().is_err());
    }
}
