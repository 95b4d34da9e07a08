//! `jeton providers`

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `jeton providers`
#[derive(Debug, Subcommand)]
pub enum Providers {
    /// All of them, a line each.
    List,
    /// What a provider is, where it may go, and how to register a client with it.
    Show {
        /// The provider's id.
        provider: String,
        /// Only the setup guide.
        #[arg(long)]
        guide: bool,
        /// The port of the redirect URI in the guide, for services that insist on one.
        #[arg(long)]
        port: Option<u16>,
    },
    /// Add somebody's provider, or update it, after you saw what it may do.
    ///
    /// It is shown what the provider is, every address that it may reach, which secret may go to which, and what it reads. Then you are
    /// asked; an update asks only if it may do more than before. The file is copied and pinned by its digest: if the copy is ever
    /// changed, it isn't used any more.
    ///
    /// An issuer is asked what it is, and a manifest is written of its answer, under the same rules. Adding it again asks it again.
    Add(AddProvider),
    /// Forget a provider that was added.
    ///
    /// Refused as long as clients or connections use it. With --force they stay, and wait for a provider of the same id: until then
    /// they can't be refreshed, tested or revoked here.
    Remove(RemoveProvider),
    /// Look at a provider's file as its author: its manifest and imports, and a whole connection with a stand-in for the service.
    ///
    /// Keeps nothing, and sends nothing to a real service. There is a stand-in for Box; for other services it says what wasn't run.
    Check {
        /// The component, the folder that holds it and provider.toml, or that provider.toml.
        file: PathBuf,
    },
}

/// `jeton providers add`
#[derive(Args, Debug)]
pub struct AddProvider {
    /// The component, the folder that holds it and provider.toml, or that provider.toml. Or an issuer, `https://issuer.example`, which is
    /// asked for its metadata (OpenID Connect Discovery, RFC 8414).
    #[arg(value_name = "FILE|ISSUER")]
    pub path: PathBuf,
    /// What the provider of an issuer is to be called. By default it is made of the issuer's host and path.
    #[arg(long)]
    pub id: Option<String>,
    /// Only write the manifest of an issuer into a new file, to be read, corrected and added.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["digest", "yes"])]
    pub save: Option<PathBuf>,
    /// The SHA-256 that the file must have, as its author publishes it.
    #[arg(long, value_name = "SHA256", value_parser = sha256)]
    pub digest: Option<String>,
    /// Agree without being asked. Needs --digest.
    #[arg(long, requires = "digest")]
    pub yes: bool,
}

/// `jeton providers remove`
#[derive(Args, Debug)]
pub struct RemoveProvider {
    /// The provider's id.
    pub provider: String,
    /// Remove it although clients or connections use it. They stay.
    #[arg(long)]
    pub force: bool,
}

/// 64 hexadecimal digits, with or without `sha256:` before them.
fn sha256(text: &str) -> Result<String, String> {
    let digest = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
    let right = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    right.then_some(digest).ok_or_else(|| "write the 64 hexadecimal digits of a SHA-256".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_64_hexadecimal_digits() {
        let digest = "AB".repeat(32);
        assert_eq!((sha256(&digest), sha256(&format!("sha256:{digest}"))), (Ok("ab".repeat(32)), Ok("ab".repeat(32))));
        for text in ["", "ab", &"xy".repeat(32), &"ab".repeat(33)] {
            assert!(sha256(text).is_err(), "{text}");
        }
    }
}
