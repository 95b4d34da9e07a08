//! The format of `provider.toml`, key by key.

mod callback;
mod endpoints;
mod service_account;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use toml::de::DeTable;
use url::Url;

use super::reader::{Reader, Table};
use super::{extras, protocol, *};
use callback::callback;
use endpoints::endpoints;
use service_account::service_account;

/// The contract that this host speaks; a manifest that names another one is refused before its component is read.
const CONTRACT: &str = "0.1";

const ALGORITHMS: [&str; 12] = ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// The one component that a manifest alone can be for.
const DECLARATIVE: &str = "oauth2";

/// Bytes of a manifest, and of one compiled pattern: it is read before anybody has agreed to it.
const LARGEST: usize = 256 << 10;

pub(super) fn parse(source: &str) -> Result<Manifest, Problems> {
    let mut reader = Reader::new(source);
    if source.len() > LARGEST {
        reader.problem(0..0, format!("the manifest is longer than {} KiB", LARGEST >> 10), "Shorten it");
        return reader.finish(None);
    }
    let (root, errors) = DeTable::parse_recoverable(source);
    for error in errors {
        reader.problem(error.span().unwrap_or(0..0), error.message(), "See https://toml.io for how TOML is written");
    }
    let manifest = read(&mut reader, Table::root(&root));
    reader.finish(manifest)
}

fn read<'t>(reader: &mut Reader<'t>, mut root: Table<'_, 't>) -> Option<Manifest> {
    let id = root.required(reader, "id", "\"acme\"").map(|(text, span)| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !(1..=40).contains(&text.len()) || !text.chars().all(plain) || text.starts_with('-') {
            reader.problem(span, format!("`{text}` can't be an id"), "Lower-case letters, digits and hyphens, at most 40");
        }
        text.to_owned()
    });
    let name = label(reader, &mut root, "name", "\"Acme\"");
    let version = label(reader, &mut root, "version", "\"1.0.0\"");
    let summary = label(reader, &mut root, "summary", "\"What the service is\"");
    if let Some((contract, span)) = root.required(reader, "contract", &format!("\"{CONTRACT}\""))
        && contract != CONTRACT
    {
        reader.problem(span, format!("this host speaks contract {CONTRACT}, not {contract}"), "Use a matching provider or host");
    }
    let documentation = root.text(reader, "documentation").and_then(|(text, span)| match Url::parse(text) {
        Ok(url) if url.scheme() == "https" => Some(url),
        _ => {
            reader.problem(span, format!("`{text}` is not an https URL"), "Write https://…");
            None
        }
    });
    let grants = grants(reader, &mut root);
    let settings = settings(reader, &mut root);
    let secrets = secrets(reader, &mut root);
    let kinds: BTreeSet<String> =
        KINDS.iter().map(|kind| (*kind).to_owned()).chain(declared(&mut root, "secrets")).chain(captured(&mut root)).collect();
    let signs = signs(reader, &mut root, &kinds);
    let audiences = root.texts(reader, "audiences").into_iter().map(|(text, _)| text.to_owned()).collect();
    let known = declared(&mut root, "settings");
    let fillable = known.iter().cloned().chain(declared(&mut root, "extras")).collect();
    let endpoints = endpoints(reader, &mut root, &kinds, &fillable);
    let issuer = root.text(reader, "issuer").and_then(|(text, span)| match Url::parse(text) {
        // RFC 8414, 2.
        Ok(url) if url.scheme() == "https" && url.query().is_none() && url.fragment().is_none() => Some(text.to_owned()),
        _ => {
            reader.problem(
                span,
                format!("`{text}` is not an issuer"),
                "Write https://…, without a query, as the service's metadata has it",
            );
            None
        }
    });
    let callback = callback(reader, &mut root, id.as_deref().unwrap_or("ID"), issuer.is_some());
    let (extras, spans) = extras::read(reader, &mut root);
    extras::agree(reader, (&extras, &spans), &known, &endpoints, &callback.reveals);
    let component = root.text(reader, "component").filter(|(text, span)| {
        let known = *text == DECLARATIVE;
        if !known {
            reader.problem(
                span.clone(),
                format!("there is no component `{text}`"),
                format!("Write component = \"{DECLARATIVE}\", or leave it out"),
            );
        }
        known
    });
    let declarative = component.is_some();
    let protocol = protocol::read(reader, &mut root, declarative, &known);
    if declarative {
        protocol::agree(reader, &protocol, &grants, &secrets, &signs, &settings, &endpoints);
    }
    let protocol = protocol.said;
    let service_account = service_account(reader, &mut root);
    let lifetimes = lifetimes(reader, &mut root);
    let scopes = scopes(reader, &mut root);
    let (guide, way_out) = guide(reader, &mut root);
    let stub_wasi = match root.text(reader, "wasi") {
        Some(("stubbed", _)) => true,
        Some((other, span)) => {
            reader.problem(span, format!("`wasi` is \"{other}\""), "Write wasi = \"stubbed\", or leave it out");
            false
        }
        None => false,
    };
    reader.close(root);
    Some(Manifest {
        id: id?,
        name: name?,
        version: version?,
        summary: summary?,
        documentation,
        grants,
        settings,
        secrets,
        signs,
        audiences,
        endpoints,
        callback,
        service_account,
        lifetimes,
        scopes,
        guide,
        way_out,
        stub_wasi,
        issuer,
        extras,
        declarative,
        protocol,
    })
}

