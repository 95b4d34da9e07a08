//! `[protocol]`: what is particular about a service, as data for the component `oauth2`. docs/manifest.md is its reference.
//!
//! Which keys there are, and what may stand at each, is the table in [`schema`]. Whether all of it fits the endpoints is [`agreement`].

mod agreement;
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

pub(super) use agreement::agree;
use schema::{HARMLESS, Kind, RESERVED, STANDARD, TABLES};
use toml::Spanned;
use toml::de::DeValue;
use url::Url;

use super::parse::pointer;
use super::reader::{Reader, Table};
use super::{is_name, names_a_secret};

type Value<'t> = Spanned<DeValue<'t>>;

/// Characters: it stands in a line with what the service says.
const LONGEST_ADVICE: usize = 300;

/// What `[protocol]` says, by keys with dots.
#[derive(Clone, Debug, Default)]
pub struct Protocol(BTreeMap<String, Said>);

/// What stands at a key.
#[derive(Clone, Debug)]
enum Said {
    Text(String),
    Texts(Vec<String>),
    Pairs(Vec<(String, String)>),
}

impl Protocol {
    /// A text, a number or a flag.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.0.get(key) {
            Some(Said::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A list.
    pub fn texts(&self, key: &str) -> &[String] {
        match self.0.get(key) {
            Some(Said::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// A table of texts.
    pub fn pairs(&self, key: &str) -> &[(String, String)] {
        match self.0.get(key) {
            Some(Said::Pairs(pairs)) => pairs,
            _ => &[],
        }
    }

    /// What a person does about an error: by the longest part of its description that is known, else by its code.
    pub fn advice(&self, code: Option<&str>, description: Option<&str>) -> Option<&str> {
        let all = self.pairs("advice").iter();
        let told = all.clone().filter(|(part, _)| description.is_some_and(|text| text.contains(part.as_str())));
        let told = told.max_by_key(|(part, _)| part.len());
        told.or_else(|| all.clone().find(|(known, _)| code == Some(known))).map(|(_, advice)| advice.as_str())
    }

    /// Names of parameters that a setting decides, each with its key.
    fn renames(&self) -> impl Iterator<Item = (&str, &str)> {
        let tables = self.0.keys().filter(|key| key.ends_with(".rename"));
        let names = tables.flat_map(|key| self.pairs(key).iter().map(|(_, name)| (key.as_str(), name.as_str())));
        names.filter(|(_, name)| name.contains('{'))
    }
}

/// What was read, and where it stands.
#[derive(Default)]
pub(super) struct Read {
    pub(super) said: Protocol,
    spans: BTreeMap<String, Range<usize>>,
}

impl Read {
    /// A key's, else its table's, else that of all.
    fn span(&self, key: &str) -> Range<usize> {
        let table = key.split('.').next().unwrap_or_default();
        [key, table, ""].into_iter().find_map(|key| self.spans.get(key)).cloned().unwrap_or_default()
    }

    fn has(&self, key: &str) -> bool {
        self.spans.contains_key(key)
    }
}

pub(super) fn read<'t>(reader: &mut Reader<'t>, root: &mut Table<'_, 't>, declarative: bool, settings: &BTreeSet<String>) -> Read {
    let mut read = Read::default();
    let Some(value) = root.value("protocol") else { return read };
    if !declarative {
        let hint = "Add at the top: component = \"oauth2\". A component of its own knows its protocol";
        reader.problem(value.span(), "`protocol` is for a manifest without a component of its own", hint);
    }
    read.spans.insert(String::new(), value.span());
    let Some(mut protocol) = reader.table("protocol", value) else { return read };
    for (name, keys) in TABLES {
        let prefix = if name.is_empty() { String::new() } else { format!("{name}.") };
        if name.is_empty() {
            keys.iter()
                .flat_map(|keys| keys.iter())
                .for_each(|(key, kind)| key_of(reader, &mut protocol, &prefix, (key, *kind), settings, &mut read));
            continue;
        }
        read.spans.extend(protocol.value(name).map(|value| (name.to_string(), value.span())));
        let Some(mut table) = protocol.table(reader, name) else { continue };
        for (key, kind) in keys.iter().flat_map(|keys| keys.iter()) {
            key_of(reader, &mut table, &prefix, (key, *kind), settings, &mut read);
        }
        reader.close(table);
    }
    for (name, check) in [("errors", kind_of_error as Check), ("descriptions", kind_of_error), ("advice", advice)] {
        if let Some(value) = protocol.value(name) {
            read.spans.insert(name.to_owned(), value.span());
            read.said.0.extend(pairs(reader, &format!("protocol.{name}"), value, check, settings).map(|pairs| (name.to_owned(), pairs)));
        }
    }
    reader.close(protocol);
    read
}

fn key_of<'t>(
    reader: &mut Reader<'t>,
    table: &mut Table<'_, 't>,
    prefix: &str,
    (key, kind): (&'static str, Kind),
    settings: &BTreeSet<String>,
    read: &mut Read,
) {
    let Some(value) = table.value(key) else { return };
    let name = format!("{prefix}{key}");
    read.spans.insert(name.clone(), value.span());
    if let Some(said) = said(reader, &format!("protocol.{name}"), kind, value, settings) {
        read.said.0.insert(name, said);
    }
}

fn said<'t>(reader: &mut Reader<'t>, path: &str, kind: Kind, value: &Value<'t>, settings: &BTreeSet<String>) -> Option<Said> {
    let span = value.span();
    let before = reader.mistakes();
    let text = |reader: &mut Reader<'t>| reader.text(path, value).map(|(text, _)| text.to_owned());
    let list = |reader: &mut Reader<'t>| -> Vec<String> {
        let several = value.get_ref().is_array();
        let texts = if several { reader.texts(path, value) } else { reader.text(path, value).into_iter().collect() };
        texts.into_iter().map(|(text, _)| text.to_owned()).collect()
    };
    let said = match kind {
        Kind::Flag => match value.get_ref().as_bool() {
            Some(flag) => Some(Said::Text(flag.to_string())),
            None => {
                reader.problem(span.clone(), format!("`{path}` is a {}", value.get_ref().type_str()), "Write true or false");
                None
            }
        },
        Kind::Number => match value.get_ref().as_integer().and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok()) {
            Some(number) => Some(Said::Text(number.to_string())),
            None => {
                reader.problem(span.clone(), format!("`{path}` is not a number of seconds"), "Write digits, without quotes");
                None
            }
        },
        Kind::Choice(known) => {
            let text = text(reader)?;
            if !known.contains(&text.as_str()) {
                reader.problem(span.clone(), format!("there is no {path} `{text}`"), format!("There are: {}", known.join(", ")));
            }
            Some(Said::Text(text))
        }
        Kind::Text => {
            let text = text(reader)?;
            template(reader, path, &text, span.clone(), settings);
            Some(Said::Text(text))
        }
        Kind::Plain => text(reader).map(Said::Text),
        Kind::Header => {
            let text = text(reader)?;
            header(reader, path, &text, span.clone());
            Some(Said::Text(text))
        }
        Kind::Path => {
            let text = text(reader)?;
            template(reader, path, &text, span.clone(), settings);
            if text.starts_with('/') || text.contains(['?', '#']) {
                reader.problem(
                    span.clone(),
                    format!("`{text}` is not a path below an endpoint"),
                    "Write it without a leading `/` and without a query",
                );
            }
            Some(Said::Text(text))
        }
        Kind::Words => Some(Said::Texts(list(reader))),
        Kind::Urls => {
            let texts = list(reader);
            for text in texts.iter().filter(|text| !Url::parse(text).is_ok_and(|url| url.fragment().is_none())) {
                reader.problem(span.clone(), format!("`{text}` is not a resource"), "Write an absolute URI without a fragment (RFC 8707)");
            }
            Some(Said::Texts(texts))
        }
        Kind::Pointers => {
            let texts = list(reader);
            let checked = texts.iter().filter_map(|text| pointer(reader, (text, span.clone()))).collect();
            Some(Said::Texts(checked))
        }
        Kind::Names => {
            let texts = list(reader);
            texts.iter().for_each(|name| parameter(reader, path, name, span.clone()));
            Some(Said::Texts(texts))
        }
        Kind::Dropped => {
            let texts = list(reader);
            for text in texts.iter().filter(|text| !STANDARD.contains(&text.as_str()) || *text == "state") {
                reader.problem(
                    span.clone(),
                    format!("`{text}` can't be dropped"),
                    format!("It is one of: {}", STANDARD.iter().skip(1).copied().collect::<Vec<_>>().join(", ")),
                );
            }
            Some(Said::Texts(texts))
        }
        Kind::Parameters => pairs(reader, path, value, set, settings),
        Kind::Renames => pairs(reader, path, value, rename, settings),
        Kind::Headers => pairs(reader, path, value, header_value, settings),
        Kind::Options => pairs(reader, path, value, option, settings),
        Kind::Success => pairs(reader, path, value, success, settings),
        Kind::Punctuation => {
            let text = text(reader)?;
            if text.is_empty() || !text.chars().all(|c| HARMLESS.contains(c)) {
                let what = format!("`{path}` has what can't stand in a query as it is");
                reader.problem(span.clone(), what, format!("Of these characters: {HARMLESS}"));
            }
            Some(Said::Text(text))
        }
    };
    said.filter(|_| reader.mistakes() == before)
}

