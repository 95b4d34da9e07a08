//! `jeton show`

use jeton_runtime::Account;

use super::connection_view;
use crate::context::{Context, connection_name};
use crate::failure::Result;
use crate::show_time::rfc3339;
use crate::terminal::{STRONG, styled};

/// Runs it.
pub async fn run(context: &Context, name: &str) -> Result {
    let connection = context.existing_vault().await?.connection(&connection_name(name)?).await?;
    let terminal = context.terminal;
    if terminal.json {
        return terminal.value(&connection_view::as_json(&connection));
    }
    terminal.result(format!("{} — {}", styled(STRONG, &connection.name), connection.provider))?;
    let scope = connection.scope.clone().unwrap_or_else(|| connection.scopes.join(" "));
    let lines = [
        ("account", connection.account.as_ref().map(whose)),
        ("status", Some(connection_view::status(&connection).to_owned())),
        ("because", connection_view::reason(&connection).map(str::to_owned)),
        ("token", Some(format!("expires {}", connection_view::expiry(&connection)))),
        ("refresh", Some(if connection.refreshable { "by refresh token" } else { "no refresh token" }.to_owned())),
        ("scope", Some(scope).filter(|scope| !scope.is_empty())),
        ("client", Some(connection.client.to_string())),
        ("grant", Some(connection.grant.to_string())),
        ("since", connection.created_at.map(rfc3339)),
    ];
    lines.into_iter().try_for_each(|(name, value)| value.map_or(Ok(()), |value| terminal.result(format!("  {name:<8} {value}"))))
}

/// With what the provider says besides, where nobody takes it for a line of Jeton's.
fn whose(account: &Account) -> String {
    let besides: String = account.extras.iter().map(|(name, value)| format!("\n{:11}{name}: {value}", "")).collect();
    connection_view::account(account) + &besides
}
