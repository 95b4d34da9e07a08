//! `jeton providers add`: shows what a provider may do, asks, and keeps its file, pinned by its digest.
//!
//! An update asks only if it may do more than the one before. The file is read once, so what was shown is what is kept.

use std::fs::File;
use std::io::{BufRead as _, IsTerminal as _, Write as _};

use jeton_runtime::{Manifest, presentable};
use serde_json::json;

use super::describe::{asks, origin, reach, shown, title};
use crate::args::AddProvider;
use crate::context::Context;
use crate::discovery::{Issuer, discover};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::package::Package;
use crate::permissions::{Difference, Permission, difference, permissions};
use crate::terminal::{BAD, FAINT, GOOD, STRONG, styled};

/// Runs it.
pub async fn run(context: &Context, arguments: AddProvider) -> Result {
    let package = match Issuer::of_argument(&arguments.path)? {
        Some(issuer) => match discovered(context, &issuer, &arguments).await? {
            Some(package) => package,
            None => return Ok(()),
        },
        None if arguments.id.is_some() || arguments.save.is_some() => {
            return Err(Failure::new("--id and --save are for an issuer", "A file says itself what it is called").exit(Exit::Usage));
        }
        None => Package::read(&arguments.path)?,
    };
    let (manifest, digest) = (&package.inspection.manifest, package.digest());
    let id = manifest.id.as_str();
    if let Some(wanted) = arguments.digest.as_ref().filter(|wanted| **wanted != digest) {
        let what = format!("{} is not the file that is meant: its SHA-256 is {digest}, not {wanted}", package.shown());
        return Err(
            Failure::new(what, "Get it again from its author, and compare the digest with the one published there").exit(Exit::Denied)
        );
    }
    if let Some(bundled) = jeton_bundle::find(id) {
        let what = format!("the file says that it is the provider `{}`, which comes with Jeton", bundled.id);
        return Err(
            Failure::new(what, "Nothing takes the place of that one. A provider of your own needs an id of its own").exit(Exit::Denied)
        );
    }
    context.own_redirect(manifest)?;
    let before = context.added_before(id)?;
    if context.added().pin(id).ok().flatten().is_some_and(|pin| pin.digest == digest) && before.is_some() {
        context.terminal.note(format!("{} {} is there already, and is this very file.", styled(GOOD, "✓"), styled(STRONG, id)));
        return report(context, manifest, &digest, false);
    }
    let grows = match &before {
        Some(before) => update(context, before, &package),
        None => {
            introduce(context, &package).await?;
            true
        }
    };
    if grows && !arguments.yes {
        ask(context, &arguments, &digest, before.is_some())?;
    }
    // What doesn't start isn't kept.
    context.load(package.file.clone()).await?;
    context.added().keep(id, &package.file, &package.path.display().to_string())?;
    let (done, terminal) = (if before.is_some() { "Updated" } else { "Added" }, context.terminal);
    terminal.note(format!("{} {done} {} ({}).", styled(GOOD, "✓"), styled(STRONG, id), shown(&manifest.name)));
    terminal.note(format!("  Next: jeton providers show {id} --guide"));
    report(context, manifest, &digest, true)
}

/// What an issuer says of itself. None: it was only to be written down.
async fn discovered(context: &Context, issuer: &Issuer, arguments: &AddProvider) -> Result<Option<Package>> {
    let found = discover(context, issuer, arguments.id.as_deref()).await?;
    let Some(path) = &arguments.save else { return Package::discovered(issuer, found).map(Some) };
    let shown = presentable(&path.display().to_string(), 300);
    File::create_new(path)
        .and_then(|mut file| file.write_all(found.manifest.as_bytes()))
        .map_err(|error| Failure::new(format!("can't write {shown}: {error}"), "Name a new file, such as provider.toml"))?;
    found.remarks.iter().for_each(|remark| context.terminal.note(remark_line(remark)));
    context.terminal.note(format!("{} Wrote {shown}.", styled(GOOD, "✓")));
    context.terminal.note(format!("  Next: read it, then jeton providers add {shown}"));
    Ok(None)
}

fn remark_line(remark: &str) -> String {
    format!("{} {}", styled(BAD.bold(), "!"), presentable(remark, 500))
}

