//! `[callback]`: where the browser comes back to, and what it brings.

use url::Url;

use crate::manifest::reader::{Reader, Table};
use crate::manifest::{Callback, is_name, names_a_secret};

pub(super) fn callback<'t>(reader: &mut Reader<'t>, root: &mut Table<'_, 't>, id: &str, has_issuer: bool) -> Callback {
    let mut callback = Callback::of(id);
    let Some(mut table) = root.table(reader, "callback") else { return callback };
    if let Some((text, span)) = table.text(reader, "redirect") {
        match Url::parse(text) {
            Ok(url) if url.scheme() == "http" && on_this_machine(&url) && url.port().is_none() && url.query().is_none() => {
                if !is_plain(url.path()) {
                    let hint = "Write letters, digits, `-`, `.`, `_` and `~`, with single slashes between";
                    reader.problem(span, format!("the path of `{text}` can be spelled in several ways"), hint);
                }
                callback.host = url.host_str().unwrap_or_default().to_owned();
                callback.path = url.path().to_owned();
            }
            _ => {
                let hint = "Leave it out, or write http://127.0.0.1/path, without a port";
                reader.problem(span, format!("`{text}` is not a redirect URI on this machine"), hint);
            }
        }
    }
    match table.value("port").map(|value| (value.get_ref().as_str(), value.span())) {
        Some((Some("any"), _)) | None => {}
        Some((Some(_), span)) => reader.problem(span, "`port` is a text", "Write \"any\", or the number"),
        Some((None, span)) => match table.number(reader, "port").map(u16::try_from) {
            Some(Ok(port)) => callback.port = Some(port),
            Some(Err(_)) => reader.problem(span, "there is no such port", "Write a number from 1 to 65535"),
            None => {}
        },
    }
    if let Some((name, span)) = table.text(reader, "code") {
        if !is_name(name) || matches!(name, "state" | "error" | "error_description" | "error_uri" | "scope" | "iss") {
            reader.problem(span, format!("`{name}` can't be the code's name"), "Write the parameter that the service sends the code in");
        } else {
            callback.code = name.to_owned();
        }
    }
    match table.text(reader, "iss") {
        Some(("required", span)) if !has_issuer => {
            reader.problem(span, "the callback must name the issuer, which the manifest doesn't", "Add at the top: issuer = \"https://…\"");
        }
        Some(("required", _)) => callback.iss = true,
        Some(("optional", _)) | None => {}
        Some((other, span)) => reader.problem(span, format!("`iss` is \"{other}\""), "There are: optional, required (RFC 9207)"),
    }
    match table.text(reader, "state") {
        Some(("absent", _)) => callback.state = false,
        Some(("required", _)) | None => {}
        Some((other, span)) => reader.problem(span, format!("`state` is \"{other}\""), "There are: required, absent"),
    }
    callback.shows_code = table.flag(reader, "shows-code");
    for (name, span) in table.texts(reader, "reveals") {
        match name {
            name if name == callback.code || matches!(name, "code" | "state") || names_a_secret(name) => {
                reader.problem(span, format!("`{name}` is never revealed"), "Leave it out")
            }
            name => callback.reveals.push(name.to_owned()),
        }
    }
    reader.close(table);
    callback
}

/// A path that services, browsers and the listener read alike, so that two of them can be compared.
fn is_plain(path: &str) -> bool {
    path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte)) && !path.contains("//")
}

fn on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
