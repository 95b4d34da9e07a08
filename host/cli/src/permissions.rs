//! What a provider may do, as a set of single permissions in words for a person; and whether one manifest permits more than another.
//!
//! A pure function of manifests. An update grows unless each of its permissions is one that the provider had, or provably less than one:
//! whatever can't be compared counts as more. Permissions belong to an endpoint by name and address together, so an endpoint of another
//! address, or of another name, is a new one with all that it permits.
//!
//! To go without a check that the one before had is a permission, too: of the issuer, of PKCE, of the nonce, of tokens that are bound to a key.
//!
//! Not among them, since they permit nothing: what else `[protocol]` says (a component with code of its own says nothing of that either),
//! the version and summary, the guide, the scopes' names, how long tokens live, and `wasi = "stubbed"`, by which calls of the operating
//! system exist and fail.

use std::collections::BTreeSet;
use std::fmt;

use jeton_runtime::manifest::{Callback, Endpoint, Extra, SecretField, Setting};
use jeton_runtime::{Manifest, presentable};

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    name: String,
    url: String,
}

/// One thing that a provider may do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// To be called this, which is what people go by.
    Name(String),
    /// To obtain tokens in this way.
    Grant(&'static str),
    /// To send a person's browser there.
    Visit(Place),
    /// To send requests there.
    Reach(Place),
    /// To have the client's certificate shown there.
    Certify(Place),
    /// To have a secret of this kind sent there.
    Send(Place, String),
    /// To read all of the answers.
    ReadAll(Place),
    /// To read this of the answers.
    Read(Place, String),
    /// To read this header of the answers.
    ReadHeader(Place, String),
    /// To hold what stands there in the answers as a secret of this kind, unread.
    Hold(Place, String, String),
    /// To ask for, and read, a setting; it may stand in addresses.
    Setting { name: String, label: String, takes: String, default: Option<String>, stands_in: Vec<String> },
    /// To have a value of the service's stand in addresses.
    Extra { name: String, label: String, takes: String, default: Option<String>, stands_in: Vec<String> },
    /// To ask for a secret, and hold it, unread.
    Secret { name: String, label: String, required: bool },
    /// To have this secret sign by this algorithm.
    Sign(String, String),
    /// To have assertions made for this audience.
    Audience(String),
    /// To read a parameter of the address that the browser comes back with.
    ReadReturn(String),
    /// Where on this machine the browser comes back to.
    Return(String),
    /// To take answers that have no state.
    Untied,
    /// To go without this check, which the other manifest has.
    Without(String),
}

/// What an update changes.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it may do and the one before may not, as far as that can be told.
    pub more: Vec<Permission>,
    /// What the one before may do, and it may not.
    pub less: Vec<Permission>,
}