/// Checks one pair of a table.
type Check = for<'t, 'r> fn(&'r mut Reader<'t>, &str, (&str, &str), Range<usize>, &BTreeSet<String>);

fn pairs<'t>(reader: &mut Reader<'t>, path: &str, value: &Value<'t>, check: Check, settings: &BTreeSet<String>) -> Option<Said> {
    let Some(table) = value.get_ref().as_table() else {
        reader.problem(value.span(), format!("`{path}` is a {}", value.get_ref().type_str()), "Write a table of texts: { name = \"…\" }");
        return None;
    };
    let mut pairs = vec![];
    for (name, value) in table.iter() {
        let Some((text, span)) = reader.text(&format!("{path}.{}", name.get_ref()), value) else { continue };
        check(reader, path, (name.get_ref(), text), span, settings);
        pairs.push((name.get_ref().to_string(), text.to_owned()));
    }
    Some(Said::Pairs(pairs))
}

fn parameter(reader: &mut Reader<'_>, path: &str, name: &str, span: Range<usize>) {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '&' | '=' | '?' | '#' | '"' | '\'' | '\\' | '%' | '+');
    if !(1..=80).contains(&name.len()) || !name.chars().all(plain) {
        reader.problem(span, format!("`{name}` in {path} can't be a parameter's name"), "Letters, digits and most punctuation, at most 80");
    }
}

