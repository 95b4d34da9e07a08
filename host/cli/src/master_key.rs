//! `--key`: from an argument to the key that it names. Nothing is read and nobody is asked before a store is opened.

use std::io::{BufRead as _, BufReader, IsTerminal as _, Read as _};
use std::path::Path;

use jeton_runtime::Secret;
use jeton_vault::{KeySource, StoreSource};
use zeroize::Zeroizing;

use crate::args::KeyArgument;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Whether a passphrase is one that exists, or is being chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It exists.
    Present,
    /// It is typed twice.
    New,
}

/// More than anybody's passphrase has.
const LONGEST: u64 = 4096;

/// What an argument names. `file` is the key file in its usual place.
pub fn source(argument: &KeyArgument, store: &StoreSource, file: &Path, asked: Asked) -> Result<KeySource> {
    Ok(match argument {
        KeyArgument::File(path) => KeySource::File(path.clone().unwrap_or_else(|| file.to_owned())),
        KeyArgument::Keyring => {
            let account = match store {
                StoreSource::File(path) => path.display().to_string(),
                StoreSource::Postgres(_) => "postgres".to_owned(),
            };
            KeySource::Keyring { service: "jeton".to_owned(), account }
        }
        KeyArgument::Environment(name) => KeySource::Given { name: format!("the environment variable {name}"), key: variable(name)? },
        KeyArgument::Passphrase(Some(path)) => KeySource::Passphrase(first_line(path)?),
        KeyArgument::Passphrase(None) => {
            let new = asked == Asked::New;
            let key = KeySource::Passphrase(prompt(if new { "The new passphrase" } else { "The store's passphrase" })?);
            if new {
                confirm(&key)?;
            }
            key
        }
    })
}

/// Asks for a passphrase once more: what nobody knows opens nothing.
pub fn confirm(key: &KeySource) -> Result {
    let KeySource::Passphrase(first) = key else { return Ok(()) };
    match prompt("The same once more")?.reveal() == first.reveal() {
        true => Ok(()),
        false => Err(Failure::new("these were two different passphrases", "Run the command again").exit(Exit::Usage)),
    }
}

fn variable(name: &str) -> Result<Option<Secret>> {
    match std::env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        // Moved, not copied.
        Ok(value) => Ok(Some(Secret::new("master-key", value))),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            let what = format!("the environment variable {name} is not a key: it isn't even text");
            Err(Failure::new(what, "Set it to 32 bytes in base64: `openssl rand -base64 32` makes a new key").exit(Exit::Usage))
        }
    }
}

fn prompt(label: &str) -> Result<Secret> {
    if !std::io::stdin().is_terminal() {
        let hint = "Use --key passphrase:FILE, or --key passphrase:- to pipe it in as the first line";
        return Err(Failure::new("there is no terminal to ask for the passphrase", hint).exit(Exit::Usage));
    }
    let text = rpassword::prompt_password(format!("{label} (it isn't shown): "));
    kept(text.map_err(|error| Failure::new(error.to_string(), "Use --key passphrase:FILE"))?, "the passphrase")
}

fn first_line(path: &Path) -> Result<Secret> {
    let mut line = Zeroizing::new(String::with_capacity(LONGEST as usize));
    let (read, name) = match path == Path::new("-") {
        // What comes after the line is the command's own input.
        true => (std::io::stdin().lock().take(LONGEST).read_line(&mut line), "stdin".to_owned()),
        false => {
            let file = std::fs::File::open(path);
            (file.and_then(|file| BufReader::new(file.take(LONGEST)).read_line(&mut line)), path.display().to_string())
        }
    };
    read.map_err(|error| Failure::new(format!("can't read the passphrase from {name}: {error}"), "Name a file whose first line it is"))?;
    let text = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(text);
    kept(std::mem::take(&mut line), &format!("the passphrase from {name}"))
}

fn kept(text: String, name: &str) -> Result<Secret> {
    match text.is_empty() {
        true => Err(Failure::new(format!("{name} is empty"), "A passphrase has at least 12 characters").exit(Exit::Usage)),
        false => Ok(Secret::new("passphrase", text)),
    }
}
