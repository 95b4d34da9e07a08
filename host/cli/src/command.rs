//! The commands: one file each.

mod backup;
mod clients;
mod connect;
mod connection_view;
mod list;
mod log;
mod providers;
mod refresh;
mod rekey;
mod remove;
mod rename;
mod request;
mod restore;
mod revoke;
mod service_account;
mod show;
mod test;
mod token;

use crate::args::Command;
use crate::context::Context;
use crate::failure::Result;
pub(crate) use connect::exchange;

/// Runs a command.
pub async fn run(context: &Context, command: Command) -> Result {
    match command {
        Command::Providers(command) => providers::run(context, command).await,
        Command::Clients(command) => clients::run(context, command).await,
        Command::Connect(arguments) => connect::run(context, arguments).await,
        Command::List => list::run(context).await,
        Command::Show(named) => show::run(context, &named.name).await,
        Command::Token(arguments) => token::run(context, arguments).await,
        Command::Test(named) => test::run(context, &named.name).await,
        Command::Refresh(arguments) => refresh::run(context, arguments).await,
        Command::Revoke(named) => revoke::run(context, &named.name).await,
        Command::Remove(arguments) => remove::run(context, arguments).await,
        Command::Request(arguments) => request::run(context, arguments).await,
        Command::Rename(arguments) => rename::run(context, arguments).await,
        Command::Log(arguments) => log::run(context, arguments).await,
        Command::Backup { file } => backup::run(context, &file).await,
        Command::Restore(arguments) => restore::run(context, arguments).await,
        Command::Rekey(arguments) => rekey::run(context, arguments).await,
    }
}
