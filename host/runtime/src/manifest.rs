//! `provider.toml`: what a provider is, which addresses it has, what they accept, and what it may read of their answers.
//!
//! A manifest is data that a person can review. It is parsed once, here; all its mistakes are reported together, each with its line.

mod extras;
mod parse;
mod problem;
mod protocol;
mod reader;
mod secret_names;
mod template;

use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) use extras::fill;
pub use extras::{Extra, Takes};
pub use problem::{Problem, Problems};
pub use protocol::Protocol;
pub(crate) use secret_names::{names_a_secret, points_at_a_secret};
pub use template::{TemplateError, UrlTemplate};
use url::Url;

use crate::{Client, Error, GrantKind};

/// Kinds of secrets that exist without a manifest's saying so.
pub const KINDS: [&str; 10] = [
    "access-token",
    "assertion",
    "client-secret",
    "code",
    "code-verifier",
    "device-code",
    "dpop-proof",
    "id-token",
    "private-key",
    "refresh-token",
];

/// What an API is sent: an access token, and the proof that it is shown by whom it was given to (RFC 9449).
const SHOWN: [&str; 2] = ["access-token", "dpop-proof"];

/// What every endpoint with `captures` reveals besides its own `reveals`.
pub const REVEALED: [&str; 8] = [
    "/token_type",
    "/expires_in",
    "/scope",
    "/error",
    "/error_description",
    "/error_uri",
    "/refresh_token_expires_in",
    "/issued_token_type",
];

/// Whether this can be the name of an endpoint, a setting or a kind of secret.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// A parsed `provider.toml`.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// What commands call it: `box`. Lower-case letters, digits and hyphens.
    pub id: String,
    /// What people call it: `Box`.
    pub name: String,
    /// The provider's own version.
    pub version: String,
    /// One line.
    pub summary: String,
    /// The service's own documentation.
    pub documentation: Option<Url>,
    /// What it can do.
    pub grants: Vec<GrantKind>,
    /// What a client needs besides its id: a tenant, a region.
    pub settings: BTreeMap<String, Setting>,
    /// The secrets that a client has.
    pub secrets: BTreeMap<String, SecretField>,
    /// Which keys may sign, and by which algorithms: kind of secret → JWS names (`RS256`).
    pub signs: BTreeMap<String, Vec<String>>,
    /// Whom assertions may be for besides the hosts of endpoints that accept them. An empty one is an assertion that doesn't say.
    pub audiences: Vec<String>,
    /// Every address it may reach.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Where the browser comes back to.
    pub callback: Callback,
    /// How the file of a service account is read, where the service's console gives one.
    pub service_account: Option<ServiceAccount>,
    /// How long what the service hands out lives.
    pub lifetimes: Lifetimes,
    /// What can be asked for.
    pub scopes: Vec<Scope>,
    /// How to register a client, in Markdown, with `{redirect_uri}` in it.
    pub guide: Option<String>,
    /// Where a person ends at the service what was granted, for a service that revokes nothing.
    pub way_out: Option<String>,
    /// Whether `wasi:*` imports are replaced by traps instead of being refused.
    pub stub_wasi: bool,
    /// The authorization server's issuer identifier (RFC 8414), which the `iss` of a callback must be (RFC 9207).
    pub issuer: Option<String>,
    /// What the service says besides, and is kept.
    pub extras: BTreeMap<String, Extra>,
    /// Whether it says `component = "oauth2"`: there is no code of its own.
    pub declarative: bool,
    /// What that component is told.
    pub protocol: Protocol,
}

/// A setting of a client.
#[derive(Clone, Debug)]
pub struct Setting {
    /// For people.
    pub name: String,
    /// A regular expression for the whole value.
    pub pattern: regex_lite::Regex,
    /// What a person sets → what is put in for it. Empty: the value itself.
    pub values: BTreeMap<String, String>,
    /// Where the client says nothing. Without a default the setting must be given.
    pub default: Option<String>,
    /// For people.
    pub description: Option<String>,
}

impl Setting {
    /// What it may be, in words: `must match [a-z]+`.
    pub fn described(&self) -> String {
        if !self.values.is_empty() {
            return format!("must be one of {}", extras::choices(&self.values));
        }
        let pattern = self.pattern.as_str();
        format!("must match {}", pattern.strip_prefix("^(?:").and_then(|rest| rest.strip_suffix(")$")).unwrap_or(pattern))
    }
}

