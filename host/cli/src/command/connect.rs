//! `jeton connect`: a person signs in, and the tokens are kept.

use std::io::{BufRead, IsTerminal};

use jeton_runtime::{Account, Client, CurrentTokens, Flow, Grant, GrantKind, Provider, Returned, Step, Tokens};
use jeton_vault::{ClientName, ConnectionName, NewConnection, Vault};
use url::Url;

use super::connection_view;
use crate::args::Connect;
use crate::context::{Context, client_name, connection_name};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::listener::Listener;
use crate::page::Outcome;
use crate::terminal::{FAINT, GOOD, STRONG, Terminal, styled};

/// What `--paste` names as the redirect URI's port where the service ignores it: nobody listens there.
const PASTE_PORT: u16 = 47_800;

/// A connection that is being made.
struct Connecting<'a> {
    context: &'a Context,
    arguments: &'a Connect,
    vault: Vault,
    provider: Provider,
    client_name: ClientName,
    client: Client,
    name: ConnectionName,
    grant: Grant,
}

/// Runs it.
pub async fn run(context: &Context, arguments: Connect) -> Result {
    let known = context.manifest(&arguments.provider)?;
    let name = connection_name(arguments.name.as_deref().unwrap_or(&arguments.provider))?;
    let (vault, client_name) = client_of(context, &arguments).await?;
    // Before the person signs in, not after.
    if !arguments.replace && vault.connection(&name).await.is_ok() {
        let hint = "Take another name with --name, or sign in again with --replace";
        return Err(Failure::from(jeton_vault::Error::ConnectionExists(name.to_string())).hint(hint));
    }
    let client = vault.client(&client_name).await?;
    let provider = context.provider(&known.id).await?;
    let grant = Grant::new(GrantKind::AuthorizationCode, arguments.scope.clone());
    let connecting = Connecting { context, arguments: &arguments, vault, provider, client_name, client, name, grant };
    let account = if arguments.paste { connecting.by_paste().await? } else { connecting.by_browser().await? };
    connecting.report(account).await
}

/// The client to connect through: the one that is named, or the only one of this provider.
async fn client_of(context: &Context, arguments: &Connect) -> Result<(Vault, ClientName)> {
    let id = &arguments.provider;
    let none = || {
        let hint = format!("Register one first: jeton providers show {id} --guide");
        Failure::new(format!("there is no client of {id} yet"), hint).exit(Exit::FixClient)
    };
    let vault = context.vault_if_any().await?.ok_or_else(none)?;
    if let Some(name) = &arguments.client {
        let info = vault.client_info(&client_name(name)?).await?;
        if info.provider != *id {
            return Err(Failure::new(
                format!("the client {name} is one of {}, not of {id}", info.provider),
                "`jeton clients list` shows them",
            )
            .exit(Exit::Usage));
        }
        return Ok((vault, info.name));
    }
    let mut clients = vault.clients().await?.into_iter().filter(|client| client.provider == *id);
    match (clients.next(), clients.next()) {
        (Some(one), None) => Ok((vault, one.name)),
        (None, _) => Err(none()),
        (Some(one), Some(other)) => {
            let what = format!("there are several clients of {id}");
            Err(Failure::new(what, format!("Choose one: --client {}, --client {}, …", one.name, other.name)).exit(Exit::Usage))
        }
    }
}

