//! `cargo xtask torture`: see the library. Its other role is that of a worker, which it starts itself.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to the person who runs it")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use futures_util::StreamExt as _;
use jeton_emulator::Rotation;
use jeton_torture::kill::{self, Counts, Plan};
use jeton_torture::process::Workers;
use jeton_torture::worker::{self, Setup};
use jeton_torture::{crowd, rclone};

/// Kills, cuts and crowds the vault, and counts what is lost.
#[derive(Parser)]
struct Arguments {
    /// The `jeton` command, with `jeton-main` beside it
    #[arg(long, required = true)]
    jeton: Option<PathBuf>,
    /// Rounds of killing, over all cases; every tenth of it is a run of each crowd
    #[arg(long, default_value_t = 1000)]
    rounds: usize,
    /// Decides who is killed, and when
    #[arg(long)]
    seed: Option<u64>,
    /// The length of leases, in milliseconds: how long the workers wait for a dead one
    #[arg(long, default_value_t = 1000)]
    lease: u64,
    /// Cases of killing side by side
    #[arg(long, default_value_t = 4)]
    jobs: usize,
    /// Only this part
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// The comparison with rclone, and nothing else
    #[arg(long)]
    rclone: bool,
    /// Where compiled components are kept. Default: a folder that goes afterwards
    #[arg(long)]
    cache: Option<PathBuf>,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Part {
    /// Many at once
    Crowd,
    /// Kill -9 and cut connections
    Kill,
}

#[derive(Subcommand)]
#[command(subcommand_negates_reqs = true)]
enum Role {
    /// A worker, until stdin ends
    Work { setup: String },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if let Some(Role::Work { setup }) = &arguments.role {
        let setup: Setup = serde_json::from_str(setup)?;
        let worked = runtime.block_on(worker::run(&setup));
        // Its standard input is read by a thread that would be waited for.
        runtime.shutdown_background();
        return worked;
    }
    runtime.block_on(torture(arguments))
}

async fn torture(arguments: Arguments) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let cache = arguments.cache.clone().unwrap_or_else(|| folder.path().join("cache"));
    let jeton = arguments.jeton.clone().context("--jeton is missing")?;
    if arguments.rclone {
        return compare(&jeton, &cache, arguments.rounds.min(10)).await;
    }
    let workers = Workers::new(&std::env::current_exe()?);
    if arguments.only != Some(Part::Kill) {
        let runs = arguments.rounds.div_ceil(10);
        let shown = |what: &str, crowd: crowd::Crowd, begun: Instant| {
            let crowd::Crowd { runs, served, refreshes } = crowd;
            println!("{what}: {runs} runs, {served} served, {refreshes} refreshes ({} s)", begun.elapsed().as_secs());
        };
        let begun = Instant::now();
        shown("64 tasks, SQLite", crowd::tasks(&cache, runs).await?, begun);
        let begun = Instant::now();
        shown("3 servers × 20 tasks, PostgreSQL", crowd::servers(&workers, &cache, runs).await?, begun);
        let begun = Instant::now();
        shown("64 processes, SQLite", crowd::processes(&jeton, &cache, runs).await?, begun);
    }
    if arguments.only != Some(Part::Crowd) {
        killing(&arguments, workers, cache).await?;
    }
    Ok(())
}

async fn killing(arguments: &Arguments, workers: Workers, cache: PathBuf) -> Result<()> {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(0..1_000_000));
    println!("seed {seed}");
    let cases = kill::cases();
    let (rounds, count) = (arguments.rounds.div_ceil(cases.len()), cases.len());
    let runs = cases.into_iter().zip(seed..).map(|(case, seed)| {
        let plan = Plan { rounds, seed, lease: Duration::from_millis(arguments.lease), workers: workers.clone(), cache: cache.clone() };
        async move { (case, kill::run(case, &plan).await) }
    });
    let mut runs = futures_util::stream::iter(runs).buffer_unordered(arguments.jobs);
    let (begun, mut all) = (Instant::now(), Counts::default());
    while let Some((case, counts)) = runs.next().await {
        let counts = counts?;
        println!("{:?}, {:?}{}: {counts}", case.kind, case.rotation, if case.drops { ", dropped answers" } else { "" });
        all += counts;
    }
    println!("all {count} cases: {all} ({} s)", begun.elapsed().as_secs());
    match all.wrong.as_slice() {
        [] => Ok(()),
        wrong => bail!("{}", wrong.join("\n")),
    }
}

async fn compare(jeton: &std::path::Path, cache: &std::path::Path, times: usize) -> Result<()> {
    println!("{}", rclone::version().await?);
    let kinds = [(Rotation::Strict, "a used refresh token is refused"), (Rotation::Guarded, "a used refresh token ends the grant")];
    for (rotation, what) in kinds {
        println!("{what}:");
        for _ in 0..times {
            println!("{}", rclone::rclone(cache, rotation).await?);
        }
        for _ in 0..times {
            println!("{}", rclone::jeton(jeton, cache, rotation).await?);
        }
    }
    Ok(())
}
