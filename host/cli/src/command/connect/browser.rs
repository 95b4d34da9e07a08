//! A person signs in with a browser: on this machine, or on another one with an address to paste.

use std::io::{BufRead, IsTerminal};

use jeton_runtime::{Account, Flow, Step};
use url::Url;

use super::Connecting;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::listener::Listener;
use crate::terminal::{FAINT, Terminal, styled};

/// What `--paste` names as the redirect URI's port where the service ignores it: nobody listens there.
pub const PASTE_PORT: u16 = 47_800;

impl Connecting<'_> {
    pub(super) async fn by_browser(&self) -> Result<Option<Account>> {
        let manifest = self.provider.manifest();
        let mut listener = Listener::bind(&manifest.callback, self.arguments.port).await?;
        let (url, flow) = visit(self.provider.begin(&self.client, &self.grant, &listener).await?)?;
        self.send_browser(&url);
        let back = listener.wait(&flow, self.arguments.wait).await?;
        let done = self.finish(&flow, &back.returned, Some(back.outcome)).await;
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

    pub(super) async fn by_paste(&self) -> Result<Option<Account>> {
        let manifest = self.provider.manifest();
        let callback = &manifest.callback;
        let shown = callback.shows_code && self.arguments.port.is_none() && self.arguments.redirect_uri.is_none();
        let redirect_uri = match &self.arguments.redirect_uri {
            Some(elsewhere) => elsewhere.clone(),
            None if shown => String::new(),
            None => callback.redirect_uri(self.arguments.port.or(callback.port).or(Some(PASTE_PORT))),
        };
        let (url, flow) = visit(self.provider.begin(&self.client, &self.grant, &redirect_uri).await?)?;
        let terminal = self.terminal();
        terminal.ask(format!("Open this address in a browser on any machine:\n\n  {url}\n"));
        if shown {
            terminal.ask(format!("After you signed in, {} shows a code: paste it here.", manifest.name));
        } else {
            terminal.ask("After you signed in, the browser can't show the page it is sent to. That is as it should be:");
            terminal.ask("copy the address of that page from the address bar, and paste it here.");
        }
        loop {
            let line = read_line(&terminal)?;
            match flow.pasted(&line) {
                Ok(returned) => return self.finish(&flow, &returned, None).await,
                Err(error) if std::io::stdin().is_terminal() => terminal.ask(format!("{error}. Nothing is lost. Once more:")),
                Err(error) => {
                    return Err(Failure::from(error)
                        .hint("Nothing was sent. Run the command again, and paste the whole address that the browser was sent to, or the code")
                        .exit(Exit::Usage));
                }
            }
        }
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
