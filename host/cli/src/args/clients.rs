//! `jeton clients`

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
        /// Have the service delete the registration before, where Jeton made it with --register (RFC 7592).
        #[arg(long)]
        deregister: bool,
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
    #[arg(long, value_name = "CLIENT_ID", required_unless_present_any = ["service_account", "register"])]
    pub id: Option<String>,
    /// The JSON file of a service account, as the service's console gives it: id, keys and settings are read from it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["id", "secret_file"])]
    pub service_account: Option<PathBuf>,
    /// Let the service make a registration, where its provider has an address for that (dynamic client registration, RFC 7591).
    #[arg(long, conflicts_with_all = ["id", "service_account", "secret_file", "secret", "passphrase_file"])]
    pub register: bool,
    /// A file that holds the token by which the service lets somebody register; `-` is stdin.
    #[arg(long, value_name = "FILE", requires = "register")]
    pub initial_access_token_file: Option<PathBuf>,
    /// The port of the redirect URI to register, for services that insist on one. Connect with the same one.
    #[arg(long, requires = "register")]
    pub port: Option<u16>,
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
