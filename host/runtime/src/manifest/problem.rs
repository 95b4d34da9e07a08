//! What is wrong with a manifest, and where.

use std::fmt;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub hint: String,
}

/// All mistakes of one manifest, by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the manifest has {}", if self.0.len() == 1 { "a mistake" } else { "mistakes" })?;
        for Problem { line, what, hint } in &self.0 {
            write!(f, "\n  line {line}: {what}")?;
            if !hint.is_empty() {
                write!(f, "\n    {hint}")?;
            }
        }
        Ok(())
    }
}
