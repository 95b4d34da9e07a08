//! `--key`: where the key of the store is.

use std::path::PathBuf;

/// `--key`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyArgument {
    /// The key file in the config folder, or elsewhere.
    File(Option<PathBuf>),
    /// The operating system's keyring.
    Keyring,
    /// This environment variable.
    Environment(String),
    /// A passphrase: from a prompt, a file, or stdin.
    Passphrase(Option<PathBuf>),
}

/// Holds the key where nothing else is said with `--key env`.
const KEY_VARIABLE: &str = "JETON_MASTER_KEY";

impl std::fmt::Display for KeyArgument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(None) => f.write_str("file"),
            Self::File(Some(path)) => write!(f, "file:{}", path.display()),
            Self::Keyring => f.write_str("keyring"),
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::Passphrase(None) => f.write_str("passphrase"),
            Self::Passphrase(Some(path)) => write!(f, "passphrase:{}", path.display()),
        }
    }
}

impl std::str::FromStr for KeyArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "file" => Ok(Self::File(None)),
            None if text == "keyring" => Ok(Self::Keyring),
            None if text == "env" => Ok(Self::Environment(KEY_VARIABLE.to_owned())),
            None if text == "passphrase" => Ok(Self::Passphrase(None)),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(Some(path.into()))),
            Some(("env", name)) if !name.is_empty() && !name.contains(['=', '\0']) => Ok(Self::Environment(name.to_owned())),
            Some(("passphrase", path)) if !path.is_empty() => Ok(Self::Passphrase(Some(path.into()))),
            _ => Err("write file, file:PATH, keyring, env, env:NAME, passphrase or passphrase:FILE".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_in_few_ways() {
        for text in ["file", "file:/a:b", "keyring", "env", "env:KEY", "passphrase", "passphrase:-"] {
            assert!(text.parse::<KeyArgument>().is_ok(), "{text}");
        }
        for text in ["", "file:", "keyring:x", "env:", "env:A=B", "passphrase:", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
            assert!(text.parse::<KeyArgument>().is_err(), "{text}");
        }
    }
}
