//! An answer that no state ties to its sign-in, from a service that doesn't send the state back (RFC 6749, 10.12; RFC 9700, 4.7). Anybody may
//! have sent the browser here, with the code of an account of theirs. So the person sees whose account it is, and agrees before it is kept.

use std::io::{BufRead as _, IsTerminal as _};

use jeton_runtime::{Account, CurrentTokens, Tokens};

use super::{Connecting, Page, connection_view};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::page::Outcome;
use crate::terminal::{BAD, Terminal, styled};

impl Connecting<'_> {
    /// Asks whose the tokens are, then whether they are to be kept. Without a terminal nobody can be asked: whose they are is told.
    pub(super) async fn done_if_agreed(&self, tokens: Tokens, page: &mut Option<Page>) -> Result<Option<Account>> {
        let current = current(&tokens);
        let account = self.provider.identify(&self.client, &current).await;
        let whose = match &account {
            Ok(account) => format!("Signed in as {}.", connection_view::account(account)),
            Err(error) => format!("Whose account it is couldn't be asked: {error}."),
        };
        let (service, terminal) = (&self.provider.manifest().name, self.terminal());
        let warning = format!("{service} doesn't say which sign-in its answer belongs to, so it may be somebody else's. {whose}");
        terminal.ask(format!("{} {warning}", styled(BAD.bold(), "!")));
        if std::io::stdin().is_terminal() {
            if let Some(page) = page.take() {
                let _ = page.send(Outcome::Asked { provider: service.clone(), account: account.as_ref().ok().map(super::called) });
            }
            // Meanwhile the page reaches the browser.
            if !tokio::task::spawn_blocking(move || agrees(terminal)).await.unwrap_or_default() {
                // What nobody keeps needn't live on, where the service can end it.
                let _ = self.provider.revoke(&self.client, &current).await;
                let hint = "Run the command again, and sign in at the address that it opens";
                return Err(Failure::new("nothing was kept", hint).exit(Exit::SignIn));
            }
        } else {
            terminal.ask(format!("  If that isn't your account: jeton remove {}", self.name));
        }
        let account = account.ok();
        self.keep(&tokens, account.as_ref()).await?;
        Ok(account)
    }
}

/// Tokens that nobody has kept.
pub(super) fn current(tokens: &Tokens) -> CurrentTokens {
    let Tokens { access, refresh, scope, extras, .. } = tokens.clone();
    CurrentTokens { access: Some(access), refresh, scope, extras }
}

fn agrees(terminal: Terminal) -> bool {
    terminal.question("Keep it? [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}
