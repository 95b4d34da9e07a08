//! `jeton providers check`: what an author wants to know before anybody adds a provider. Reads the file, audits it, starts it, and takes it
//! through a whole connection with a stand-in for its service. It keeps nothing, and sends nothing to the real service.

use std::path::Path;

use jeton_runtime::{Error, presentable};
use serde_json::{Value, json};

use super::describe::title;
use super::round;
use crate::context::Context;
use crate::failure::{Failure, Result, lines};
use crate::package::Package;
use crate::terminal::{BAD, FAINT, GOOD, Terminal, styled};

/// One thing that was looked at.
pub struct Check {
    /// In a word.
    pub what: &'static str,
    /// How it went.
    pub outcome: Outcome,
}

/// How a check went.
pub enum Outcome {
    /// As it should.
    Ok(String),
    /// Not so.
    Failed {
        /// Why.
        why: String,
        /// What to do.
        hint: Option<String>,
        /// What would allow it, where a rule forbade it.
        allow: Option<String>,
    },
    /// It wasn't made, and why.
    NotRun(String),
}

impl Check {
    /// It went as it should.
    pub fn ok(what: &'static str, detail: impl Into<String>) -> Self {
        Self { what, outcome: Outcome::Ok(detail.into()) }
    }

    /// It didn't.
    pub fn failed(what: &'static str, why: impl Into<String>, hint: &str) -> Self {
        Self { what, outcome: Outcome::Failed { why: why.into(), hint: Some(hint.to_owned()), allow: None } }
    }

    /// The runtime said no.
    pub fn error(what: &'static str, error: &Error) -> Self {
        let allow = lines(error);
        Self { what, outcome: Outcome::Failed { why: error.to_string(), hint: error.hint(), allow } }
    }

    /// It wasn't made.
    pub fn not_run(what: &'static str, why: impl Into<String>) -> Self {
        Self { what, outcome: Outcome::NotRun(why.into()) }
    }
}

/// Runs it.
pub async fn run(context: &Context, path: &Path) -> Result {
    let package = Package::read(path)?;
    let (manifest, terminal) = (&package.inspection.manifest, context.terminal);
    let imports = if package.inspection.imports.is_empty() { "none".to_owned() } else { package.inspection.imports.join(", ") };
    let mut checks = vec![
        Check::ok("file", format!("{} bytes, SHA-256 {}", package.file.len(), package.digest())),
        Check::ok("manifest", format!("without mistakes; contract 0.1, {} endpoints", manifest.endpoints.len())),
        Check::ok("imports", imports),
    ];
    let advice = manifest.protocol.pairs("advice").iter();
    checks.extend(advice.map(|(error, advice)| Check::ok("advice", presentable(&format!("{error} → {advice}"), 400))));
    checks.extend(round::run(&package).await?);
    let failed = checks.iter().filter(|check| matches!(check.outcome, Outcome::Failed { .. })).count();
    if terminal.json {
        let all: Vec<_> = checks.iter().map(as_json).collect();
        terminal.value(&json!({ "id": manifest.id, "digest": package.digest(), "ok": failed == 0, "checks": all }))?;
    } else {
        terminal.result(format!("{}\n", title(manifest)))?;
        checks.iter().try_for_each(|check| show(terminal, check))?;
    }
    match failed {
        0 => Ok(()),
        1 => Err(Failure::new("one check failed", "Correct that, then check again")),
        failed => Err(Failure::new(format!("{failed} checks failed"), "Correct that, then check again")),
    }
}

fn show(terminal: Terminal, check: &Check) -> Result {
    let what = check.what;
    match &check.outcome {
        Outcome::Ok(detail) => terminal.result(format!("{} {what:<13} {}", styled(GOOD, "ok     "), styled(FAINT, detail))),
        Outcome::NotRun(why) => terminal.result(format!("{} {what:<13} {}", styled(FAINT, "not run"), styled(FAINT, why))),
        Outcome::Failed { why, hint, allow } => {
            terminal.result(format!("{} {what:<13} {why}", styled(BAD, "failed ")))?;
            let line = |line: &str| terminal.result(format!("{:<21} {line}", ""));
            match (allow, hint) {
                (Some(lines), _) => {
                    line("→ In provider.toml this would allow it:")?;
                    lines.lines().try_for_each(|one| line(&format!("      {one}")))
                }
                (None, Some(hint)) => line(&format!("→ {hint}")),
                (None, None) => Ok(()),
            }
        }
    }
}

fn as_json(check: &Check) -> Value {
    let what = check.what;
    match &check.outcome {
        Outcome::Ok(detail) => json!({ "check": what, "outcome": "ok", "detail": detail }),
        Outcome::NotRun(why) => json!({ "check": what, "outcome": "not-run", "detail": why }),
        Outcome::Failed { why, hint, allow } => {
            json!({ "check": what, "outcome": "failed", "detail": why, "hint": hint, "allow": allow })
        }
    }
}
