//! Many want one expired token at the same time. The service gives for a refresh token once, and takes a second request with it as theft,
//! which ends the grant. So there must be one.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::future::{join_all, try_join_all};
use jeton_emulator::{Fault, Matcher, Rotation};
use tokio::process::Command;

use crate::event::Event;
use crate::process::{Process, Workers};
use crate::service::Service;
use crate::stage::{Kind, NAME, Stage, name};

/// Processes, and tasks of one process.
const MANY: usize = 64;
/// Servers on one database, and tasks of each.
const SERVERS: usize = 3;
const TASKS: usize = 20;

/// The service takes its time, so that all who want the token are there before it answers.
const SLOW: Duration = Duration::from_millis(300);

/// What the runs of one kind came to. Each was as it should be, else there is an error.
#[derive(Clone, Copy, Debug, Default)]
pub struct Crowd {
    /// How often.
    pub runs: usize,
    /// Who got a token, in all runs.
    pub served: usize,
    /// What the service saw, in all runs.
    pub refreshes: usize,
}

impl Crowd {
    /// Everyone has the same token, the service knows it, and it was asked once.
    async fn judge(&mut self, stage: &Stage, tokens: Vec<Result<String, String>>, many: usize) -> Result<()> {
        let refreshes = stage.refreshes().len();
        let failed: Vec<_> = tokens.iter().filter_map(|token| token.as_ref().err()).collect();
        let first = failed.first();
        ensure!(first.is_none(), "run {}: {} of {many} failed, with {refreshes} refreshes, one with {first:?}", self.runs, failed.len());
        let different: BTreeSet<_> = tokens.iter().flatten().collect();
        ensure!(tokens.len() == many && different.len() == 1, "run {}: {} answers, {} tokens", self.runs, tokens.len(), different.len());
        ensure!(refreshes == 1, "run {}: {refreshes} refreshes", self.runs);
        ensure!(different.iter().all(|token| stage.emulator.box_service().is_live(token)), "run {}: a dead token", self.runs);
        ensure!(stage.truth().await?.1, "run {}: what is stored is dead", self.runs);
        *self = Self { runs: self.runs + 1, served: self.served + many, refreshes: self.refreshes + refreshes };
        Ok(())
    }
}

async fn expired(stage: &Stage) -> Result<()> {
    stage.sign_in().await?;
    stage.emulator.faults().clear();
    stage.emulator.faults().inject(Fault::Slow(SLOW), Matcher::any().path("/oauth2/token"), 1);
    stage.emulator.journal().clear();
    Ok(())
}

/// 64 times the real command.
pub async fn processes(jeton: &Path, cache: &Path, runs: usize) -> Result<Crowd> {
    let stage = Stage::new(Kind::Sqlite, Rotation::Guarded, cache).await?;
    let mut crowd = Crowd::default();
    for _ in 0..runs {
        expired(&stage).await?;
        let ran = join_all((0..MANY).map(|_| command(jeton, &stage).output())).await;
        let tokens = ran.into_iter().map(|ran| {
            let ran = ran.map_err(|error| format!("can't start {}: {error}", jeton.display()))?;
            match ran.status.success() {
                true => Ok(String::from_utf8_lossy(&ran.stdout).trim().to_owned()),
                false => Err(String::from_utf8_lossy(&ran.stderr).into_owned()),
            }
        });
        crowd.judge(&stage, tokens.collect(), MANY).await?;
    }
    stage.close().await?;
    Ok(crowd)
}

/// The command, with what leads it to the emulator.
pub fn command(jeton: &Path, stage: &Stage) -> Command {
    let mut command = Command::new(jeton);
    command.args(["token", NAME]);
    command.args(stage.emulator.resolve_arguments().iter().flat_map(|mapping| ["--resolve", mapping]));
    command.env("JETON_HOME", stage.home()).env("JETON_CA_FILE", stage.ca()).env_remove("JETON_KEY").env_remove("JETON_STORE");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// 64 tasks of this process.
pub async fn tasks(cache: &Path, runs: usize) -> Result<Crowd> {
    let stage = Stage::new(Kind::Sqlite, Rotation::Guarded, cache).await?;
    let providers = Service::load(stage.emulator.addr(), &stage.ca(), cache, |_| {}).await?;
    let mut crowd = Crowd::default();
    for _ in 0..runs {
        expired(&stage).await?;
        let asking = (0..MANY).map(|_| {
            let (vault, providers, name) = (stage.vault.clone(), providers.clone(), name());
            tokio::spawn(async move { anyhow::Ok(vault.access_token(&name?, Duration::from_secs(60), &providers).await?) })
        });
        let tokens = join_all(asking).await.into_iter().map(|token| match token {
            Ok(Ok(token)) => Ok(token.secret.reveal_text().unwrap_or_default().to_owned()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        });
        crowd.judge(&stage, tokens.collect(), MANY).await?;
    }
    stage.close().await?;
    Ok(crowd)
}

/// Three servers with 20 tasks each, on one PostgreSQL.
pub async fn servers(workers: &Workers, cache: &Path, runs: usize) -> Result<Crowd> {
    let stage = Stage::new(Kind::Postgres, Rotation::Guarded, cache).await?;
    stage.sign_in().await?;
    let mut servers = vec![];
    for number in 1..=SERVERS {
        servers.push(workers.start(&stage.setup(&format!("server {number}"), Duration::from_secs(30)))?);
    }
    for server in &mut servers {
        server.hear(|event| *event == Event::Ready).await?;
    }
    let mut crowd = Crowd::default();
    for _ in 0..runs {
        expired(&stage).await?;
        let tokens = try_join_all(servers.iter_mut().map(ask)).await?.into_iter().flatten();
        crowd.judge(&stage, tokens.collect(), SERVERS * TASKS).await?;
    }
    drop(servers);
    stage.close().await?;
    Ok(crowd)
}

async fn ask(server: &mut Process) -> Result<Vec<Result<String, String>>> {
    server.tell(&format!("ask {TASKS}")).await?;
    let mut tokens = vec![];
    while tokens.len() < TASKS {
        match server.next().await?.context("a server ended")? {
            Event::Token(token) => tokens.push(Ok(token)),
            Event::Reauthorize(error) | Event::Trouble(error) => tokens.push(Err(error)),
            _ => {}
        }
    }
    server.lines.clear();
    Ok(tokens)
}
