//! The token endpoints that are refreshed against, each in a process of its own, so that it shares no runtime with what is measured.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;
use jeton_emulator::{App, Emulator, JournalSize, Options};
use serde::{Deserialize, Serialize};

use crate::{pin, plain};

/// The client that every server knows.
pub const CLIENT_ID: &str = "client";
/// Its secret, as long as those of Box: short ones are looked for in fewer texts.
pub const CLIENT_SECRET: &str = "benched-client-secret-of-32-char";
/// A refresh token, as long as those of Box.
pub const REFRESH_TOKEN: &str = "benched-refresh-token-that-is-as-long-as-those-of-the-service-is";
/// So many chains of refresh tokens.
pub const CHAINS: usize = 64;

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Always the same answer, over HTTP
    Http,
    /// The same over TLS
    Https,
    /// The same over HTTP, after five milliseconds
    Slow,
    /// The emulator, which rotates refresh tokens as Box does, over TLS
    Emulator,
}

/// What a server says about itself.
#[derive(Serialize, Deserialize)]
pub struct Introduction {
    /// Where it listens.
    pub addr: SocketAddr,
    /// The certificate to trust.
    pub certificate: Option<String>,
    /// The first refresh token of each chain.
    pub refresh_tokens: Vec<String>,
}

/// A server that runs. It ends when this is dropped.
pub struct Server {
    /// What it said.
    pub introduction: Introduction,
    child: Child,
}

impl Server {
    /// Starts it, on a processor of its own or on any.
    pub fn start(kind: Kind, apart: bool) -> Result<Self> {
        let name = kind.to_possible_value().context("a server without a name")?;
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command
            .args(["serve", name.get_name()])
            .args(apart.then_some("--apart"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no stdout")?).read_line(&mut line)?;
        let introduction = serde_json::from_str(&line).context("the server didn't start")?;
        Ok(Self { introduction, child })
    }

    /// Its number in `/proc`.
    pub fn process(&self) -> String {
        self.child.id().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Is the server, until stdin ends.
pub fn serve(kind: Kind, apart: bool) -> Result<()> {
    if apart {
        pin::server();
    }
    // A single thread does what is needed, and leaves the other core to what is measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if kind == Kind::Emulator {
        let (emulator, introduction) = runtime.block_on(emulator())?;
        introduce(&introduction)?;
        wait_for_end()?;
        drop(emulator);
        return Ok(());
    }
    let _inside = runtime.enter();
    let delay = (kind == Kind::Slow).then_some(Duration::from_millis(5));
    let (server, certificate) = plain::Plain::bind(kind == Kind::Https, delay)?;
    introduce(&Introduction { addr: server.addr()?, certificate, refresh_tokens: vec![REFRESH_TOKEN.to_owned(); CHAINS] })?;
    std::thread::spawn(|| {
        let _ = wait_for_end();
        std::process::exit(0);
    });
    runtime.block_on(server.run())
}

async fn emulator() -> Result<(Emulator, Introduction)> {
    let emulator = Emulator::start(Options { journal: JournalSize::Off, ..Options::default() }).await?;
    let service = emulator.box_service();
    service.register_app(App::new(CLIENT_ID, CLIENT_SECRET).redirect_uri("http://127.0.0.1/callback"))?;
    let issued = (0..CHAINS).map_while(|_| service.issue_tokens(CLIENT_ID)).map(|issued| issued.refresh_token);
    let introduction =
        Introduction { addr: emulator.addr(), certificate: Some(emulator.ca_pem().to_owned()), refresh_tokens: issued.collect() };
    Ok((emulator, introduction))
}

fn introduce(introduction: &Introduction) -> Result<()> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", serde_json::to_string(introduction)?)?;
    Ok(stdout.flush()?)
}

fn wait_for_end() -> Result<()> {
    std::io::stdin().read_to_end(&mut vec![])?;
    Ok(())
}
