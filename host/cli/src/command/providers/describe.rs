//! A provider in words for a person: what it says that it is, and what it may do. What it says is shown as plain text, whatever it holds.

use jeton_runtime::manifest::Endpoint;
use jeton_runtime::{Manifest, presentable};

use crate::permissions::kind;
use crate::terminal::{BAD, FAINT, STRONG, styled};

/// One line of what a manifest says.
pub fn shown(text: &str) -> String {
    presentable(text, 200)
}

/// Name, version and what it is for.
pub fn title(manifest: &Manifest) -> String {
    let name = styled(STRONG, shown(&manifest.name));
    format!("{name} {} ({}): {}", shown(&manifest.version), manifest.id, shown(&manifest.summary))
}

/// Every address, what is sent there, and what comes back.
pub fn reach(manifest: &Manifest) -> Vec<String> {
    let mut lines = vec![styled(STRONG, "It may reach these addresses, and no others")];
    for (name, endpoint) in &manifest.endpoints {
        let below = if endpoint.url.is_folder() && !endpoint.browser { " and below" } else { "" };
        lines.push(format!("  {name:<10} {}{}", presentable(endpoint.url.as_str(), 300), styled(FAINT, below)));
        lines.extend(exchange(manifest, endpoint).into_iter().map(|line| format!("  {:<10} {}", "", styled(FAINT, line))));
    }
    if manifest.endpoints.values().any(|endpoint| endpoint.accepts.iter().any(|kind| kind == "access-token")) {
        lines.push(
            "  Where an access token is sent, it can do whatever you grant when you sign in: to read, to change, to delete.".to_owned(),
        );
    }
    lines
}

fn exchange(manifest: &Manifest, endpoint: &Endpoint) -> Vec<String> {
    if endpoint.browser {
        return vec!["opens in your browser; is sent no secret".to_owned()];
    }
    let sent: Vec<_> = endpoint.accepts.iter().map(|kind| called(manifest, kind)).collect();
    let mut lines = vec![if sent.is_empty() { "is sent no secret".to_owned() } else { format!("is sent: {}", sent.join(", ")) }];
    if endpoint.client_certificate {
        lines.push(format!("is shown: {}", called(manifest, "certificate")));
    }
    match &endpoint.captures {
        None => lines.push("the provider reads: all that is answered, without the secrets above".to_owned()),
        Some(captures) => {
            let own = endpoint.reveals.iter().map(|pointer| shown(pointer));
            let read: Vec<_> = ["type, lifetime and scope, error texts".to_owned()].into_iter().chain(own).collect();
            lines.push(format!("the provider reads: {}", read.join(", ")));
            if !captures.is_empty() {
                let kept: Vec<_> = endpoint.captured().map(|(kind, at)| format!("{} ({})", called(manifest, kind), shown(at))).collect();
                lines.push(format!("Jeton keeps from it: {}", kept.join(", ")));
            }
        }
    }
    if !endpoint.headers.is_empty() {
        let headers: Vec<_> = endpoint.headers.iter().map(|header| shown(header)).collect();
        lines.push(format!("and the headers: {}", headers.join(", ")));
    }
    lines
}

/// As the service's console calls it, where the manifest says so.
fn called(manifest: &Manifest, name: &str) -> String {
    manifest.secrets.get(name).map_or_else(|| kind(name), |field| shown(&field.name))
}

/// What it asks of a person, which settings change where it reaches, and what else it may do.
pub fn asks(manifest: &Manifest) -> Vec<String> {
    let mut lines = vec![];
    if !manifest.secrets.is_empty() {
        lines.extend([String::new(), styled(STRONG, "It asks you for these secrets, and never reads them")]);
        let need = |required| if required { "" } else { ", if there is one" };
        lines.extend(manifest.secrets.values().map(|field| format!("  {}{}", shown(&field.name), need(field.required))));
    }
    if !manifest.settings.is_empty() {
        lines.extend([String::new(), styled(STRONG, "It asks you for these settings, and reads them")]);
    }
    for (name, setting) in &manifest.settings {
        let stands = manifest.endpoints.iter().filter(|(_, endpoint)| endpoint.url.placeholders().contains(name));
        let stands: Vec<_> = stands.map(|(endpoint, _)| endpoint.as_str()).collect();
        let default = setting.default.as_ref().map(|text| format!(", otherwise {}", shown(text))).unwrap_or_default();
        let choices: Vec<_> = setting.values.keys().map(|value| shown(value)).collect();
        let choices = if choices.is_empty() { String::new() } else { format!(": {}", choices.join(", ")) };
        lines.push(format!("  {name:<10} {}{choices}{default}", shown(&setting.name)));
        if !stands.is_empty() {
            let what = format!("changes the address of {}: {}", stands.join(", "), presentable(&setting.described(), 2000));
            lines.push(format!("  {:<10} {}", "", styled(BAD, what)));
        }
    }
    let mut more = vec![];
    for (name, extra) in &manifest.extras {
        let stands = manifest.endpoints.iter().filter(|(_, endpoint)| endpoint.url.placeholders().contains(name));
        let stands: Vec<_> = stands.map(|(endpoint, _)| endpoint.as_str()).collect();
        if !stands.is_empty() {
            let what = format!(
                "have the service change the address of {}, by its {}: {}",
                stands.join(", "),
                shown(&extra.name),
                presentable(&extra.described(), 2000)
            );
            more.push(styled(BAD, what));
        }
    }
    for (name, algorithms) in &manifest.signs {
        more.push(format!("have Jeton sign with the {}, by {}", called(manifest, name), shown(&algorithms.join(", "))));
    }
    if !manifest.audiences.is_empty() {
        more.push(format!("have what is signed made out to: {}", shown(&manifest.audiences.join(", "))));
    }
    if !manifest.callback.reveals.is_empty() {
        more.push(format!("read of the address that your browser comes back with: {}", shown(&manifest.callback.reveals.join(", "))));
    }
    if !manifest.callback.state {
        let what = "take answers of your browser that can't be tied to your sign-in (no state): anybody may have sent them";
        more.push(styled(BAD, what));
    }
    if !more.is_empty() {
        lines.extend([String::new(), styled(STRONG, "It may also")]);
        lines.extend(more.into_iter().map(|line| format!("  {line}")));
    }
    lines
}

/// Who made it, as far as that can be known; and what it is by its digest.
pub fn origin(manifest: &Manifest, path: &str, size: usize, digest: &str) -> Vec<String> {
    let documentation =
        manifest.documentation.as_ref().map(|url| format!("\n  it refers to    {}", shown(url.as_str()))).unwrap_or_default();
    if manifest.declarative {
        let found = if path.starts_with("https://") { "described by   " } else { "file           " };
        return vec![
            format!("  {found} {path}, without code of its own: Jeton's oauth2 does what it says"),
            format!("  SHA-256         {digest}, with that{documentation}"),
            styled(
                FAINT,
                "                  Name, version and summary are what the file says of itself. All that it does is in it, to be read.",
            ),
        ];
    }
    vec![
        format!("  file            {path} ({size} bytes)"),
        format!("  SHA-256         {digest}{documentation}"),
        format!("  made by         {}", styled(BAD, "nobody can tell: the file isn't signed")),
        styled(FAINT, "                  Name, version and summary are what the file says of itself. Compare the SHA-256 with the one"),
        styled(FAINT, "                  that its author publishes in a place that you trust."),
    ]
}
