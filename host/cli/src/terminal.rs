//! What people see: results on stdout, everything else on stderr, colours where a terminal shows them.

use std::io::{IsTerminal, Read, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use jeton_runtime::Secret;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::failure::{Failure, Result};

/// How to talk to whoever ran the command.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Results as JSON.
    pub json: bool,
    /// No notes.
    pub quiet: bool,
}

/// For what matters most.
pub const STRONG: Style = Style::new().bold();
/// For what went well.
pub const GOOD: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
/// For what needs somebody.
pub const BAD: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
/// For what can be passed over.
pub const FAINT: Style = Style::new().dimmed();

/// A text in a style.
pub fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

impl Terminal {
    /// A line of the result.
    pub fn result(self, line: impl AsRef<str>) -> Result {
        write_line(anstream::stdout(), line.as_ref())
    }

    /// A result as JSON.
    pub fn value(self, value: &Value) -> Result {
        write_line(std::io::stdout(), &format!("{value:#}"))
    }

    /// A line that holds a secret, and goes to stdout as it is.
    pub fn secret(self, line: &Zeroizing<String>) -> Result {
        write_line(std::io::stdout(), line)
    }

    /// A line beside the result.
    pub fn note(self, line: impl AsRef<str>) {
        if !self.quiet {
            let _ = write_line(anstream::stderr(), line.as_ref());
        }
    }

    /// A line that a person needs to go on, `--quiet` or not.
    pub fn ask(self, line: impl AsRef<str>) {
        let _ = write_line(anstream::stderr(), line.as_ref());
    }

    /// A question, whose answer is typed behind it.
    pub fn question(self, text: &str) {
        let mut stream = anstream::stderr();
        let _ = write!(stream, "{text}").and_then(|()| stream.flush());
    }

    /// Says why a command failed.
    pub fn failure(self, failure: &Failure) {
        if self.json {
            let error = serde_json::json!({
                "error": { "kind": failure.exit.name(), "message": failure.what, "hint": failure.hint, "allow": failure.allow, "exit": failure.exit as u8 }
            });
            self.ask(format!("{error:#}"));
            return;
        }
        self.ask(format!("{} {}", styled(BAD.bold(), "error:"), failure.what));
        match (&failure.allow, &failure.hint) {
            (Some(lines), _) => {
                self.ask(format!("{} The provider's author could allow it, in provider.toml:", styled(FAINT, "  →")));
                lines.lines().for_each(|line| self.ask(format!("      {line}")));
            }
            (None, Some(hint)) => self.ask(format!("{} {hint}", styled(FAINT, "  →"))),
            (None, None) => {}
        }
    }

    /// Columns, wide enough for what stands in them.
    pub fn table(self, head: &[&str], rows: &[Vec<String>]) -> Result {
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain(head.get(column).map(|name| name.len())).max().unwrap_or_default()
        };
        let line = |cells: Vec<&str>| -> String {
            let padded = cells.iter().enumerate().map(|(column, cell)| format!("{cell:<0$}", width(column)));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        self.result(styled(FAINT, line(head.to_vec())))?;
        rows.iter().try_for_each(|row| self.result(line(row.iter().map(String::as_str).collect())))
    }
}

fn write_line(mut stream: impl Write, line: &str) -> Result {
    writeln!(stream, "{line}")
        .and_then(|()| stream.flush())
        .map_err(|error| Failure::new(format!("can't write the result: {error}"), "Check where the output goes"))
}

/// What to do with a file that isn't text.
const BINARY: &str = "A key or a certificate must be in PEM. Of DER: openssl pkey, or x509, -inform DER -in FILE. Of PKCS#12: openssl pkcs12 \
    -nodes -in FILE";

/// A secret from a file, from stdin (`-`), or from whoever sits at the terminal.
pub fn read_secret(kind: &str, label: &str, file: Option<&Path>) -> Result<Secret> {
    let text = match file {
        Some(path) if path == Path::new("-") => {
            let mut text = Zeroizing::new(String::new());
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| Failure::new(format!("can't read stdin: {error}"), "Pipe the secret in"))?;
            text
        }
        Some(path) => Zeroizing::new(std::fs::read_to_string(path).map_err(|error| {
            let binary = error.kind() == std::io::ErrorKind::InvalidData;
            let hint = if binary { BINARY } else { "Name a file that holds the secret alone" };
            Failure::new(format!("can't read {}: {error}", path.display()), hint)
        })?),
        None if std::io::stdin().is_terminal() => ask(&format!("{label} (it isn't shown): "))?,
        None => {
            return Err(Failure::new(
                format!("the {label} is missing, and there is no terminal to ask for it"),
                "Use --secret-file FILE, or --secret-file - to pipe it in",
            )
            .exit(crate::exit::Exit::Usage));
        }
    };
    let text = text.trim_matches(['\r', '\n', ' ', '\t']);
    if text.is_empty() {
        return Err(
            Failure::new(format!("the {label} is empty"), "Copy it from the service's developer console").exit(crate::exit::Exit::Usage)
        );
    }
    Ok(Secret::new(kind, text))
}

/// Asks for a secret that not every client has; Enter is none. Where there is no terminal, there is nobody to ask.
pub fn offered_secret(kind: &str, label: &str) -> Result<Option<Secret>> {
    if !std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let text = ask(&format!("{label} (it isn't shown; Enter if there is none): "))?;
    let text = text.trim();
    Ok((!text.is_empty()).then(|| Secret::new(kind, text)))
}

fn ask(prompt: &str) -> Result<Zeroizing<String>> {
    let text = rpassword::prompt_password(prompt).map_err(|error| Failure::new(error.to_string(), "Use --secret-file"))?;
    Ok(Zeroizing::new(text))
}
