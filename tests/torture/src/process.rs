//! A worker as the harness sees it: a child that is told what to do, and that can be killed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::event::{Event, Line, now};
use crate::worker::Setup;

/// After this long without a word a worker hangs.
const PATIENCE: Duration = Duration::from_secs(90);

/// Starts workers: this crate's binary.
#[derive(Clone, Debug)]
pub struct Workers(PathBuf);

impl Workers {
    /// The binary.
    pub fn new(binary: &Path) -> Self {
        Self(binary.to_owned())
    }

    /// Starts one. It isn't ready yet.
    pub fn start(&self, setup: &Setup) -> Result<Process> {
        let mut command = Command::new(&self.0);
        command.arg("work").arg(serde_json::to_string(setup)?).env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("can't start {}", self.0.display()))?;
        let orders = child.stdin.take().context("the worker has no standard input")?;
        let said = BufReader::new(child.stdout.take().context("the worker has no standard output")?).lines();
        Ok(Process { child, orders, said, lines: vec![], killed: None })
    }
}

/// See the module. It dies with this value.
pub struct Process {
    child: Child,
    orders: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
    /// What it has said since these were last taken.
    pub lines: Vec<Line>,
    /// When it was killed.
    pub killed: Option<u64>,
}

impl Process {
    /// Tells it what to do.
    pub async fn tell(&mut self, order: &str) -> Result<()> {
        Ok(self.orders.write_all(format!("{order}\n").as_bytes()).await?)
    }

    /// The next thing that it says; `None` when it is gone.
    pub async fn next(&mut self) -> Result<Option<Event>> {
        let line = tokio::time::timeout(PATIENCE, self.said.next_line()).await.context("a worker hangs")??;
        let Some(line) = line else { return Ok(None) };
        let line: Line = serde_json::from_str(&line).with_context(|| format!("a worker said {line:?}"))?;
        self.lines.push(line.clone());
        Ok(Some(line.event))
    }

    /// Waits until it says something that fits.
    pub async fn hear(&mut self, fits: impl Fn(&Event) -> bool) -> Result<Event> {
        loop {
            match self.next().await? {
                Some(event) if fits(&event) => return Ok(event),
                Some(_) => {}
                None => bail!("a worker ended by itself: {}", self.child.wait().await?),
            }
        }
    }

    /// Kills it with SIGKILL, and hears what it had said.
    pub async fn kill(&mut self) -> Result<()> {
        self.killed = Some(now());
        self.child.start_kill()?;
        while self.next().await?.is_some() {}
        self.child.wait().await?;
        Ok(())
    }
}
