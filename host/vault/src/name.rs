//! Names that people give to clients and connections, checked once, here.

use std::fmt;
use std::str::FromStr;

use crate::Error;

const LONGEST: usize = 64;

/// What a connection is called: 1 to 64 of `A-Z a-z 0-9 . _ @ -`, the first a letter or a digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionName(String);

/// What a client is called, by the same rule as a [`ConnectionName`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientName(String);

macro_rules! name {
    ($name:ident, $what:literal) => {
        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A name that was checked before it was stored.
            pub(crate) fn stored(text: String) -> Self {
                Self(text)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                match mistake(text) {
                    None => Ok(Self(text.to_owned())),
                    Some(mistake) => Err(Error::InvalidName { what: $what, mistake }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(ConnectionName, "connection");
name!(ClientName, "client");

fn mistake(text: &str) -> Option<String> {
    // The debug form below keeps control characters off the terminal.
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '@' | '-');
    let Some(first) = text.chars().next() else {
        return Some("it is empty".to_owned());
    };
    if text.chars().count() > LONGEST {
        return Some(format!("it has {} characters, {LONGEST} are allowed", text.chars().count()));
    }
    if let Some(bad) = text.chars().find(|c| !allowed(*c)) {
        return Some(format!("{text:?} has {bad:?} in it"));
    }
    (!first.is_ascii_alphanumeric()).then(|| format!("{text:?} begins with {first:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_want_are_allowed() {
        let longest = "x".repeat(64);
        for name in ["a", "7", "box", "jane@example.com", "work-2.old_one", &longest] {
            assert_eq!(name.parse::<ConnectionName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_bad_name_says_what_is_wrong_with_it() {
        let too_long = "x".repeat(65);
        let cases = [
            ("", "empty"),
            ("-rf", "begins with '-'"),
            (".hidden", "begins with '.'"),
            ("my box", "has ' ' in it"),
            ("a/b", "has '/' in it"),
            ("a\u{1b}[31m", "has '\\u{1b}' in it"),
            ("café", "has 'é' in it"),
            (&too_long, "65 characters"),
        ];
        for (name, says) in cases {
            let error = name.parse::<ClientName>().unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
            assert!(!error.to_string().contains('\u{1b}'));
            assert!(error.hint().unwrap().contains("letter or digit"));
        }
    }
}