/// One line for people.
pub(super) fn label<'t>(reader: &mut Reader<'t>, table: &mut Table<'_, 't>, key: &'static str, example: &str) -> Option<String> {
    let (text, span) = table.required(reader, key, example)?;
    if text.is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        reader.problem(span, format!("`{key}` must be one line of at most 200 characters"), "Shorten it");
    }
    Some(text.to_owned())
}

fn grants<'t>(reader: &mut Reader<'t>, root: &mut Table<'_, 't>) -> Vec<GrantKind> {
    let known = GrantKind::ALL.map(GrantKind::name).join(", ");
    let (mut grants, before) = (vec![], reader.mistakes());
    for (text, span) in root.texts(reader, "grants") {
        match text.parse() {
            Ok(grant) => grants.push(grant),
            Err(()) => reader.problem(span, format!("there is no grant `{text}`"), format!("There are: {known}")),
        }
    }
    if grants.is_empty() && reader.mistakes() == before {
        reader.problem(0..0, "`grants` is missing or empty", "Add: grants = [\"authorization-code\"]");
    }
    grants
}

pub(super) type Entry<'a, 't> = (String, Range<usize>, &'a toml::Spanned<toml::de::DeValue<'t>>);

/// A table whose keys are names.
pub(super) fn entries<'a, 't>(reader: &mut Reader<'t>, root: &mut Table<'a, 't>, key: &'static str) -> Vec<Entry<'a, 't>> {
    root.table(reader, key).map(|table| table.entries(reader)).unwrap_or_default()
}

fn settings<'t>(reader: &mut Reader<'t>, root: &mut Table<'_, 't>) -> BTreeMap<String, Setting> {
    let mut settings = BTreeMap::new();
    for (name, _, value) in entries(reader, root, "settings") {
        let Some(mut table) = reader.table(&format!("settings.{name}"), value) else { continue };
        let label = label(reader, &mut table, "name", "\"Tenant\"");
        let default = table.text(reader, "default").map(|(text, span)| (text.to_owned(), span));
        let description = table.text(reader, "description").map(|(text, _)| text.to_owned());
        let values = extras::values(reader, &mut table, &format!("settings.{name}.values")).unwrap_or_default();
        let pattern = if values.is_empty() {
            table.required(reader, "pattern", "\"[a-z0-9-]+\"").and_then(|(text, span)| pattern(reader, &name, text, span))
        } else {
            if let Some((_, span)) = table.text(reader, "pattern") {
                reader.problem(span, format!("[settings.{name}] has values and a pattern"), "Decide for one of them");
            }
            let one_of: Vec<_> = values.keys().map(|value| regex_lite::escape(value)).collect();
            pattern(reader, &name, &one_of.join("|"), 0..0)
        };
        reader.close(table);
        if let (Some(label), Some(pattern)) = (label, pattern) {
            if let Some((text, span)) = &default
                && !pattern.is_match(text)
            {
                reader.problem(span.clone(), format!("the default of `{name}` doesn't match its pattern"), "Change one of them");
            }
            settings.insert(name, Setting { name: label, pattern, values, default: default.map(|(text, _)| text), description });
        }
    }
    settings
}

/// A regular expression for the whole of a value.
pub(super) fn pattern(reader: &mut Reader<'_>, name: &str, text: &str, span: Range<usize>) -> Option<regex_lite::Regex> {
    // Alone as well: `a)|(?:b` is a pattern only between these anchors, and slips out of them.
    let compile = |text: &str| regex_lite::RegexBuilder::new(text).size_limit(LARGEST).build();
    compile(text)
        .and_then(|_| compile(&format!("^(?:{text})$")))
        .map_err(|error| reader.problem(span, format!("the pattern of `{name}`: {error}"), "Write a regular expression"))
        .ok()
}

fn secrets<'t>(reader: &mut Reader<'t>, root: &mut Table<'_, 't>) -> BTreeMap<String, SecretField> {
    let mut secrets = BTreeMap::new();
    for (name, _, value) in entries(reader, root, "secrets") {
        let Some(mut table) = reader.table(&format!("secrets.{name}"), value) else { continue };
        let label = label(reader, &mut table, "name", "\"Client Secret\"");
        let required = table.flag(reader, "required");
        let generated = table.flag(reader, "generated");
        reader.close(table);
        secrets.extend(label.map(|label| (name, SecretField { name: label, required: required && !generated, generated })));
    }
    secrets
}

