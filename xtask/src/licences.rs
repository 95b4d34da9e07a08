//! Which licences the dependencies have. `deny.toml` says which may be; the rest is in cargo's own metadata, so that nothing has to be
//! installed. Known vulnerabilities are looked up where cargo-deny and its database are at hand.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::run;

/// Checks both workspaces.
pub fn check() -> Result<()> {
    let rules = std::fs::read_to_string(run::root().join("deny.toml")).context("can't read deny.toml")?;
    let allowed = allowed(&rules);
    if allowed.is_empty() {
        bail!("deny.toml allows no licence: it needs a line `allow = [` below [licenses]");
    }
    let mut wrong = vec![];
    for manifest in ["Cargo.toml", "components/Cargo.toml"] {
        let metadata = run::output(&mut run::cargo(&["metadata", "--format-version", "1", "--locked", "--manifest-path", manifest]))?;
        let metadata: Value = serde_json::from_str(&metadata).context("can't read cargo's metadata")?;
        let packages = metadata.get("packages").and_then(Value::as_array).context("cargo's metadata names no packages")?;
        wrong.extend(packages.iter().filter_map(|package| complaint(package, &allowed)));
        eprintln!("{} packages of {manifest}", packages.len());
    }
    if !wrong.is_empty() {
        wrong.sort();
        wrong.dedup();
        bail!("these licences aren't allowed by deny.toml:\n  {}", wrong.join("\n  "));
    }
    advisories()
}

fn complaint(package: &Value, allowed: &[&str]) -> Option<String> {
    let text = |field: &str| package.get(field).and_then(Value::as_str);
    let licence = text("license").unwrap_or("none is named");
    let name = || format!("{} {}: {licence}", text("name").unwrap_or_default(), text("version").unwrap_or_default());
    (!permits(licence, allowed)).then(name)
}

/// The strings of the `allow` list below `[licenses]`. Not a TOML reader: `deny.toml` keeps one licence on a line.
fn allowed(rules: &str) -> Vec<&str> {
    let lines = rules.lines().map(str::trim).skip_while(|line| *line != "[licenses]").skip_while(|line| *line != "allow = [").skip(1);
    lines.take_while(|line| *line != "]").filter_map(|line| line.strip_prefix('"')?.split('"').next()).collect()
}

/// Whether an SPDX expression can be met with the allowed licences. Old crates write `MIT/Apache-2.0` for `MIT OR Apache-2.0`.
fn permits(expression: &str, allowed: &[&str]) -> bool {
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = expression.split_whitespace().peekable();
    let met = any(&mut words, allowed);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut met = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    match words.next() {
        Some("(") => {
            let met = any(words, allowed);
            words.next_if_eq(&")").is_some() && met
        }
        Some(licence) => match words.next_if_eq(&"WITH").and_then(|_| words.next()) {
            // An exception only adds to what may be done.
            Some(exception) => allowed.contains(&licence) || allowed.contains(&format!("{licence} WITH {exception}").as_str()),
            None => allowed.contains(&licence),
        },
        None => false,
    }
}

/// RustSec's advisories, if cargo-deny is installed and has fetched its database before.
fn advisories() -> Result<()> {
    let home = std::env::var_os("CARGO_HOME").map_or_else(|| std::env::home_dir().unwrap_or_default().join(".cargo"), Into::into);
    let database = ["advisory-dbs", "advisory-db"].iter().any(|folder| Path::new(&home).join(folder).is_dir());
    let installed = run::cargo(&["deny", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status()?.success();
    if !(installed && database) {
        eprintln!("Advisories weren't looked up (cargo install cargo-deny, then cargo deny fetch).");
        return Ok(());
    }
    run::done(&mut run::cargo(&["deny", "--offline", "check", "advisories"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_met_when_its_licences_are_allowed() {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0"];
        for expression in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "(GPL-3.0) OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
            "MIT AND (GPL-3.0 OR Apache-2.0)",
        ] {
            assert!(permits(expression, &allowed), "{expression}");
        }
        for expression in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT", "MIT)", "MIT Apache-2.0", "GPL-3.0 WITH MIT", "none is named"] {
            assert!(!permits(expression, &allowed), "{expression}");
        }
    }

    #[test]
    fn the_list_is_read_from_denys_own_file() {
        let rules = "[advisories]\nallow = [\n  \"x\",\n]\n[licenses]\n# why\nallow = [\n  \"MIT\", # and why\n  \"ISC\",\n]\n";
        assert_eq!(allowed(rules), ["MIT", "ISC"]);
    }
}
