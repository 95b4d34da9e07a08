//! A command that failed: what happened, what to do next, and the exit code. All errors become one of these.

use std::fmt;

use jeton_runtime::Allow;

use crate::exit::Exit;

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// What happened.
    pub what: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Lines of a manifest that would allow what was denied.
    pub allow: Option<String>,
    /// The exit code.
    pub exit: Exit,
}

/// What commands answer.
pub type Result<T = ()> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure that has no remedy of its own.
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: Some(hint.into()), allow: None, exit: Exit::Other }
    }

    /// With another exit code.
    pub fn exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// With another hint.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// The lines of a manifest that would allow what was denied. An option of the command is in the hint already.
pub fn lines(error: &jeton_runtime::Error) -> Option<String> {
    match error.allow() {
        Some(Allow::Manifest(lines)) => Some(lines.clone()),
        Some(Allow::Option(_)) | None => None,
    }
}

impl From<jeton_runtime::Error> for Failure {
    fn from(error: jeton_runtime::Error) -> Self {
        Self { what: error.to_string(), hint: error.hint(), allow: lines(&error), exit: error.remedy().into() }
    }
}

impl From<jeton_vault::Error> for Failure {
    fn from(error: jeton_vault::Error) -> Self {
        let allow = match &error {
            jeton_vault::Error::Provider { source, .. } => lines(source),
            _ => None,
        };
        let hint = match &error {
            jeton_vault::Error::Reauthorize { name, provider, .. } => {
                Some(format!("Sign in again: jeton connect {provider} --name {name} --replace"))
            }
            error => error.hint(),
        };
        Self { what: error.to_string(), hint, allow, exit: error.remedy().into() }
    }
}