/// A secret of a client.
#[derive(Clone, Debug)]
pub struct SecretField {
    /// As the service's console calls it.
    pub name: String,
    /// Whether a client can't do without.
    pub required: bool,
    /// Whether the host makes it: an ES256 key that never leaves it.
    pub generated: bool,
}

/// A named URL.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where it is.
    pub url: UrlTemplate,
    /// A page for a person. Nothing is sent there.
    pub browser: bool,
    /// The kinds of secrets that may be sent there.
    pub accepts: Vec<String>,
    /// Kind → JSON pointer. `None`: an API whose answers hold no secrets. `Some`: all that is neither captured nor revealed is withheld. Never
    /// `None` where more than an access token and its proof is accepted, or where a certificate is all that shows who asks.
    pub captures: Option<BTreeMap<String, String>>,
    /// Further places of the kinds in `captures`.
    pub also: Vec<(String, String)>,
    /// JSON pointers beyond [`REVEALED`]. One that ends in `/*` reveals every item of a list.
    pub reveals: Vec<String>,
    /// Response headers beyond the host's list, in lower case.
    pub headers: Vec<String>,
    /// Whether HTTP Basic takes id and secret as they are, and not form-encoded as RFC 6749 says.
    pub raw_basic: bool,
    /// Whether it is shown the client's certificate (RFC 8705): see [`Identity`](crate::Identity).
    pub client_certificate: bool,
}

impl Endpoint {
    /// Every kind that is captured, with its place.
    pub fn captured(&self) -> impl Iterator<Item = (&str, &str)> {
        let also = self.also.iter().map(|(kind, at)| (kind.as_str(), at.as_str()));
        self.captures.iter().flatten().map(|(kind, at)| (kind.as_str(), at.as_str())).chain(also)
    }

    /// Whether it is of the service's API: it accepts an access token, perhaps with its proof, and nothing else.
    pub(crate) fn is_api(&self) -> bool {
        self.accepts.iter().any(|kind| kind == "access-token") && self.accepts.iter().all(|kind| SHOWN.contains(&kind.as_str()))
    }

    /// Whether the component may read what stands there.
    pub(crate) fn reveals(&self, pointer: &str) -> bool {
        self.captures.is_none() || revealed(&self.reveals, pointer)
    }
}

/// Whether a list of pointers, or what is always shown, holds this one. A `*` between slashes is every item of a list.
pub(crate) fn revealed(open: &[String], pointer: &str) -> bool {
    let item = |index: &str| index == "*" || (!index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()));
    let fits = |open: &String| {
        let mut segments = pointer.split('/');
        open.split('/').all(|wanted| segments.next().is_some_and(|found| found == wanted || (wanted == "*" && item(found))))
            && segments.next().is_none()
    };
    REVEALED.contains(&pointer) || open.iter().any(fits)
}

/// Where the browser comes back to.
#[derive(Clone, Debug)]
pub struct Callback {
    /// The host of the redirect URI on the person's own machine, as the service wants it written: `127.0.0.1` or `localhost`.
    pub host: String,
    /// Its path, of plain characters. Where the manifest says none it is the provider's own: `/jeton/ID/callback`.
    pub path: String,
    /// The port, where the service insists on one.
    pub port: Option<u16>,
    /// Parameters that the provider may read beyond `error`, `error_description`, `error_uri` and `scope`.
    pub reveals: Vec<String>,
    /// The parameter that brings the code.
    pub code: String,
    /// Whether an answer without `iss` is refused (RFC 9207).
    pub iss: bool,
    /// Whether an answer without `state` is refused. Not where the service doesn't send it back.
    pub state: bool,
    /// Whether the service shows the code itself, to be copied, where a request has no redirect URI.
    pub shows_code: bool,
}

/// Lifetimes that the service documents.
#[derive(Clone, Debug, Default)]
pub struct Lifetimes {
    /// An authorization code's.
    pub code: Option<Duration>,
    /// A refresh token's.
    pub refresh_token: Option<Duration>,
    /// How long before an access token's end the service refreshes it, and no earlier.
    pub refresh_window: Option<Duration>,
    /// Whether a refresh token is good for one refresh only.
    pub single_use: bool,
}

/// What is where in a service account's JSON file. Values are JSON pointers.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    /// The client id.
    pub id: String,
    /// The client's secrets, by name.
    pub secrets: BTreeMap<String, String>,
    /// The client's settings, by name.
    pub settings: BTreeMap<String, String>,
    /// The passphrase of the secret `private-key`, where it is encrypted.
    pub passphrase: Option<String>,
}

/// A scope.
#[derive(Clone, Debug)]
pub struct Scope {
    /// What goes over the wire.
    pub id: String,
    /// What the service's console calls it.
    pub name: String,
}