fn report(context: &Context, manifest: &Manifest, digest: &str, changed: bool) -> Result {
    if !context.terminal.json {
        return Ok(());
    }
    let all: Vec<_> = permissions(manifest).iter().map(Permission::to_string).collect();
    let version = shown(&manifest.version);
    context.terminal.value(&json!({ "id": manifest.id, "version": version, "digest": digest, "changed": changed, "permissions": all }))
}

/// All that a person needs to know.
async fn introduce(context: &Context, package: &Package) -> Result {
    let (manifest, terminal) = (&package.inspection.manifest, context.terminal);
    let path = package.shown();
    terminal.ask(format!("{}\n", title(manifest)));
    origin(manifest, &path, package.file.len(), &package.digest()).iter().for_each(|line| terminal.ask(line));
    terminal.ask("");
    reach(manifest).iter().for_each(|line| terminal.ask(line));
    asks(manifest).iter().for_each(|line| terminal.ask(line));
    terminal.ask(styled(FAINT, "\nIt runs in a sandbox: no files, no other network, and it never sees a secret or a token itself."));
    for warning in warnings(context, manifest).await?.iter().chain(&package.remarks) {
        terminal.ask(remark_line(warning));
    }
    terminal.ask("");
    Ok(())
}

/// What a person who reads fast shouldn't miss.
async fn warnings(context: &Context, manifest: &Manifest) -> Result<Vec<String>> {
    let mut warnings = vec![];
    let same = |name: &str| name.trim().eq_ignore_ascii_case(manifest.name.trim());
    for id in context.ids()? {
        if id != manifest.id && context.manifest(&id).is_ok_and(|other| same(&other.name)) {
            warnings.push(format!("It has the name of another provider, {id}."));
        }
    }
    // Left by one that was removed with --force.
    let (clients, connections) = context.users(&manifest.id).await?;
    if !clients.is_empty() || !connections.is_empty() {
        let names = clients.into_iter().chain(connections).collect::<Vec<_>>().join(", ");
        warnings.push(format!("It would be given the clients and connections of an earlier provider of this id: {names}."));
    }
    Ok(warnings)
}

/// Shows what changes, and answers whether it may do more.
fn update(context: &Context, before: &Manifest, package: &Package) -> bool {
    let (manifest, terminal) = (&package.inspection.manifest, context.terminal);
    let Difference { more, less } = difference(before, manifest);
    let say = |line: String| if more.is_empty() { terminal.note(line) } else { terminal.ask(line) };
    say(title(manifest));
    say(format!("  version         {}, was {}", shown(&manifest.version), shown(&before.version)));
    say(format!("  SHA-256         {}", package.digest()));
    match (more.is_empty(), less.is_empty()) {
        (true, true) => say("It may do what it could do before, and nothing else.".to_owned()),
        (true, false) => say("It may do nothing that it couldn't do before.".to_owned()),
        (false, _) => say(styled(STRONG, "It may do more than before")),
    }
    more.iter().for_each(|permission| say(format!("  {} {permission}", styled(BAD, "+"))));
    if !less.is_empty() {
        say(styled(STRONG, "What it no longer does"));
    }
    less.iter().for_each(|permission| say(format!("  {} {permission}", styled(GOOD, "-"))));
    package.remarks.iter().for_each(|remark| say(remark_line(remark)));
    !more.is_empty()
}

/// Asks the person at the terminal. Nobody else can answer: a script says which file it means, by digest.
fn ask(context: &Context, arguments: &AddProvider, digest: &str, update: bool) -> Result {
    if !std::io::stdin().is_terminal() {
        let id = arguments.id.as_ref().map(|id| format!(" --id {id}")).unwrap_or_default();
        let hint = format!(
            "If you trust it: jeton providers add {}{id} --yes --digest {digest}",
            presentable(&arguments.path.display().to_string(), 300)
        );
        return Err(Failure::new("somebody must agree to that, and there is no terminal to ask", hint).exit(Exit::Usage));
    }
    let verb = if update { "Update" } else { "Add" };
    context.terminal.question(&format!("{verb} it? [y/N] "));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    let (what, hint) = match update {
        true => ("nothing was changed", "The one before stays as it is"),
        false => ("nothing was added", "Nothing of the file was kept, and nothing of it ran"),
    };
    Err(Failure::new(what, hint))
}
