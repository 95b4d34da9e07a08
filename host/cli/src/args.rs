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
    /// Where the store is: a file, or a PostgreSQL database by its address, `postgres://USER:PASSWORD@HOST/DATABASE`.
    ///
    /// An address with a password belongs into the environment: what stands in the command line can be read by other users.
    #[arg(long, global = true, env = "JETON_STORE", hide_env_values = true, value_name = "STORE", help_heading = "Global options")]
    pub store: Option<String>,
    /// Where the key of the store is: `file`, `file:PATH`, `keyring`, `env`, `env:NAME`, `passphrase` or `passphrase:FILE`.
    ///
    /// `env` is JETON_MASTER_KEY: 32 bytes in base64. A passphrase is asked for, or read from a file's first line; `-` is stdin.
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
    /// Refresh now, whatever the token's age; or, for a timer, whatever is due.
    Refresh(Refresh),
    /// End a connection at the service; its name stays until `remove`.
    Revoke(Named),
    /// Forget a connection here. At the service it stands until it is revoked there.
    Remove(Remove),
    /// Send a request of the service's API with a connection's token, and print the answer.
    ///
    /// Where the service says that the token has expired, it is refreshed and the request is sent once more.
    Request(Request),
    /// Give a connection another name.
    Rename(Rename),
    /// What happened to a connection or client, or at all; the newest first.
    Log(Log),
    /// Write all of the store into a new file, while it is in use. The key isn't in it.
    Backup {
        /// The new file. It is a store of its own, sealed as this one is.
        file: PathBuf,
    },
    /// Take connections and clients out of a backup, or out of any other store of the same key, while this store is in use.
    Restore(Restore),
    /// Replace the key of the store, and seal everything anew, while other processes go on using it.
    ///
    /// If it is interrupted, the old key and the new one both open the store, and running it again finishes it. The old key is kept
    /// beside the new one: a backup from before needs it, and another store may share it.
    Rekey(Rekey),
}

/// `jeton rekey`
#[derive(Args, Debug)]
pub struct Rekey {
    /// Where the new key is to be, in the words of --key. By default where the old one is.
    #[arg(long, value_name = "SOURCE")]
    pub to: Option<KeyArgument>,
    /// Give up an earlier `jeton rekey` to another key that was interrupted.
    #[arg(long)]
    pub anew: bool,
}

/// A connection.
#[derive(Args, Debug)]
pub struct Named {
    /// The connection's name.
    pub name: String,
}

/// `jeton refresh`
#[derive(Args, Debug)]
pub struct Refresh {
    /// The connection's name.
    #[arg(required_unless_present = "due", conflicts_with = "due")]
    pub name: Option<String>,
    /// All connections whose tokens expire soon, or would be forgotten by their service. Run it by a timer.
    #[arg(long)]
    pub due: bool,
    /// How long before its expiry a token is due. Longer than the time between two runs. Some are up to half as much earlier.
    #[arg(long, default_value = "15m", value_name = "DURATION", value_parser = duration, requires = "due")]
    pub ahead: Duration,
    /// Only what a service would forget: tokens that are wanted are refreshed when somebody asks for them.
    #[arg(long, requires = "due", conflicts_with = "ahead")]
    pub idle_only: bool,
    /// How many connections of one service at once.
    #[arg(long, default_value = "4", value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..), requires = "due")]
    pub at_once: u8,
}

/// `jeton log`
#[derive(Args, Debug)]
pub struct Log {
    /// A connection's or client's name, now or then. Without it, everything.
    pub name: Option<String>,
    /// How many lines at most.
    #[arg(long, default_value = "50", value_name = "NUMBER")]
    pub most: u32,
}

