//! A worker: a process that does with the vault what it is told, line by line, until its standard input ends.
//!
//! | line | what it does |
//! |---|---|
//! | `refresh` | refreshes without a pause, until `stop` |
//! | `once` | refreshes once |
//! | `ask N` | N tasks ask for a token at the same time |

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use futures_util::future::join_all;
use jeton_vault::{AccessToken, ConnectionName, Error, Providers, Vault};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines, Stdin};

use crate::event::{Event, say};
use crate::service::Service;
use crate::stage::{name, open};

/// After trouble with the store, before the next try.
const BREATH: Duration = Duration::from_millis(5);

/// What a worker needs to know: one argument, as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// A file, or the address of a database.
    pub store: String,
    /// The master key.
    pub key: PathBuf,
    /// The emulator's certificate.
    pub ca: PathBuf,
    /// Compiled components.
    pub cache: PathBuf,
    /// The emulator.
    pub addr: SocketAddr,
    /// Who acts, for the vault's log.
    pub actor: String,
    /// The length of leases.
    pub lease_millis: u64,
}

struct Worker {
    vault: Vault,
    providers: Arc<dyn Providers>,
    name: ConnectionName,
}

/// Runs it.
pub async fn run(setup: &Setup) -> Result<()> {
    let vault = open(setup).await?;
    let providers = Service::load(setup.addr, &setup.ca, &setup.cache, say).await?;
    let worker = Worker { vault, providers, name: name()? };
    say(Event::Ready);
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["refresh"] => worker.refresh(&mut lines).await?,
            ["once"] => {
                tell(worker.vault.refresh(&worker.name, &worker.providers).await);
            }
            ["ask", many] => worker.ask(many.parse()?).await,
            _ => bail!("`{line}` isn't understood"),
        }
    }
    Ok(())
}

impl Worker {
    async fn refresh(&self, lines: &mut Lines<BufReader<Stdin>>) -> Result<()> {
        let stop = lines.next_line();
        tokio::pin!(stop);
        loop {
            // Looked at between refreshes only: those come to their end.
            let told = self.vault.refresh(&self.name, &self.providers).await;
            let over = match tell(told) {
                // A person would have to come first.
                Told::SignIn => stop.as_mut().await.is_ok(),
                Told::Trouble => tokio::time::timeout(BREATH, &mut stop).await.is_ok(),
                Told::Token => tokio::time::timeout(Duration::ZERO, &mut stop).await.is_ok(),
            };
            if over {
                say(Event::Stopped);
                return Ok(());
            }
        }
    }

    async fn ask(&self, many: usize) {
        let ask = || async { self.vault.access_token(&self.name, Duration::from_secs(60), &self.providers).await };
        join_all((0..many).map(|_| ask())).await.into_iter().map(tell).for_each(drop);
    }
}

enum Told {
    Token,
    SignIn,
    Trouble,
}

fn tell(outcome: Result<AccessToken, Error>) -> Told {
    let (told, event) = match outcome {
        Ok(token) => (Told::Token, Event::Token(token.secret.reveal_text().unwrap_or_default().to_owned())),
        Err(Error::Reauthorize { reason, .. }) => (Told::SignIn, Event::Reauthorize(reason)),
        Err(error) => (Told::Trouble, Event::Trouble(error.to_string())),
    };
    say(event);
    told
}
