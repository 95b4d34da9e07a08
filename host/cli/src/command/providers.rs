//! `jeton providers list | show | add | remove | check`

mod add;
mod check;
mod describe;
mod remove;
mod round;

use jeton_runtime::Manifest;
use serde_json::{Value, json};

use crate::args::Providers;
use crate::context::{Context, Origin};
use crate::failure::{Failure, Result};
use crate::permissions::{Permission, permissions};
use crate::terminal::{BAD, FAINT, STRONG, styled};
use describe::shown;

/// Runs it.
pub async fn run(context: &Context, command: Providers) -> Result {
    match command {
        Providers::List => list(context),
        Providers::Show { provider, guide: true, port } => guide(context, &context.manifest(&provider)?, port),
        Providers::Show { provider, guide: false, port } => show(context, &context.manifest(&provider)?, port),
        Providers::Add(arguments) => add::run(context, arguments).await,
        Providers::Remove(arguments) => remove::run(context, arguments).await,
        Providers::Check { file } => check::run(context, &file).await,
    }
}

/// A provider whose file was changed stands there too, with what is wrong.
fn list(context: &Context) -> Result {
    let all: Vec<_> = context.ids()?.into_iter().map(|id| (context.origin(&id), context.manifest(&id), id)).collect();
    if context.terminal.json {
        let value = |(origin, manifest, id): &(Origin, Result<Manifest>, String)| match manifest {
            Ok(it) => json!({ "id": id, "name": it.name, "version": it.version, "summary": it.summary, "origin": origin.name() }),
            Err(failure) => json!({ "id": id, "origin": origin.name(), "error": failure.what }),
        };
        return context.terminal.value(&all.iter().map(value).collect());
    }
    let row = |(origin, manifest, id): &(Origin, Result<Manifest>, String)| match manifest {
        Ok(it) => vec![id.clone(), shown(&it.name), shown(&it.version), origin.name().to_owned(), shown(&it.summary)],
        Err(failure) => vec![id.clone(), String::new(), String::new(), origin.name().to_owned(), styled(BAD, &failure.what)],
    };
    context.terminal.table(&["ID", "NAME", "VERSION", "FROM", "WHAT IT IS"], &all.iter().map(row).collect::<Vec<_>>())
}

fn guide(context: &Context, manifest: &Manifest, port: Option<u16>) -> Result {
    let guide = manifest.guide_for(&manifest.callback.redirect_uri(port));
    let guide = guide.ok_or_else(|| Failure::new(format!("{} brings no guide", manifest.name), "See the service's own documentation"))?;
    context.terminal.result(guide)
}

fn show(context: &Context, manifest: &Manifest, port: Option<u16>) -> Result {
    if context.terminal.json {
        return context.terminal.value(&as_json(context, manifest, port));
    }
    let terminal = context.terminal;
    terminal.result(describe::title(manifest))?;
    if let Some(documentation) = &manifest.documentation {
        terminal.result(styled(FAINT, documentation))?;
    }
    let from = match context.added().pin(&manifest.id)? {
        Some(pin) if context.origin(&manifest.id) == Origin::Added => {
            format!("added from {}, SHA-256 {}", jeton_runtime::presentable(&pin.from, 300), pin.digest)
        }
        _ => "comes with Jeton".to_owned(),
    };
    terminal.result(styled(FAINT, from))?;
    let grants: Vec<_> = manifest.grants.iter().map(|grant| grant.name()).collect();
    terminal.result(format!("\n{}  {}\n", styled(STRONG, "Grants"), grants.join(", ")))?;
    describe::reach(manifest).into_iter().try_for_each(|line| terminal.result(line))?;
    describe::asks(manifest).into_iter().try_for_each(|line| terminal.result(line))?;
    if !manifest.scopes.is_empty() {
        terminal.result(format!("\n{}", styled(STRONG, "Scopes")))?;
        let width = manifest.scopes.iter().map(|scope| scope.id.len()).max().unwrap_or_default();
        for scope in &manifest.scopes {
            terminal.result(format!("  {:<width$}  {}", shown(&scope.id), styled(FAINT, shown(&scope.name))))?;
        }
    }
    if let Some(guide) = manifest.guide_for(&manifest.callback.redirect_uri(port)) {
        terminal.result(format!("\n{}\n{guide}", styled(STRONG, "How to set it up")))?;
    }
    Ok(())
}

fn as_json(context: &Context, manifest: &Manifest, port: Option<u16>) -> Value {
    let endpoints: serde_json::Map<_, _> = manifest
        .endpoints
        .iter()
        .map(|(name, endpoint)| {
            let captures = endpoint.captures.as_ref().map(|_| {
                let mut all = serde_json::Map::new();
                for (kind, at) in endpoint.captured() {
                    match all.get_mut(kind) {
                        None => drop(all.insert(kind.to_owned(), at.into())),
                        Some(Value::Array(several)) => several.push(at.into()),
                        Some(one) => *one = json!([one.clone(), at]),
                    }
                }
                all
            });
            let value = json!({
                "url": endpoint.url.as_str(),
                "browser": endpoint.browser,
                "accepts": endpoint.accepts,
                "client_certificate": endpoint.client_certificate,
                "captures": captures,
                "reveals": endpoint.reveals,
                "headers": endpoint.headers,
            });
            (name.clone(), value)
        })
        .collect();
    let scopes: Vec<_> = manifest.scopes.iter().map(|scope| json!({ "id": scope.id, "name": scope.name })).collect();
    json!({
        "id": manifest.id,
        "name": manifest.name,
        "version": manifest.version,
        "summary": manifest.summary,
        "origin": context.origin(&manifest.id).name(),
        "documentation": manifest.documentation.as_ref().map(|url| url.as_str()),
        "grants": manifest.grants.iter().map(|grant| grant.name()).collect::<Vec<_>>(),
        "secrets": manifest.secrets.keys().collect::<Vec<_>>(),
        "settings": manifest.settings.keys().collect::<Vec<_>>(),
        "declarative": manifest.declarative,
        "endpoints": endpoints,
        "permissions": permissions(manifest).iter().map(Permission::to_string).collect::<Vec<_>>(),
        "scopes": scopes,
        "redirect_uri": manifest.callback.redirect_uri(port),
        "guide": manifest.guide_for(&manifest.callback.redirect_uri(port)),
    })
}