fn signs<'t>(reader: &mut Reader<'t>, root: &mut Table<'_, 't>, kinds: &BTreeSet<String>) -> BTreeMap<String, Vec<String>> {
    let (mut signs, own) = (BTreeMap::new(), declared(root, "secrets"));
    for (kind, span, value) in entries(reader, root, "signs") {
        known_kind(reader, kinds, &kind, span.clone());
        // A signature by a token or a code would be a hash of it, for whoever accepts assertions.
        if kinds.contains(&kind) && !own.contains(&kind) && !["client-secret", "private-key"].contains(&kind.as_str()) {
            reader.problem(span, format!("the {kind} is no key"), "Keys are the client's: declare one under [secrets]");
        }
        let algorithms = reader.texts(&format!("signs.{kind}"), value);
        for (algorithm, span) in &algorithms {
            if !ALGORITHMS.contains(algorithm) {
                reader.problem(
                    span.clone(),
                    format!("there is no algorithm `{algorithm}`"),
                    format!("There are: {}", ALGORITHMS.join(", ")),
                );
            }
        }
        signs.insert(kind, algorithms.into_iter().map(|(text, _)| text.to_owned()).collect());
    }
    signs
}

fn known_kind(reader: &mut Reader<'_>, kinds: &BTreeSet<String>, kind: &str, span: Range<usize>) {
    if !kinds.contains(kind) {
        let known: Vec<_> = kinds.iter().map(String::as_str).collect();
        reader.problem(span, format!("there is no secret `{kind}`"), format!("Declare it under [secrets], or use: {}", known.join(", ")));
    }
}

/// The names in a table, those with mistakes too: what refers to one of these is right.
fn declared(root: &mut Table<'_, '_>, key: &'static str) -> BTreeSet<String> {
    let table = root.value(key).and_then(|value| value.get_ref().as_table());
    table.into_iter().flat_map(|table| table.keys()).map(|name| name.get_ref().to_string()).collect()
}

/// The names of what the endpoints capture: kinds of secrets too.
fn captured(root: &mut Table<'_, '_>) -> Vec<String> {
    let endpoints = root.value("endpoints").and_then(|value| value.get_ref().as_table());
    let endpoints = endpoints.into_iter().flat_map(|table| table.values()).filter_map(|endpoint| endpoint.get_ref().as_table());
    let captures = endpoints.filter_map(|endpoint| endpoint.get("captures")?.get_ref().as_table());
    captures.flat_map(|table| table.keys()).map(|kind| kind.get_ref().to_string()).collect()
}

pub(super) fn pointer(reader: &mut Reader<'_>, (text, span): (&str, Range<usize>)) -> Option<String> {
    // A `~` that escapes nothing would be a second spelling of a place, by which a captured one could be revealed.
    let escapes = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if text.starts_with('/') && text.len() > 1 && escapes {
        return Some(text.to_owned());
    }
    reader.problem(span, format!("`{text}` is not a JSON pointer"), "Write /name, or /outer/inner (RFC 6901)");
    None
}

/// How to register a client, and how a person ends what was granted.
fn guide<'t>(reader: &mut Reader<'t>, root: &mut Table<'_, 't>) -> (Option<String>, Option<String>) {
    let Some(mut guide) = root.table(reader, "guide") else { return (None, None) };
    let text = guide.required(reader, "text", "\"\"\"1. Open …\"\"\"").map(|(text, _)| text.trim().to_owned());
    let way_out = guide.value("revoke").and_then(|_| label(reader, &mut guide, "revoke", "\"Settings → Connected apps\""));
    reader.close(guide);
    (text, way_out)
}

fn lifetimes<'t>(reader: &mut Reader<'t>, root: &mut Table<'_, 't>) -> Lifetimes {
    let Some(mut table) = root.table(reader, "lifetimes") else { return Lifetimes::default() };
    let code = table.number(reader, "code").map(Duration::from_secs);
    let refresh_token = table.number(reader, "refresh-token").map(Duration::from_secs);
    let refresh_window = table.number(reader, "refresh-window").map(Duration::from_secs);
    let single_use = match table.text(reader, "rotation") {
        Some(("single-use", _)) => true,
        Some(("none" | "replace", _)) | None => false,
        Some((other, span)) => {
            reader.problem(span, format!("there is no rotation `{other}`"), "There are: none, replace, single-use");
            false
        }
    };
    reader.close(table);
    Lifetimes { code, refresh_token, refresh_window, single_use }
}

fn scopes<'t>(reader: &mut Reader<'t>, root: &mut Table<'_, 't>) -> Vec<Scope> {
    let Some(value) = root.value("scopes") else { return vec![] };
    let Some(items) = value.get_ref().as_array() else {
        reader.problem(value.span(), "`scopes` is no list of tables", "Write [[scopes]] above each");
        return vec![];
    };
    let mut scopes = vec![];
    for item in items.iter() {
        let Some(mut table) = reader.table("scopes", item) else { continue };
        let id = label(reader, &mut table, "id", "\"files.read\"");
        let name = label(reader, &mut table, "name", "\"Read files\"");
        reader.close(table);
        scopes.extend(id.zip(name).map(|(id, name)| Scope { id, name }));
    }
    scopes
}
