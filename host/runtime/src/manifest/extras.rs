//! `[extras]`: values that a service gives, which are kept with a connection and may stand in its endpoints' URLs: the data centre that an
//! account lives in, the address of a company's instance.
//!
//! Where such a value chooses the host that secrets are sent to, whoever can change it in a browser's address bar would choose that host.
//! So it is put in only if the manifest's pattern takes it, and what a URL's host *ends* in must be one of a list.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use regex_lite::Regex;

use super::parse::{entries, label, pattern, pointer};
use super::reader::{Reader, Table};
use super::{Endpoint, REVEALED};
use crate::Denial;
use crate::scrub::presentable;

/// A value that a service gives.
#[derive(Clone, Debug)]
pub struct Extra {
    /// For people.
    pub name: String,
    /// The parameter of the callback that it comes in.
    pub parameter: Option<String>,
    /// Where it stands in the token endpoint's answer.
    pub pointer: Option<String>,
    /// What it may be.
    pub takes: Takes,
    /// What stands in URLs until the service has said it. Without one: the setting of this name.
    pub default: Option<String>,
}

/// What the value of an extra may be.
#[derive(Clone, Debug)]
pub enum Takes {
    /// One of these; each is what the service says, with what is put into a URL for it.
    Values(BTreeMap<String, String>),
    /// What the whole of a regular expression takes. What its first group took is put into a URL; without a group, all of it.
    Pattern(Regex),
    /// Anything: it stands in no URL.
    Anything,
}

impl Extra {
    /// What is put into a URL for a value, if it may be one.
    pub fn accept<'v>(&'v self, value: &'v str) -> Option<&'v str> {
        match &self.takes {
            Takes::Values(values) => values.get(value).map(String::as_str),
            Takes::Pattern(pattern) => {
                let taken = pattern.captures(value)?;
                taken.get(1).or(taken.get(0)).map(|text| text.as_str())
            }
            Takes::Anything => Some(value),
        }
    }

    /// What it may be, in words.
    pub fn described(&self) -> String {
        match &self.takes {
            Takes::Values(values) => format!("must be one of {}", choices(values)),
            Takes::Pattern(pattern) => format!("must match {pattern}"),
            Takes::Anything => "may be anything".to_owned(),
        }
    }
}

/// A list of values, each with what is put in for it where that is something else.
pub(super) fn choices(values: &BTreeMap<String, String>) -> String {
    let choice = |(said, put): (&String, &String)| if said == put { said.clone() } else { format!("{said} (as {put})") };
    values.iter().map(choice).collect::<Vec<_>>().join(", ")
}

/// Puts what a service said into what URLs are filled with.
pub(crate) fn fill<'v>(
    extras: &BTreeMap<String, Extra>,
    said: impl Fn(&str, &Extra) -> Option<&'v str>,
    settings: &mut BTreeMap<String, String>,
) -> Result<(), Denial> {
    for (name, extra) in extras {
        let Some(value) = said(name, extra) else { continue };
        let Some(accepted) = extra.accept(value) else {
            let what = format!("going on with `{}` as the {}", presentable(value, 80), presentable(&extra.name, 80));
            let rule = format!("the manifest says that it {}", presentable(&extra.described(), 200));
            return Err(Denial::new(
                what,
                rule,
                "Sign in again, at the service's own page. If it says the same, its provider needs an update",
            ));
        };
        settings.insert(name.clone(), accepted.to_owned());
    }
    Ok(())
}

/// Where each of them stands in the manifest.
pub(super) type Spans = BTreeMap<String, Range<usize>>;