impl Callback {
    /// Where the manifest of this provider says nothing.
    fn of(id: &str) -> Self {
        let (host, path) = ("127.0.0.1".to_owned(), Self::own_path(id));
        Self { host, path, port: None, reveals: vec![], code: "code".to_owned(), iss: false, state: true, shows_code: false }
    }

    /// The path that is this provider's alone (RFC 8252, 8.10), and begins with no other provider's.
    pub fn own_path(id: &str) -> String {
        format!("/jeton/{id}/callback")
    }

    /// The redirect URI on the person's own machine; without a port it is what is entered at services that ignore the port.
    pub fn redirect_uri(&self, port: Option<u16>) -> String {
        match port.or(self.port) {
            Some(port) => format!("http://{}:{port}{}", self.host, self.path),
            None => format!("http://{}{}", self.host, self.path),
        }
    }
}

impl Manifest {
    /// Parses `provider.toml`.
    ///
    /// # Errors
    /// All that is wrong with it, each with its line and what to do.
    pub fn parse(source: &str) -> Result<Self, Problems> {
        parse::parse(source)
    }

    /// The client's settings with the defaults of those that it doesn't have.
    ///
    /// # Errors
    /// A setting is missing, unknown, or doesn't match its pattern; a required secret is missing, or one is unknown.
    pub fn settings_of(&self, client: &Client) -> Result<BTreeMap<String, String>, Error> {
        let unfit = |what: String, hint: String| Err(Error::Unfit { what, hint });
        if let Some(name) = client.settings.keys().find(|name| !self.settings.contains_key(*name)) {
            let known: Vec<_> = self.settings.keys().map(String::as_str).collect();
            return unfit(format!("{} has no setting `{name}`", self.name), format!("It has: {}", known.join(", ")));
        }
        if let Some(name) = client.secrets.keys().find(|name| !self.secrets.contains_key(*name)) {
            let known: Vec<_> = self.secrets.keys().map(String::as_str).collect();
            return unfit(format!("{} has no secret `{name}`", self.name), format!("It has: {}", known.join(", ")));
        }
        if let Some((name, field)) = self.secrets.iter().find(|(name, field)| field.required && !client.secrets.contains_key(*name)) {
            return unfit(format!("{} needs the {} of the client", self.name, field.name), format!("Add the client with its {name}"));
        }
        let mut settings = client.settings.clone();
        for (name, setting) in &self.settings {
            match (settings.get(name), &setting.default) {
                (Some(value), _) if setting.pattern.is_match(value) => match setting.values.get(value) {
                    Some(put) => settings.insert(name.clone(), put.clone()),
                    None => continue,
                },
                // It matches, or the manifest wouldn't have been read.
                (None, Some(default)) => settings.insert(name.clone(), setting.values.get(default).unwrap_or(default).clone()),
                (Some(_), _) => {
                    let what = match setting.values.is_empty() {
                        true => format!("the setting `{name}` doesn't match {}", setting.pattern),
                        false => format!("the setting `{name}` {}", setting.described()),
                    };
                    return unfit(what, format!("Set {}", setting.name));
                }
                // The service will say it.
                (None, None) if self.extras.contains_key(name) => continue,
                (None, None) => {
                    return unfit(format!("{} needs the setting `{name}`", self.name), format!("Set {}: --set {name}=…", setting.name));
                }
            };
        }
        for (name, extra) in &self.extras {
            if let Some(default) = extra.default.as_ref().filter(|_| !settings.contains_key(name)) {
                settings.insert(name.clone(), default.clone());
            }
        }
        Ok(settings)
    }

    /// The client's key that access tokens of the type `DPoP` are bound to: the one that `[protocol.dpop]` names; of a component, the only one
    /// that is made here and may sign by ES256.
    pub(crate) fn dpop_key(&self) -> Option<&str> {
        let signs = |name: &str| self.signs.get(name).is_some_and(|algorithms| algorithms.iter().any(|name| name == "ES256"));
        let mut keys = self.secrets.iter().filter(|(name, field)| field.generated && signs(name)).map(|(name, _)| name.as_str());
        self.protocol.text("dpop.key").or_else(|| keys.next().filter(|_| keys.next().is_none()))
    }

    /// The setup guide with the redirect URI filled in.
    pub fn guide_for(&self, redirect_uri: &str) -> Option<String> {
        self.guide.as_ref().map(|guide| guide.replace("{redirect_uri}", redirect_uri))
    }
}
