//! `jeton token NAME` where the token is still valid: what nearly every call of the command is.
//!
//! It does what it understands whole, and leaves the rest, every mistake and every error to `jeton-main`, which does the same and more.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::ValueEnum as _;
use jeton_vault::ConnectionName;

use crate::args::{Format, MIN_VALID, duration};
use crate::home::Home;
use crate::printed;

/// The program that does everything.
const MAIN: &str = "jeton-main";

/// Prints the token that the command line asks for; `None` where that is not all there is to do, and nothing was done.
pub fn token() -> Option<()> {
    let asked = Asked::read(env::args_os().skip(1))?;
    // Another key or store than the file in its usual place.
    if env::var_os("JETON_KEY").is_some() || env::var_os("JETON_STORE").is_some() {
        return None;
    }
    let home = Home::find().ok()?;
    let token = jeton_vault::glance(&home.store, &home.key, &asked.name, asked.min_valid)?;
    let line = printed::line(&token, asked.format)?;
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()).ok()
}

/// Becomes `jeton-main`, which lies beside this program.
pub fn hand_over() -> ExitCode {
    let failed = match env::current_exe() {
        Ok(this) => {
            let path = this.with_file_name(format!("{MAIN}{}", env::consts::EXE_SUFFIX));
            match run(Command::new(&path).args(env::args_os().skip(1))) {
                Ok(code) => return code,
                Err(error) => format!("can't start {}: {error}", path.display()),
            }
        }
        Err(error) => format!("can't tell where this program lies: {error}"),
    };
    let _ = writeln!(io::stderr(), "error: {failed}\nhint: `jeton` and `{MAIN}` belong into one folder; install both");
    ExitCode::FAILURE
}

#[cfg(unix)]
fn run(command: &mut Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(command.arg0("jeton").exec())
}

#[cfg(not(unix))]
fn run(command: &mut Command) -> io::Result<ExitCode> {
    let code = command.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// What the command line asks for.
#[derive(Debug, PartialEq)]
struct Asked {
    name: ConnectionName,
    min_valid: Duration,
    format: Format,
}

impl Asked {
    /// `None`: something else than a token, or in other words than these.
    fn read(mut words: impl Iterator<Item = OsString>) -> Option<Self> {
        if words.next()? != "token" {
            return None;
        }
        let (mut name, mut min_valid, mut format, mut json, mut quiet) = (None, None, None, None, None);
        while let Some(word) = words.next() {
            let word = word.into_string().ok()?;
            let (option, value) = match word.split_once('=') {
                Some((option, value)) if option.starts_with("--") => (option, Some(value.to_owned())),
                _ => (word.as_str(), None),
            };
            let mut value = || value.clone().or_else(|| words.next()?.into_string().ok());
            // What is said twice is a mistake, which `jeton-main` explains.
            let twice = match option {
                "--min-valid" => min_valid.replace(duration(&value()?).ok()?).is_some(),
                "--format" => format.replace(Format::from_str(&value()?, false).ok()?).is_some(),
                "--json" | "--quiet" if word.contains('=') => return None,
                "--json" => json.replace(Format::Json).is_some(),
                "--quiet" | "-q" => quiet.replace(()).is_some(),
                option if option.starts_with('-') => return None,
                _ => name.replace(word.parse().ok()?).is_some(),
            };
            if twice {
                return None;
            }
        }
        let min_valid = min_valid.or_else(|| duration(MIN_VALID).ok())?;
        Some(Self { name: name?, min_valid, format: json.or(format).unwrap_or(Format::Text) })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Arguments, Command};

    /// What `jeton-main` makes of the same words.
    fn wholly(line: &str) -> Option<Asked> {
        let arguments = Arguments::try_parse_from(format!("jeton {line}").split(' ')).ok()?;
        let Command::Token(token) = arguments.command else { return None };
        let format = if arguments.global.json { Format::Json } else { token.format };
        Some(Asked { name: token.name.parse().ok()?, min_valid: token.min_valid, format })
    }

    #[test]
    fn what_it_understands_it_understands_as_the_whole_command_does() {
        for line in [
            "token work",
            "token work -q",
            "token --quiet --format header work",
            "token work --format=json --min-valid=5m",
            "token --min-valid 90 work --json",
            "token work --json --format text",
        ] {
            let asked = Asked::read(line.split(' ').map(OsString::from));
            assert!(asked.is_some(), "{line}");
            assert_eq!(asked, wholly(line), "{line}");
        }
    }

    #[test]
    fn everything_else_is_left_to_the_whole_command() {
        for line in [
            "",
            "list",
            "token",
            "--json token work",
            "token work home",
            "token -- work",
            "token work -v",
            "token work --key keyring",
            "token work --format toml",
            "token work --format",
            "token work --min-valid 5w",
            "token work --json --json",
            "token work --json=yes",
            "token work -q=1",
            "token Wörk/..",
        ] {
            assert_eq!(Asked::read(line.split(' ').map(OsString::from)), None, "{line}");
        }
    }
}