/// All that a manifest permits.
pub fn permissions(manifest: &Manifest) -> BTreeSet<Permission> {
    // Without `..`: a key that is added to the manifest must be thought of here.
    let Manifest {
        name,
        grants,
        settings,
        secrets,
        signs,
        audiences,
        endpoints,
        callback,
        id: _,
        version: _,
        summary: _,
        documentation: _,
        lifetimes: _,
        scopes: _,
        guide: _,
        way_out: _,
        service_account: _,
        stub_wasi: _,
        // Compared by their absence: see `checks`.
        issuer: _,
        extras,
        declarative: _,
        protocol: _,
    } = manifest;
    let mut all = BTreeSet::from([Permission::Name(name.clone())]);
    all.extend(grants.iter().map(|grant| Permission::Grant(grant.name())));
    for (name, setting) in settings {
        let Setting { name: label, pattern: _, values: _, default, description: _ } = setting;
        let stands = |endpoint: &&Endpoint| endpoint.url.placeholders().contains(name);
        let stands_in = endpoints.values().filter(stands).map(|endpoint| endpoint.url.as_str().to_owned()).collect();
        let takes = setting.described();
        all.insert(Permission::Setting { name: name.clone(), label: label.clone(), takes, default: default.clone(), stands_in });
    }
    for (name, extra) in extras {
        let Extra { name: label, parameter: _, pointer: _, takes: _, default } = extra;
        let stands = |endpoint: &&Endpoint| endpoint.url.placeholders().contains(name);
        let stands_in: Vec<_> = endpoints.values().filter(stands).map(|endpoint| endpoint.url.as_str().to_owned()).collect();
        // Otherwise it is kept, and nothing is done with it.
        if !stands_in.is_empty() {
            let (label, takes, default) = (label.clone(), extra.described(), default.clone());
            all.insert(Permission::Extra { name: name.clone(), label, takes, default, stands_in });
        }
    }
    for (name, SecretField { name: label, required, generated: _ }) in secrets {
        all.insert(Permission::Secret { name: name.clone(), label: label.clone(), required: *required });
    }
    for (kind, algorithms) in signs {
        all.extend(algorithms.iter().map(|algorithm| Permission::Sign(kind.clone(), algorithm.clone())));
    }
    all.extend(audiences.iter().cloned().map(Permission::Audience));
    for (name, Endpoint { url, browser, accepts, captures, also, reveals, headers, raw_basic: _, client_certificate }) in endpoints {
        let place = || Place { name: name.clone(), url: url.as_str().to_owned() };
        if *browser {
            all.insert(Permission::Visit(place()));
            continue;
        }
        all.insert(Permission::Reach(place()));
        all.extend(client_certificate.then(|| Permission::Certify(place())));
        all.extend(accepts.iter().map(|kind| Permission::Send(place(), kind.clone())));
        all.extend(headers.iter().map(|header| Permission::ReadHeader(place(), header.clone())));
        match captures {
            None => all.extend([Permission::ReadAll(place())]),
            Some(captures) => {
                let taken = captures.iter().chain(also.iter().map(|(kind, at)| (kind, at)));
                all.extend(taken.map(|(kind, at)| Permission::Hold(place(), kind.clone(), at.clone())));
                all.extend(reveals.iter().map(|pointer| Permission::Read(place(), pointer.clone())));
            }
        }
    }
    let Callback { host: _, path: _, port: _, reveals, code: _, iss: _, state, shows_code: _ } = callback;
    // Host, path and port.
    all.insert(Permission::Return(callback.redirect_uri(None)));
    all.extend((!state).then_some(Permission::Untied));
    all.extend(reveals.iter().cloned().map(Permission::ReadReturn));
    all
}

/// What an update changes.
pub fn difference(before: &Manifest, after: &Manifest) -> Difference {
    let all = |manifest: &Manifest, other: &Manifest| {
        let (mut all, checks) = (permissions(manifest), checks(manifest));
        all.extend(self::checks(other).into_iter().filter(|check| !checks.contains(check)).map(Permission::Without));
        all
    };
    let (before, after) = (all(before, after), all(after, before));
    let beyond = |some: &BTreeSet<Permission>, others: &BTreeSet<Permission>| {
        some.iter().filter(|permission| !covered(permission, others)).cloned().collect()
    };
    Difference { more: beyond(&after, &before), less: beyond(&before, &after) }
}

/// What protects a sign-in because the manifest says so.
fn checks(manifest: &Manifest) -> Vec<String> {
    let says = |key, unless: &[&str]| manifest.declarative && manifest.protocol.text(key).is_none_or(|text| !unless.contains(&text));
    let mut checks: Vec<_> = manifest.issuer.iter().map(|issuer| format!("that the issuer is {issuer}")).collect();
    checks.extend(manifest.callback.iss.then(|| "that a sign-in names its issuer (iss)".to_owned()));
    checks.extend(says("authorize.pkce", &["plain", "off"]).then(|| "that a code is this sign-in's (PKCE)".to_owned()));
    let all = manifest.protocol.text("scopes.granted") == Some("all");
    checks.extend(all.then(|| "that all scopes that are asked for are granted".to_owned()));
    checks.extend(says("authorize.nonce", &["off"]).then(|| "that an ID token is this sign-in's (nonce)".to_owned()));
    let bound = manifest.protocol.text("dpop.key").is_some() && manifest.protocol.text("dpop.bearer") != Some("true");
    checks.extend(bound.then(|| "that tokens are bound to a key of the client's (DPoP)".to_owned()));
    checks
}

