//! Eight times stock rclone at once on one expired token, and eight times `jeton token`, at the same service. See `docs/rclone-comparison.md`.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::future::join_all;
use jeton_emulator::{Fault, Faults, Matcher, Rotation};
use tokio::process::Command;

use crate::crowd::command;
use crate::proxy::Proxy;
use crate::stage::{CLIENT, Kind, Refresh, Stage};

const MANY: usize = 8;
/// As long as every token request takes: the service isn't on this machine, as it were.
const SLOW: Duration = Duration::from_millis(150);
/// A program that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// What became of eight at once.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Whose.
    pub program: &'static str,
    /// How many ended well.
    pub succeeded: usize,
    /// Requests to the token endpoint.
    pub requests: usize,
    /// Of these, how many were refused.
    pub refused: usize,
    /// Of these, how many showed a refresh token after the service had given its successor. Where reuse is detected (RFC 9700 section
    /// 4.14.2), the first of them ends the grant.
    pub reused: usize,
    /// Whether the service accepts the refresh token that is stored in the end.
    pub stored_is_live: bool,
    /// Whether one more command works when the access token has expired again.
    pub next_works: bool,
    /// The last line of what the first that failed has said.
    pub complaint: Option<String>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, succeeded, requests, refused, reused, stored_is_live, next_works, complaint } = self;
        write!(
            f,
            "{program}: {succeeded} of {MANY} succeeded; {requests} token requests, {refused} refused, {reused} with a used refresh token; \
             stored refresh token accepted: {stored_is_live}; next command works: {next_works}"
        )?;
        match complaint {
            Some(complaint) => write!(f, "\n    {complaint}"),
            None => Ok(()),
        }
    }
}

/// What the first line of `rclone version` says.
pub async fn version() -> Result<String> {
    let ran = Command::new("rclone").arg("version").output().await.context("install rclone (Debian: apt-get install rclone)")?;
    Ok(String::from_utf8_lossy(&ran.stdout).lines().next().unwrap_or_default().to_owned())
}

/// Eight times rclone.
pub async fn rclone(cache: &Path, rotation: Rotation) -> Result<Seen> {
    let stage = Stage::new(Kind::Sqlite, rotation, cache).await?;
    let issued = stage.sign_in().await?;
    let proxy = Proxy::start(stage.emulator.addr()).await?;
    let config = stage.home().join("rclone.conf");
    let token = serde_json::json!({
        "access_token": issued.access_token, "token_type": "bearer", "refresh_token": issued.refresh_token, "expiry": "2020-01-01T00:00:00Z",
    });
    let (id, secret) = CLIENT;
    let url = "https://api.box.com/oauth2/token";
    std::fs::write(
        &config,
        format!("[box]\ntype = box\nclient_id = {id}\nclient_secret = {secret}\ntoken_url = {url}\ntoken = {token}\n"),
    )?;
    let list = || {
        let mut command = Command::new("rclone");
        command.args(["lsd", "box:", "--retries", "1", "--low-level-retries", "1", "--ca-cert"]).arg(stage.ca());
        command.arg("--config").arg(&config).env("HTTPS_PROXY", proxy.url());
        command
    };
    let expired = || {
        let text = std::fs::read_to_string(&config)?;
        let (before, rest) = text.split_once("\"expiry\":\"").context("rclone.conf has no expiry any more")?;
        let (_, after) = rest.split_once('"').context("rclone.conf isn't whole")?;
        std::fs::write(&config, format!("{before}\"expiry\":\"2020-01-01T00:00:00Z\"{after}"))?;
        Ok(list())
    };
    let seen = eight("rclone lsd", &stage, list, async || stored_by_rclone(&config), expired).await?;
    stage.close().await?;
    Ok(seen)
}

/// Eight times Jeton.
pub async fn jeton(jeton: &Path, cache: &Path, rotation: Rotation) -> Result<Seen> {
    let stage = Stage::new(Kind::Sqlite, rotation, cache).await?;
    stage.sign_in().await?;
    let token = || command(jeton, &stage);
    let expired = || {
        let mut command = token();
        command.args(["--min-valid", "2h"]);
        Ok(command)
    };
    let seen = eight("jeton token", &stage, token, async || Ok(stage.truth().await?.0), expired).await?;
    stage.close().await?;
    Ok(seen)
}

async fn eight(
    program: &'static str,
    stage: &Stage,
    command: impl Fn() -> Command,
    stored: impl AsyncFn() -> Result<String>,
    expired: impl Fn() -> Result<Command>,
) -> Result<Seen> {
    stage.emulator.faults().inject(Fault::Slow(SLOW), Matcher::any().path("/oauth2/token"), Faults::FOREVER);
    // What is stored as expired has expired at the service, too.
    stage.emulator.box_service().expire_access_tokens();
    stage.emulator.journal().clear();
    let ran = join_all((0..MANY).map(|_| run(command()))).await.into_iter().collect::<Result<Vec<_>>>()?;
    let refreshes = stage.refreshes();
    let stored_is_live = stage.emulator.box_service().is_live(&stored().await?);
    stage.emulator.box_service().expire_access_tokens();
    let next_works = run(expired()?).await?.is_none();
    Ok(Seen {
        program,
        succeeded: ran.iter().filter(|complaint| complaint.is_none()).count(),
        requests: refreshes.len(),
        refused: refreshes.iter().filter(|refresh| !refresh.given).count(),
        reused: reused(&refreshes),
        stored_is_live,
        next_works,
        complaint: ran.into_iter().flatten().next(),
    })
}

/// `None` where it succeeded, else the last line that it said.
async fn run(mut command: Command) -> Result<Option<String>> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let ran = tokio::time::timeout(PATIENCE, command.output()).await.context("a command hangs")??;
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    Ok((!ran.status.success()).then(|| said.trim().lines().last().unwrap_or_default().to_owned()))
}

fn reused(refreshes: &[Refresh]) -> usize {
    let mut given = HashSet::new();
    refreshes.iter().filter(|refresh| if refresh.given { !given.insert(&refresh.used) } else { given.contains(&refresh.used) }).count()
}

fn stored_by_rclone(config: &Path) -> Result<String> {
    let text = std::fs::read_to_string(config)?;
    let token = text.lines().find_map(|line| line.strip_prefix("token = ")).context("rclone.conf has no token any more")?;
    let token: serde_json::Value = serde_json::from_str(token)?;
    Ok(token.get("refresh_token").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_is_reused_when_its_successor_was_given_before() {
        let refresh = |used: &str, given| Refresh { used: used.to_owned(), given, dropped: false };
        assert_eq!(reused(&[refresh("a", true), refresh("b", true), refresh("c", false)]), 0);
        assert_eq!(reused(&[refresh("a", true), refresh("a", false), refresh("a", false), refresh("b", true), refresh("b", true)]), 3);
    }
}