pub(super) fn read<'t>(reader: &mut Reader<'t>, root: &mut Table<'_, 't>) -> (BTreeMap<String, Extra>, Spans) {
    let (mut extras, mut spans) = (BTreeMap::new(), Spans::new());
    for (name, span, value) in entries(reader, root, "extras") {
        let Some(mut table) = reader.table(&format!("extras.{name}"), value) else { continue };
        let label = label(reader, &mut table, "name", "\"Data centre\"");
        let parameter = table.text(reader, "parameter").map(|(text, _)| text.to_owned());
        let pointer = table.text(reader, "pointer").and_then(|text| pointer(reader, text));
        let default = table.text(reader, "default").map(|(text, _)| text.to_owned());
        let matching = table.text(reader, "pattern").and_then(|(text, span)| pattern(reader, &name, text, span));
        let values = values(reader, &mut table, &format!("extras.{name}.values"));
        if parameter.is_none() && pointer.is_none() {
            let hint = "Add: parameter = \"…\" of the callback, or pointer = \"/…\" of the token endpoint's answer";
            reader.problem(span.clone(), format!("[extras.{name}] comes from nowhere"), hint);
        }
        let takes = match (values, matching) {
            (Some(values), Some(_)) => {
                reader.problem(span.clone(), format!("[extras.{name}] has values and a pattern"), "Decide for one of them");
                Takes::Values(values)
            }
            (Some(values), None) => Takes::Values(values),
            (None, Some(pattern)) => Takes::Pattern(pattern),
            (None, None) => Takes::Anything,
        };
        reader.close(table);
        spans.insert(name.clone(), span);
        extras.extend(label.map(|label| (name, Extra { name: label, parameter, pointer, takes, default })));
    }
    (extras, spans)
}

/// A list of values, or a table of what the service says with what is put into a URL for it.
pub(super) fn values<'t>(reader: &mut Reader<'t>, table: &mut Table<'_, 't>, path: &str) -> Option<BTreeMap<String, String>> {
    let value = table.value("values")?;
    if let Some(pairs) = value.get_ref().as_table() {
        let text = |(said, put): (&toml::Spanned<std::borrow::Cow<'t, str>>, _)| {
            Some((said.get_ref().to_string(), reader.text(path, put)?.0.to_owned()))
        };
        return Some(pairs.iter().filter_map(text).collect());
    }
    Some(reader.texts(path, value).into_iter().map(|(text, _)| (text.to_owned(), text.to_owned())).collect())
}

/// Whether the rest of the manifest fits: what an extra is read from must be revealed, and what it stands in must be safe from it.
pub(super) fn agree(
    reader: &mut Reader<'_>,
    (extras, spans): (&BTreeMap<String, Extra>, &Spans),
    settings: &BTreeSet<String>,
    endpoints: &BTreeMap<String, Endpoint>,
    revealed: &[String],
) {
    for (name, extra) in extras {
        let span = || spans.get(name).cloned().unwrap_or_default();
        if let Some(parameter) = extra.parameter.as_ref().filter(|parameter| !revealed.contains(parameter)) {
            let what = format!("[extras.{name}] is read from `{parameter}` of the callback, which isn't revealed");
            reader.problem(span(), what, format!("Add it: [callback] reveals = [\"{parameter}\"]"));
        }
        let open = |pointer: &&String| {
            let mut those = endpoints.iter().filter(|(name, _)| ["token", "refresh"].contains(&name.as_str()));
            !REVEALED.contains(&pointer.as_str()) && those.any(|(_, endpoint)| !endpoint.reveals.contains(pointer))
        };
        if let Some(pointer) = extra.pointer.as_ref().filter(open) {
            let what = format!("[extras.{name}] is read from `{pointer}` of the token endpoint's answer, which isn't revealed");
            reader.problem(span(), what, format!("Add it: [endpoints.token] reveals = [\"{pointer}\"]"));
        }
        let hole = format!("{{{name}}}");
        let standing: Vec<_> = endpoints.iter().filter(|(_, endpoint)| endpoint.url.placeholders().contains(name)).collect();
        if standing.is_empty() {
            continue;
        }
        if matches!(extra.takes, Takes::Anything) {
            let what = format!("[extras.{name}] stands in a URL, and may be anything");
            reader.problem(span(), what, "Say what it may be: values = [\"…\"], or pattern = \"…\"");
        }
        if extra.default.is_none() && !settings.contains(name) && standing.iter().any(|(_, endpoint)| endpoint.browser) {
            let what = format!("[extras.{name}] stands in a page's URL, which is opened before the service has said it");
            reader.problem(span(), what, "Add a default, or a setting of the same name");
        }
        let ends = |url: &str| url.trim_start_matches("https://").split('/').next().is_some_and(|host| host.ends_with(&hole));
        if matches!(extra.takes, Takes::Pattern(_))
            && let Some((endpoint, _)) = standing.iter().find(|(_, endpoint)| ends(endpoint.url.as_str()))
        {
            let what = format!("the host of [endpoints.{endpoint}] ends in {hole}, which a pattern leaves open");
            reader.problem(span(), what, "Where secrets are sent is nothing that a browser may bring: values = [\"…\"]");
        }
    }
}
