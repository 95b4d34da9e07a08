//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use jeton_runtime::Mapping;

/// Gets, keeps, refreshes and hands out OAuth tokens.
///
/// Tokens go to stdout, everything else to stderr. Exit codes: 0 ok, 2 usage, 3 sign in again, 4 try again later, 5 fix the client,
/// 6 denied by policy, 1 anything else.
#[derive(Debug, Parser)]
#[command(name = "jeton", version, propagate_version = true, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What every command has.
    #[command(flatten)]
    pub global: Global,
}

/// What every command has.
#[derive(Args, Debug)]
pub struct Global {
    /// Print JSON.
    #[arg(long, global = true, help_heading = "Global options")]
    pub json: bool,
    /// Print nothing but what was asked for, and errors.
    #[arg(long, short, global = true, help_heading = "Global options")]
    pub quiet: bool,
    /// Say what is done; twice says more. Never a secret.
    #[arg(long, short, global = true, action = ArgAction::Count, help_heading = "Global options")]
    pub verbose: u8,
    /// Where the key of the store is: `file`, `file:PATH` or `keyring`.
    #[arg(long, global = true, env = "JETON_KEY", default_value = "file", value_name = "SOURCE", help_heading = "Global options")]
    pub key: KeyArgument,
    /// Send requests for a host and port elsewhere, as `curl --resolve` does.
    #[arg(long, global = true, value_name = "HOST:PORT:ADDR", help_heading = "Global options")]
    pub resolve: Vec<Mapping>,
    /// Trust the certificates of this PEM file besides the system's.
    #[arg(long, global = true, env = "JETON_CA_FILE", value_name = "FILE", help_heading = "Global options")]
    pub ca_file: Option<PathBuf>,
}

/// `--key`
#[derive(Clone, Debug)]
pub enum KeyArgument {
    /// The key file in the config folder, or elsewhere.
    File(Option<PathBuf>),
    /// The operating system's keyring.
    Keyring,
}

impl std::str::FromStr for KeyArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "file" => Ok(Self::File(None)),
            None if text == "keyring" => Ok(Self::Keyring),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(Some(path.into()))),
            _ => Err("write file, file:PATH or keyring".to_owned()),
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Which services Jeton knows.
    #[command(subcommand)]
    Providers(Providers),
    /// Client registrations, as made in the services' developer consoles.
    #[command(subcommand)]
    Clients(Clients),
    /// Sign in to a service and keep the tokens under a name.
    Connect(Connect),
    /// The connections.
    List,
    /// One connection.
    Show(Named),
    /// Print a valid access token.
    Token(Token),
    /// Ask the service whose tokens these are.
    Test(Named),
    /// Refresh now, whatever the token's age.
    Refresh(Named),
    /// End a connection at the service; its name stays until `remove`.
    Revoke(Named),
    /// Forget a connection here. At the service it stands until it is revoked there.
    Remove(Remove),
    /// Give a connection another name.
    Rename(Rename),
}

/// A connection.
#[derive(Args, Debug)]
pub struct Named {
    /// The connection's name.
    pub name: String,
}

/// `jeton remove`
#[derive(Args, Debug)]
pub struct Remove {
    /// The connection's name.
    pub name: String,
    /// Remove it although the service still accepts its tokens.
    #[arg(long)]
    pub force: bool,
}

/// `jeton rename`
#[derive(Args, Debug)]
pub struct Rename {
    /// The connection's name.
    pub name: String,
    /// Its new name.
    pub to: String,
}

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
    /// The component, the folder that holds it and provider.toml, or that provider.toml.
    pub path: PathBuf,
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

/// `jeton clients`
#[derive(Debug, Subcommand)]
pub enum Clients {
    /// Keep a client's id and secrets.
    Add(AddClient),
    /// All of them, a line each.
    List,
    /// One of them, without its secrets.
    Show {
        /// The client's name.
        name: String,
    },
    /// Forget a client that no connection uses.
    Remove {
        /// The client's name.
        name: String,
    },
}

/// `jeton clients add`
#[derive(Args, Debug)]
pub struct AddClient {
    /// The provider's id.
    pub provider: String,
    /// The client id.
    #[arg(long, value_name = "CLIENT_ID")]
    pub id: String,
    /// What to call it here. By default the provider's id.
    #[arg(long)]
    pub name: Option<String>,
    /// A file that holds the client secret; `-` is stdin. Without it you are asked.
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// Another secret of the provider, such as a private key, from a file.
    #[arg(long, value_name = "NAME=FILE")]
    pub secret: Vec<String>,
    /// A setting of the provider.
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
}

/// `jeton connect`
#[derive(Args, Debug)]
pub struct Connect {
    /// The provider's id.
    pub provider: String,
    /// What to call the connection. By default the provider's id.
    #[arg(long)]
    pub name: Option<String>,
    /// The client to connect through, where there are several.
    #[arg(long)]
    pub client: Option<String>,
    /// A scope to ask for. By default what the service gives.
    #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
    pub scope: Vec<String>,
    /// The port that the browser comes back to. By default a free one.
    #[arg(long)]
    pub port: Option<u16>,
    /// For machines without a browser: print the address, and read what the browser on another machine came back with.
    #[arg(long)]
    pub paste: bool,
    /// Print the address instead of opening a browser.
    #[arg(long, conflicts_with = "paste")]
    pub no_browser: bool,
    /// Sign in again under a name that is taken.
    #[arg(long)]
    pub replace: bool,
    /// How long to wait for the person.
    #[arg(long, default_value = "10m", value_name = "DURATION", value_parser = duration)]
    pub wait: Duration,
}

/// How long a token must be valid where nothing else is said.
pub const MIN_VALID: &str = "60s";

/// `jeton token`
#[derive(Args, Debug)]
pub struct Token {
    /// The connection's name.
    pub name: String,
    /// How long it must be valid at least: 30, 90s, 5m, 1h.
    #[arg(long, default_value = MIN_VALID, value_name = "DURATION", value_parser = duration)]
    pub min_valid: Duration,
    /// How to print it.
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// How a token is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The token alone.
    Text,
    /// With its expiry and scope.
    Json,
    /// As the header of an HTTP request.
    Header,
}

/// `30`, `90s`, `5m`, `1h`, `2d`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err("write 30, 90s, 5m, 1h or 2d".to_owned()),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    seconds.map(Duration::from_secs).ok_or_else(|| "write 30, 90s, 5m, 1h or 2d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_digest_is_64_hexadecimal_digits() {
        let digest = "AB".repeat(32);
        assert_eq!((sha256(&digest), sha256(&format!("sha256:{digest}"))), (Ok("ab".repeat(32)), Ok("ab".repeat(32))));
        for text in ["", "ab", &"xy".repeat(32), &"ab".repeat(33)] {
            assert!(sha256(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_numbers_with_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("5m"), duration("300"));
        for text in ["", "m", "5 m", "-1", "1w", "99999999999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
