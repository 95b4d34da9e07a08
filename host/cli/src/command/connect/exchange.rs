//! Where a token comes from that is to be exchanged: another connection, or a file (`file:PATH`), such as a platform keeps for its
//! workloads. The source is kept with the connection, and asked again whenever a new token is needed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jeton_runtime::{Error, ErrorKind, Grant, Remedy, Secret, ServiceError};
use jeton_vault::{ConnectionName, Providers, Vault};
use zeroize::Zeroizing;

/// How long a token must be good that is exchanged.
const MIN_VALID: Duration = Duration::from_secs(60);

/// Bytes of a file that can be a token.
const LARGEST: u64 = 64 << 10;

/// Under which option of its grant a connection keeps its source. No provider is told.
pub const OPTION: &str = "subject-token-from";

/// Where the token comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The access token of another connection.
    Connection(ConnectionName),
    /// What stands in a file.
    File(PathBuf),
}

impl Source {
    /// As `--exchange` names it.
    ///
    /// # Errors
    /// It is no connection's name, and no file.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let unfit = |what: String| Error::Unfit { what, hint: "Write --exchange CONNECTION, or --exchange file:PATH".to_owned() };
        match text.strip_prefix("file:") {
            // Renewals happen in another folder.
            Some(path) => match std::path::absolute(path) {
                Ok(path) if path.to_str().is_some() => Ok(Self::File(path)),
                _ => Err(unfit(format!("{path:?} is no path"))),
            },
            None => text.parse().map(Self::Connection).map_err(|error: jeton_vault::Error| unfit(error.to_string())),
        }
    }

    /// As it is kept.
    pub fn written(&self) -> String {
        match self {
            Self::Connection(name) => name.to_string(),
            Self::File(path) => format!("file:{}", path.display()),
        }
    }

    /// The token.
    ///
    /// # Errors
    /// The connection has none and gets none, or the file can't be read.
    pub async fn token(&self, vault: &Vault, providers: &Arc<dyn Providers>) -> Result<Secret, Error> {
        match self {
            Self::Connection(name) => match vault.access_token(name, MIN_VALID, providers).await {
                Ok(token) => Ok(token.secret),
                Err(error) => Err(of_the_other(error)),
            },
            Self::File(path) => read(path),
        }
    }
}

/// A grant as the provider is to see it, and the source of its token.
///
/// # Errors
/// What was kept is no source.
pub fn take(grant: &Grant) -> Result<(Grant, Option<Source>), Error> {
    let mut grant = grant.clone();
    let kept = grant.options.iter().position(|(name, _)| name == OPTION).map(|at| grant.options.remove(at).1);
    Ok((grant, kept.map(|text| Source::parse(&text)).transpose()?))
}

fn read(path: &Path) -> Result<Secret, Error> {
    let unfit = |what: &str| Error::Unfit {
        what: format!("the token to exchange, {}, {what}", path.display()),
        hint: "Name a file that holds the token and nothing else".to_owned(),
    };
    let large = std::fs::metadata(path).map(|about| about.len() > LARGEST);
    match large {
        Ok(false) => {}
        Ok(true) => return Err(unfit("is too large")),
        Err(error) => return Err(unfit(&format!("can't be read: {error}"))),
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|error| unfit(&format!("can't be read: {error}")))?);
    match text.trim() {
        "" => Err(unfit("is empty")),
        token => Ok(Secret::new("assertion", token.as_bytes())),
    }
}

/// What is wrong with the connection that the token comes from is wrong with this one too.
fn of_the_other(error: jeton_vault::Error) -> Error {
    let text = format!("the token to exchange: {error}");
    let service = |kind| Error::Service(ServiceError { kind, code: None, description: Some(text.clone()), retry_after: None });
    match error.remedy() {
        Remedy::SignIn => service(ErrorKind::InvalidGrant),
        Remedy::FixClient => service(ErrorKind::InvalidClient),
        Remedy::Retry => Error::Unreachable(text),
        Remedy::Denied | Remedy::Other => Error::Host(text),
    }
}

#[cfg(test)]
mod tests {
    use jeton_runtime::GrantKind;

    use super::*;

    #[test]
    fn a_source_is_kept_as_it_is_read_again_and_no_provider_sees_it() {
        for text in ["work-box", "file:/var/run/token", "file:/a b:c"] {
            let mut grant = Grant::new(GrantKind::TokenExchange, vec![]);
            grant.options = vec![("delegates".to_owned(), "a".to_owned()), (OPTION.to_owned(), Source::parse(text).unwrap().written())];
            let (seen, source) = take(&grant).unwrap();
            assert_eq!(source.unwrap().written(), text);
            assert_eq!(seen.options, [("delegates".to_owned(), "a".to_owned())]);
        }
        for text in ["", "file:", "a/b", "/var/run/token"] {
            assert!(Source::parse(text).is_err(), "{text}");
        }
        assert_eq!(take(&Grant::new(GrantKind::TokenExchange, vec![])).unwrap().1, None);
    }

    #[test]
    fn a_file_holds_a_token_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("token");
        assert!(read(&path).is_err());
        for (text, token) in [("abc\n", Some("abc")), ("  \n", None), (&"a".repeat(65 << 10), None)] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(read(&path).ok().map(|secret| secret.reveal_text().unwrap().to_owned()).as_deref(), token);
        }
    }
}