/// Whether these permit that.
fn covered(permission: &Permission, by: &BTreeSet<Permission>) -> bool {
    by.contains(permission)
        || match permission {
            Permission::Read(place, _) => by.contains(&Permission::ReadAll(place.clone())),
            Permission::Secret { name, label, required: false } => {
                by.contains(&Permission::Secret { name: name.clone(), label: label.clone(), required: true })
            }
            _ => false,
        }
}

/// As people call it: `refresh token`.
pub fn kind(kind: &str) -> String {
    presentable(&kind.replace('-', " "), 60)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&presentable(&self.url, 300))
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &str| presentable(text, 200);
        match self {
            Self::Name(name) => write!(f, "calls itself {}", shown(name)),
            Self::Grant(grant) => write!(f, "obtains tokens by {grant}"),
            Self::Visit(place) => write!(f, "opens {place} in your browser"),
            Self::Reach(place) if place.url.ends_with('/') => write!(f, "reaches {place} and every path below it"),
            Self::Reach(place) => write!(f, "reaches {place}"),
            Self::Certify(place) => write!(f, "has the client's certificate shown to {place}"),
            Self::Send(place, secret) => write!(f, "has the {} sent to {place}", kind(secret)),
            Self::ReadAll(place) => write!(f, "reads everything that {place} answers"),
            Self::Read(place, pointer) => write!(f, "reads {} of what {place} answers", shown(pointer)),
            Self::ReadHeader(place, header) => write!(f, "reads the header {} of what {place} answers", shown(header)),
            Self::Hold(place, secret, at) => {
                write!(f, "holds {} of what {place} answers as {}, without reading it", shown(at), kind(secret))
            }
            Self::Setting { name, label, takes, default, stands_in } => {
                write!(f, "asks for the setting {} ({}), which {}", shown(name), shown(label), presentable(takes, 2000))?;
                if let Some(default) = default {
                    write!(f, " and is otherwise {}", shown(default))?;
                }
                match stands_in.is_empty() {
                    true => Ok(()),
                    false => write!(f, "; it stands in {}", stands_in.iter().map(|url| shown(url)).collect::<Vec<_>>().join(" and ")),
                }
            }
            Self::Extra { name, label, takes, default, stands_in } => {
                let places = stands_in.iter().map(|url| shown(url)).collect::<Vec<_>>().join(" and ");
                let (name, label, takes) = (shown(name), shown(label), presentable(takes, 2000));
                write!(f, "has {name} ({label}) put into {places}, as the service says it; it {takes}")?;
                default.as_ref().map_or(Ok(()), |default| write!(f, " and is otherwise {}", shown(default)))
            }
            Self::Secret { name, label, required } => {
                let must = if *required { "must have" } else { "may have" };
                write!(f, "{must} the client's {} ({}), without reading it", shown(label), shown(name))
            }
            Self::Sign(secret, algorithm) => write!(f, "has the {} sign by {algorithm}", kind(secret)),
            Self::Audience(audience) if audience.is_empty() => write!(f, "has assertions made that don't say for whom they are"),
            Self::Audience(audience) => write!(f, "has assertions made for {}", shown(audience)),
            Self::ReadReturn(name) => write!(f, "reads `{}` of the address that your browser comes back with", shown(name)),
            Self::Return(uri) => write!(f, "has your browser come back to {}", shown(uri)),
            Self::Untied => f.write_str("takes answers of your browser that can't be tied to your sign-in (no state)"),
            Self::Without(check) => write!(f, "goes without the check {}", shown(check)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests;
