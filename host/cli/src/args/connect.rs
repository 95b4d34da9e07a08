//! `jeton connect`

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::duration;

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
    /// With --paste: the redirect URI that is registered, for services that take none of this machine. Nothing needs to be there.
    #[arg(long, value_name = "URL", requires = "paste", conflicts_with = "port", value_parser = elsewhere)]
    pub redirect_uri: Option<String>,
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

/// An https address as it was written: services compare it letter by letter.
fn elsewhere(text: &str) -> Result<String, String> {
    match url::Url::parse(text) {
        Ok(url) if url.scheme() == "https" && url.fragment().is_none() => Ok(text.to_owned()),
        _ => Err("write an https address without a fragment, as it is registered at the service".to_owned()),
    }
}