impl Connecting<'_> {
    fn terminal(&self) -> Terminal {
        self.context.terminal
    }

    async fn by_browser(&self) -> Result<Option<Account>> {
        let manifest = self.provider.manifest();
        let mut listener = Listener::bind(&manifest.callback, self.arguments.port).await?;
        let (url, flow) = visit(self.provider.begin(&self.client, &self.grant, &listener).await?)?;
        self.send_browser(&url);
        let back = listener.wait(&flow, self.arguments.wait).await?;
        let done = self.finish(&flow, &back.returned).await;
        let shown = match &done {
            Ok(account) => Outcome::Connected {
                name: self.name.to_string(),
                provider: manifest.name.clone(),
                account: account.as_ref().map(|account| account.login.clone().unwrap_or_else(|| account.id.clone())),
            },
            Err(failure) => Outcome::Failed(failure.to_string()),
        };
        let _ = back.outcome.send(shown);
        // The page is on its way; the process must not end before it.
        listener.close().await;
        done
    }

    fn send_browser(&self, url: &Url) {
        let terminal = self.terminal();
        let opened = !self.arguments.no_browser && open(url);
        if opened {
            terminal.note(format!("Your browser opens {}. Sign in there.", self.provider.manifest().name));
            terminal.note(styled(FAINT, format!("If it doesn't: {url}")));
        } else {
            if !self.arguments.no_browser {
                terminal.note("No browser could be opened on this machine (for one without: --paste).");
            }
            terminal.ask(format!("Open this address in a browser on this machine:\n\n  {url}\n"));
        }
    }

    async fn by_paste(&self) -> Result<Option<Account>> {
        let callback = &self.provider.manifest().callback;
        let redirect_uri = callback.redirect_uri(self.arguments.port.or(callback.port).or(Some(PASTE_PORT)));
        let (url, flow) = visit(self.provider.begin(&self.client, &self.grant, &redirect_uri).await?)?;
        let terminal = self.terminal();
        terminal.ask(format!("Open this address in a browser on any machine:\n\n  {url}\n"));
        terminal.ask("After you signed in, the browser can't show the page it is sent to. That is as it should be:");
        terminal.ask("copy the address of that page from the address bar, and paste it here.");
        loop {
            let line = read_line(&terminal)?;
            match flow.pasted(&line) {
                Ok(returned) => return self.finish(&flow, &returned).await,
                Err(error) if std::io::stdin().is_terminal() => terminal.ask(format!("{error}. Once more:")),
                Err(error) => {
                    return Err(Failure::from(error).hint("Paste the whole address that the browser was sent to").exit(Exit::Usage));
                }
            }
        }
    }

    /// Exchanges the code and keeps the tokens, first thing. Whose they are is asked afterwards.
    async fn finish(&self, flow: &Flow, returned: &Returned) -> Result<Option<Account>> {
        let tokens = match self.provider.resume(&self.client, flow, returned).await? {
            Step::Done(tokens) => tokens,
            _ => {
                return Err(Failure::new(
                    "the provider wants a step that jeton connect doesn't know",
                    "Report it to the provider's author",
                ));
            }
        };
        self.keep(&tokens).await?;
        let current = CurrentTokens { access: Some(tokens.access), refresh: tokens.refresh, scope: tokens.scope, extras: tokens.extras };
        match self.provider.identify(&self.client, &current).await {
            Ok(account) => {
                self.vault.set_account(&self.name, &account).await?;
                Ok(Some(account))
            }
            Err(error) => {
                self.terminal().note(format!("The tokens are kept, but whose they are couldn't be asked: {error}"));
                Ok(None)
            }
        }
    }

    async fn keep(&self, tokens: &Tokens) -> Result {
        let new = NewConnection {
            name: &self.name,
            client: &self.client_name,
            grant: &self.grant,
            tokens,
            account: None,
            replace: self.arguments.replace,
        };
        Ok(self.vault.save(new).await?)
    }

    async fn report(&self, account: Option<Account>) -> Result {
        let terminal = self.terminal();
        let whose = account.map(|account| format!(" as {}", connection_view::account(&account))).unwrap_or_default();
        terminal.note(format!(
            "{} Connected {} to {}{whose}.",
            styled(GOOD, "✓"),
            styled(STRONG, &self.name),
            self.provider.manifest().name
        ));
        terminal.note(format!("  Next: jeton token {}", self.name));
        if terminal.json {
            return terminal.value(&connection_view::as_json(&self.vault.connection(&self.name).await?));
        }
        Ok(())
    }
}

fn visit(step: Step) -> Result<(Url, Flow)> {
    match step {
        Step::Visit { url, flow } => Ok((url, flow)),
        _ => Err(Failure::new("the provider doesn't send anybody to a page", "Report it to the provider's author")),
    }
}

/// Whether a browser was started.
fn open(url: &Url) -> bool {
    let mut options = webbrowser::BrowserOptions::new();
    options.with_suppress_output(true);
    webbrowser::open_browser_with_options(webbrowser::Browser::Default, url.as_str(), &options).is_ok()
}

fn read_line(terminal: &Terminal) -> Result<String> {
    let mut line = String::new();
    if std::io::stdin().is_terminal() {
        terminal.ask(styled(FAINT, "address:"));
    }
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(1..) => Ok(line),
        Ok(0) => Err(Failure::new("nothing was pasted", "Run the command again and paste the address").exit(Exit::SignIn)),
        Err(error) => Err(Failure::new(format!("can't read what was pasted: {error}"), "Paste the address as text")),
    }
}
