//! `jeton providers list | show`

use jeton_runtime::Manifest;
use serde_json::json;

use crate::args::Providers;
use crate::context::{Context, manifest};
use crate::failure::{Failure, Result};
use crate::terminal::{FAINT, STRONG, styled};

/// Runs it.
pub fn run(context: &Context, command: Providers) -> Result {
    match command {
        Providers::List => list(context),
        Providers::Show { provider, guide: true, port } => guide(context, &manifest(&provider)?, port),
        Providers::Show { provider, guide: false, port } => show(context, &manifest(&provider)?, port),
    }
}

fn list(context: &Context) -> Result {
    let manifests = jeton_bundle::ALL.iter().map(|bundled| manifest(bundled.id)).collect::<Result<Vec<_>>>()?;
    if context.terminal.json {
        let all: Vec<_> = manifests
            .iter()
            .map(|manifest| json!({ "id": manifest.id, "name": manifest.name, "version": manifest.version, "summary": manifest.summary }))
            .collect();
        return context.terminal.value(&all.into());
    }
    let row = |manifest: &Manifest| vec![manifest.id.clone(), manifest.name.clone(), manifest.version.clone(), manifest.summary.clone()];
    context.terminal.table(&["ID", "NAME", "VERSION", "WHAT IT IS"], &manifests.iter().map(row).collect::<Vec<_>>())
}

fn guide(context: &Context, manifest: &Manifest, port: Option<u16>) -> Result {
    let guide = manifest.guide_for(&manifest.callback.redirect_uri(port));
    let guide = guide.ok_or_else(|| Failure::new(format!("{} brings no guide", manifest.name), "See the service's own documentation"))?;
    context.terminal.result(guide)
}

fn show(context: &Context, manifest: &Manifest, port: Option<u16>) -> Result {
    if context.terminal.json {
        return context.terminal.value(&as_json(manifest, port));
    }
    let terminal = context.terminal;
    terminal.result(format!("{} {} — {}", styled(STRONG, &manifest.name), manifest.version, manifest.summary))?;
    if let Some(documentation) = &manifest.documentation {
        terminal.result(styled(FAINT, documentation))?;
    }
    let grants: Vec<_> = manifest.grants.iter().map(|grant| grant.name()).collect();
    terminal.result(format!("\n{}  {}", styled(STRONG, "Grants"), grants.join(", ")))?;
    terminal.result(format!("\n{}", styled(STRONG, "It may reach")))?;
    for (name, endpoint) in &manifest.endpoints {
        let what = match (endpoint.browser, endpoint.accepts.is_empty()) {
            (true, _) => "opened in your browser".to_owned(),
            (false, true) => "gets no secret".to_owned(),
            (false, false) => format!("may be sent: {}", endpoint.accepts.join(", ")),
        };
        terminal.result(format!("  {name:<10} {}\n             {}", endpoint.url.as_str(), styled(FAINT, what)))?;
    }
    if !manifest.scopes.is_empty() {
        terminal.result(format!("\n{}", styled(STRONG, "Scopes")))?;
        let width = manifest.scopes.iter().map(|scope| scope.id.len()).max().unwrap_or_default();
        for scope in &manifest.scopes {
            terminal.result(format!("  {:<width$}  {}", scope.id, styled(FAINT, &scope.name)))?;
        }
    }
    if let Some(guide) = manifest.guide_for(&manifest.callback.redirect_uri(port)) {
        terminal.result(format!("\n{}\n{guide}", styled(STRONG, "How to set it up")))?;
    }
    Ok(())
}

fn as_json(manifest: &Manifest, port: Option<u16>) -> serde_json::Value {
    let endpoints: serde_json::Map<_, _> = manifest
        .endpoints
        .iter()
        .map(|(name, endpoint)| {
            (name.clone(), json!({ "url": endpoint.url.as_str(), "browser": endpoint.browser, "accepts": endpoint.accepts }))
        })
        .collect();
    let scopes: Vec<_> = manifest.scopes.iter().map(|scope| json!({ "id": scope.id, "name": scope.name })).collect();
    json!({
        "id": manifest.id,
        "name": manifest.name,
        "version": manifest.version,
        "summary": manifest.summary,
        "documentation": manifest.documentation.as_ref().map(|url| url.as_str()),
        "grants": manifest.grants.iter().map(|grant| grant.name()).collect::<Vec<_>>(),
        "secrets": manifest.secrets.keys().collect::<Vec<_>>(),
        "settings": manifest.settings.keys().collect::<Vec<_>>(),
        "endpoints": endpoints,
        "scopes": scopes,
        "redirect_uri": manifest.callback.redirect_uri(port),
        "guide": manifest.guide_for(&manifest.callback.redirect_uri(port)),
    })
}