/// `jeton restore`
#[derive(Args, Debug)]
pub struct Restore {
    /// A backup, or another store: a file, or a PostgreSQL database by its address.
    pub from: String,
    /// Put the backup's connections and clients in the place of those that are there.
    #[arg(long)]
    pub replace: bool,
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

/// `jeton request`
#[derive(Args, Debug)]
pub struct Request {
    /// The connection's name.
    pub name: String,
    /// GET, POST, PUT, PATCH, DELETE or HEAD.
    pub method: http::Method,
    /// Below the API's address, with a query if there is one: `users/me?fields=id`.
    pub path: String,
    /// Which API of the provider, where there are several: an endpoint of its manifest.
    #[arg(long, default_value = "api", value_name = "ENDPOINT")]
    pub endpoint: String,
    /// A header besides those of the connection.
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    pub header: Vec<String>,
    /// The body, from a file; `-` is stdin.
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// In this user's name.
    #[arg(long, value_name = "ID")]
    pub as_user: Option<String>,
    /// In this administrator's name.
    #[arg(long, value_name = "ID", conflicts_with = "as_user")]
    pub as_admin: Option<String>,
    /// Whatever else the provider understands.
    #[arg(long, value_name = "NAME=VALUE")]
    pub option: Vec<String>,
    /// How long the token must be valid at least.
    #[arg(long, default_value = MIN_VALID, value_name = "DURATION", value_parser = duration)]
    pub min_valid: Duration,
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
    /// Replace a client's secret without an outage: add the new one, end the old one at the service, then drop it here.
    #[command(subcommand)]
    Secret(ClientSecret),
}

/// `jeton clients secret`
#[derive(Debug, Subcommand)]
pub enum ClientSecret {
    /// Keep another secret beside the one in use. The service is asked whether it accepts it.
    Add(AddSecret),
    /// Forget all but the one in use. The service is asked whether it accepts that one.
    DropOld {
        /// The client's name.
        name: String,
        /// Don't ask the service.
        #[arg(long)]
        untested: bool,
    },
}

/// `jeton clients secret add`
#[derive(Args, Debug)]
pub struct AddSecret {
    /// The client's name.
    pub name: String,
    /// Which of the provider's secrets it is.
    #[arg(long, default_value = "client-secret", value_name = "KIND")]
    pub kind: String,
    /// A file that holds it; `-` is stdin. Without it you are asked.
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// Keep it without asking the service. It is used where the service refuses the one in use.
    #[arg(long)]
    pub untested: bool,
}

/// `jeton clients add`
#[derive(Args, Debug)]
pub struct AddClient {
    /// The provider's id.
    pub provider: String,
    /// The client id.
    #[arg(long, value_name = "CLIENT_ID", required_unless_present = "service_account")]
    pub id: Option<String>,
    /// The JSON file of a service account, as the service's console gives it: id, keys and settings are read from it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["id", "secret_file"])]
    pub service_account: Option<PathBuf>,
    /// A file that holds the passphrase of an encrypted private key. Without it you are asked.
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
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
    /// Sign in on another device, by a code that is shown here.
    #[arg(long, group = "way", conflicts_with_all = ["paste", "no_browser", "port"])]
    pub device: bool,
    /// Without a person: the client's own rights (client credentials).
    #[arg(long, group = "way", conflicts_with_all = ["paste", "no_browser", "port"])]
    pub client_credentials: bool,
    /// Without a person: a service account, by the client's private key (JWT bearer).
    #[arg(long, group = "way", conflicts_with_all = ["paste", "no_browser", "port"])]
    pub jwt: bool,
    /// Like --jwt, with the JSON file of a service account; its client is kept under the connection's name.
    #[arg(long, group = "way", value_name = "FILE", conflicts_with_all = ["paste", "no_browser", "port", "client"])]
    pub service_account: Option<PathBuf>,
    /// Exchange the token of this connection for another one, such as one with fewer rights (token exchange). Or the token in a file, as
    /// `file:PATH`, which is read again for each new token.
    #[arg(long, group = "way", value_name = "CONNECTION", conflicts_with_all = ["paste", "no_browser", "port"])]
    pub exchange: Option<String>,
    /// The account to act for, where the grant chooses one: a user's or an enterprise's id, an address.
    #[arg(long, value_name = "ID")]
    pub subject: Option<String>,
    /// Send API requests in this user's name.
    #[arg(long, value_name = "ID")]
    pub as_user: Option<String>,
    /// Send API requests in this administrator's name.
    #[arg(long, value_name = "ID", conflicts_with = "as_user")]
    pub as_admin: Option<String>,
    /// Whatever else the provider understands.
    #[arg(long, value_name = "NAME=VALUE")]
    pub option: Vec<String>,
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
    fn a_key_is_named_in_few_ways() {
        for text in ["file", "file:/a:b", "keyring", "env", "env:KEY", "passphrase", "passphrase:-"] {
            assert!(text.parse::<KeyArgument>().is_ok(), "{text}");
        }
        for text in ["", "file:", "keyring:x", "env:", "env:A=B", "passphrase:", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
            assert!(text.parse::<KeyArgument>().is_err(), "{text}");
        }
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
