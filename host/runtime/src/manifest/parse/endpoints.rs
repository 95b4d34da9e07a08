//! `[endpoints]`: every address, what it accepts, and what is shown of its answers.

use std::collections::{BTreeMap, BTreeSet};

use super::{declared, entries, known_kind, pointer};
use crate::manifest::reader::{Reader, Table};
use crate::manifest::{Endpoint, SHOWN, UrlTemplate, names_a_secret, points_at_a_secret, revealed};

pub(super) fn endpoints<'t>(
    reader: &mut Reader<'t>,
    root: &mut Table<'_, 't>,
    kinds: &BTreeSet<String>,
    settings: &BTreeSet<String>,
) -> BTreeMap<String, Endpoint> {
    let (mut endpoints, before, secrets) = (BTreeMap::new(), reader.mistakes(), declared(root, "secrets"));
    for (name, span, value) in entries(reader, root, "endpoints") {
        let Some(mut table) = reader.table(&format!("endpoints.{name}"), value) else { continue };
        let url = table.required(reader, "url", "\"https://…\"").and_then(|(text, span)| {
            let template = UrlTemplate::parse(text).map_err(|error| reader.problem(span.clone(), error.what, error.hint)).ok()?;
            for unknown in template.placeholders().iter().filter(|name| !settings.contains(*name)) {
                let hint = format!("Declare it: [settings.{unknown}] with a name and a pattern");
                reader.problem(span.clone(), format!("there is no setting `{unknown}`"), hint);
            }
            Some(template)
        });
        let browser = table.flag(reader, "browser");
        let accepts = table.texts(reader, "accepts");
        for (kind, span) in &accepts {
            known_kind(reader, kinds, kind, span.clone());
        }
        let client_certificate = table.flag(reader, "client-certificate");
        if client_certificate && browser {
            let what = format!("[endpoints.{name}] is a page for a browser, which shows no certificate of a client's");
            reader.problem(span.clone(), what, "Leave out client-certificate");
        }
        for missing in ["certificate", "private-key"].into_iter().filter(|secret| client_certificate && !secrets.contains(*secret)) {
            let what = format!("[endpoints.{name}] is shown the client's certificate, and there is no secret `{missing}`");
            reader.problem(span.clone(), what, format!("Declare it: [secrets.{missing}] with a name"));
        }
        let mut also = vec![];
        let captures = table.table(reader, "captures").map(|captures| {
            let mut pointers = BTreeMap::new();
            for (kind, _, value) in captures.entries(reader) {
                let path = format!("endpoints.{name}.captures.{kind}");
                let several =
                    if value.get_ref().is_array() { reader.texts(&path, value) } else { reader.text(&path, value).into_iter().collect() };
                for pointer in several {
                    let span = pointer.1.clone();
                    let Some(pointer) = super::pointer(reader, pointer) else { continue };
                    let named = ["refresh-token", "device-code", "client-secret"]
                        .into_iter()
                        .find(|named| pointer.ends_with(&format!("/{}", named.replace('-', "_"))));
                    if let Some(named) = named.filter(|named| *named != kind) {
                        reader.problem(
                            span,
                            format!("`{pointer}` is captured as {kind}"),
                            format!("Call it what it is: {named} = \"{pointer}\""),
                        );
                    }
                    if pointers.contains_key(&kind) {
                        also.push((kind.clone(), pointer));
                    } else {
                        pointers.insert(kind.clone(), pointer);
                    }
                }
            }
            pointers
        });
        // What is sent where secrets are accepted, or where a certificate stands for one, is answered with secrets, whatever the manifest
        // calls it. A proof goes with an access token.
        let beyond = accepts.iter().any(|(kind, _)| !SHOWN.contains(kind)) || (client_certificate && accepts.is_empty());
        let captures = captures.or_else(|| (beyond && !browser).then(BTreeMap::new));
        let mut reveals = vec![];
        for (text, span) in table.texts(reader, "reveals") {
            if points_at_a_secret(text) {
                let hint = format!("Capture it: captures = {{ KIND = \"{text}\" }}");
                reader.problem(span.clone(), format!("[endpoints.{name}] reveals `{text}`, which is a secret"), hint);
            }
            reveals.extend(pointer(reader, (text, span)));
        }
        let taken = captures.iter().flatten().chain(also.iter().map(|(kind, at)| (kind, at)));
        if let Some((kind, at)) = taken.into_iter().find(|(_, at)| revealed(&reveals, at)) {
            reader.problem(span.clone(), format!("[endpoints.{name}] captures {kind} at `{at}` and reveals it"), "Decide for one of them");
        }
        let headers = table.texts(reader, "headers").into_iter().map(|(text, _)| text.to_ascii_lowercase()).collect::<Vec<_>>();
        if let Some(header) = headers.iter().find(|header| names_a_secret(header)) {
            reader.problem(span.clone(), format!("[endpoints.{name}] shows the header `{header}`, which is a secret"), "Leave it out");
        }
        if headers.iter().any(|header| header == "set-cookie" || header == "location") {
            reader.problem(span.clone(), "`set-cookie` and `location` are never shown to a provider", "Leave them out");
        }
        if browser && (!accepts.is_empty() || captures.is_some()) {
            reader.problem(span.clone(), format!("[endpoints.{name}] is a page for a browser"), "Leave out accepts and captures");
        }
        let raw_basic = match table.text(reader, "basic") {
            Some(("raw", _)) => true,
            Some(("encoded", _)) | None => false,
            Some((other, span)) => {
                reader.problem(span, format!("`basic` is \"{other}\""), "There are: encoded (RFC 6749), raw (RFC 7617 alone)");
                false
            }
        };
        reader.close(table);
        let accepts = accepts.into_iter().map(|(text, _)| text.to_owned()).collect();
        let endpoint = |url| Endpoint { url, browser, accepts, captures, also, reveals, headers, raw_basic, client_certificate };
        endpoints.extend(url.map(|url| (name, endpoint(url))));
    }
    if endpoints.is_empty() && reader.mistakes() == before {
        reader.problem(0..0, "there is no endpoint", "Add: [endpoints.token] with its url");
    }
    endpoints
}