fn set(reader: &mut Reader<'_>, path: &str, (name, value): (&str, &str), span: Range<usize>, settings: &BTreeSet<String>) {
    parameter(reader, path, name, span.clone());
    if names_a_secret(name) || RESERVED.contains(&name) {
        let what = format!("`{name}` can't be set in {path}");
        reader.problem(span.clone(), what, "Secrets have no place in a manifest, and what belongs to a flow is the host's. Leave it out");
    }
    template(reader, path, value, span, settings);
}

fn rename(reader: &mut Reader<'_>, path: &str, (name, value): (&str, &str), span: Range<usize>, settings: &BTreeSet<String>) {
    if !STANDARD.contains(&name) {
        reader.problem(span.clone(), format!("`{name}` in {path} is no standard parameter"), format!("There are: {}", STANDARD.join(", ")));
    }
    parameter(reader, path, value, span.clone());
    template(reader, path, value, span, settings);
}

fn header_value(reader: &mut Reader<'_>, path: &str, (name, value): (&str, &str), span: Range<usize>, settings: &BTreeSet<String>) {
    header(reader, path, name, span.clone());
    if names_a_secret(name) {
        reader.problem(span.clone(), format!("`{name}` can't be set in {path}"), "Secrets have no place in a manifest. Leave it out");
    }
    if http::HeaderValue::from_str(value).is_err() {
        reader.problem(span.clone(), format!("`{name}` in {path} can't be sent as a header"), "Write one line of plain letters");
    }
    template(reader, path, value, span, settings);
}

fn option(reader: &mut Reader<'_>, path: &str, (name, value): (&str, &str), span: Range<usize>, _: &BTreeSet<String>) {
    if !is_name(name) {
        reader.problem(span.clone(), format!("`{name}` in {path} can't be an option"), "Letters, digits, hyphens and underscores");
    }
    header(reader, path, value, span);
}

fn success(reader: &mut Reader<'_>, _: &str, (name, _): (&str, &str), span: Range<usize>, _: &BTreeSet<String>) {
    pointer(reader, (name, span));
}

fn kind_of_error(reader: &mut Reader<'_>, path: &str, (name, value): (&str, &str), span: Range<usize>, _: &BTreeSet<String>) {
    if name.is_empty() || !schema::ERRORS.contains(&value) {
        let what = format!("`{name}` in {path} is no kind of error: `{value}`");
        reader.problem(span, what, format!("There are: {}", schema::ERRORS.join(", ")));
    }
}

/// What is shown to a person, as it is.
fn advice(reader: &mut Reader<'_>, path: &str, (name, value): (&str, &str), span: Range<usize>, _: &BTreeSet<String>) {
    if name.is_empty() || value.trim().is_empty() || value.chars().count() > LONGEST_ADVICE || value.chars().any(char::is_control) {
        let what = format!("the advice for `{name}` in {path} must be one line of at most {LONGEST_ADVICE} characters");
        reader.problem(span, what, "Say in a sentence what a person does about it");
    }
}

fn header(reader: &mut Reader<'_>, path: &str, name: &str, span: Range<usize>) {
    match http::HeaderName::from_bytes(name.as_bytes()) {
        Ok(header) if !crate::policy::steers(&header) => {}
        _ => reader.problem(span, format!("`{name}` in {path} is no header that a provider may send"), "Leave it out, or write its name"),
    }
}

/// A text with `{setting}`, `{client_id}` or `{subject}` in it. Doubled braces stand for themselves.
fn template(reader: &mut Reader<'_>, path: &str, text: &str, span: Range<usize>, settings: &BTreeSet<String>) {
    if text.contains(['\n', '\r']) {
        reader.problem(span.clone(), format!("`{path}` must be one line"), "Write it as one");
    }
    for part in text.replace("{{", "").replace("}}", "").split('{').skip(1) {
        match part.split_once('}') {
            Some((name, _)) if ["client_id", "subject"].contains(&name) || settings.contains(name) => {}
            Some((name, _)) => {
                let hint = format!(
                    "There are {{client_id}}, {{subject}} and the settings; declare it: [settings.{}]",
                    crate::presentable(name, 40)
                );
                reader.problem(span.clone(), format!("there is no setting `{name}` for `{path}`"), hint);
            }
            None => reader.problem(span.clone(), format!("`{path}` has a `{{` without its `}}`"), "Write placeholders as {setting}"),
        }
    }
}
