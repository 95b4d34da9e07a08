//! The command line. Larger commands have a file of their own.

mod clients;
mod connect;
mod key;
mod providers;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use jeton_runtime::Mapping;

pub use self::clients::{AddClient, AddSecret, ClientSecret, Clients};
pub use self::connect::Connect;
pub use self::key::KeyArgument;
pub use self::providers::{AddProvider, Providers, RemoveProvider};

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
    fn durations_are_numbers_with_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("5m"), duration("300"));
        for text in ["", "m", "5 m", "-1", "1w", "99999999999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
