//! `cargo xtask fuzz --seconds N [TARGET]`: builds the targets of `fuzz/` and runs each for N seconds, two side by side.
//!
//! A run begins with the seeds in the repository and with what earlier runs on this machine have found. One line per target says how it
//! went. An input that breaks an assertion, hangs or eats the memory is a crash: it stays in `fuzz/artifacts`, and the exit code isn't 0.
//!
//! cargo-fuzz wants a nightly compiler for its instrumentation. The pinned one has it too, behind `RUSTC_BOOTSTRAP`; the address sanitizer is left
//! out, since there is no unsafe code to watch.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{run, setup};

const SIDE_BY_SIDE: usize = 2;

/// Bytes of an input. Longer ones cost speed and reach nothing else.
const LONGEST: &str = "-max_len=16384";

/// Seconds after which an input hangs. The targets take milliseconds.
const HANGS: &str = "-timeout=20";

/// How a target's run went.
struct Outcome {
    target: String,
    /// As libFuzzer counts them.
    runs: Option<u64>,
    seconds: u64,
    /// Where the input is that broke it, or why nothing ran.
    crash: Option<String>,
}

/// Runs it.
pub fn run(arguments: &[&str]) -> Result<ExitCode> {
    let (seconds, only) = parse(arguments)?;
    setup::cargo_fuzz()?;
    let targets = targets(only)?;
    eprintln!("Building {} (the first time takes some minutes)", targets.join(", "));
    run::done(cargo_fuzz("build").args(only))?;
    let queue = Mutex::new(VecDeque::from(targets));
    let crashed = std::thread::scope(|scope| {
        let worker = || {
            let mut crashed = false;
            loop {
                let target = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(target) = target else { return Ok::<_, anyhow::Error>(crashed) };
                let outcome = fuzz(target, seconds)?;
                println!("{}", line(&outcome));
                crashed |= outcome.crash.is_some();
            }
        };
        let workers: Vec<_> = (0..SIDE_BY_SIDE).map(|_| scope.spawn(worker)).collect();
        let mut crashed = false;
        for worker in workers {
            crashed |= worker.join().map_err(|_| anyhow::anyhow!("a thread of xtask panicked"))??;
        }
        Ok::<_, anyhow::Error>(crashed)
    })?;
    Ok(if crashed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn parse<'a>(arguments: &[&'a str]) -> Result<(u64, Option<&'a str>)> {
    let (seconds, only) = match arguments {
        ["--seconds", seconds] => (seconds, None),
        ["--seconds", seconds, target] | [target, "--seconds", seconds] => (seconds, Some(*target)),
        _ => bail!("usage: cargo xtask fuzz --seconds N [TARGET]"),
    };
    match seconds.parse() {
        Ok(seconds @ 1..) => Ok((seconds, only)),
        _ => bail!("`{seconds}` is not a number of seconds"),
    }
}

fn folder() -> PathBuf {
    run::root().join("fuzz")
}

/// The targets, or the one that is asked for.
fn targets(only: Option<&str>) -> Result<Vec<String>> {
    let mut all = vec![];
    for file in std::fs::read_dir(folder().join("targets")).context("can't read fuzz/targets")? {
        all.extend(file?.path().file_stem().and_then(|name| name.to_str()).map(str::to_owned));
    }
    all.sort();
    match only {
        None => Ok(all),
        Some(target) if all.iter().any(|known| known == target) => Ok(vec![target.to_owned()]),
        Some(target) => bail!("there is no target `{target}`; there are: {}", all.join(", ")),
    }
}

fn cargo_fuzz(command: &str) -> Command {
    let mut cargo = run::cargo(&["fuzz", command, "--sanitizer", "none", "--target-dir"]);
    cargo.arg(folder().join("target")).env("RUSTC_BOOTSTRAP", "1");
    cargo
}

/// Runs one target. What libFuzzer says goes into a file; it is much.
fn fuzz(target: String, seconds: u64) -> Result<Outcome> {
    let [seeds, corpus] = ["seeds", "corpus"].map(|kind| folder().join(kind).join(&target));
    if !seeds.is_dir() {
        bail!("{target} has no seeds: put at least one input into {}", seeds.display());
    }
    std::fs::create_dir_all(&corpus)?;
    let begun = Instant::now();
    let mut command = cargo_fuzz("run");
    // What a run finds goes into the first folder.
    command.arg(&target).args([corpus, seeds]).args(["--", LONGEST, HANGS, &format!("-max_total_time={seconds}")]);
    let Output { status, stdout, stderr } = command.output().context("can't run cargo fuzz")?;
    let report = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    let log = folder().join("target").join(format!("{target}.log"));
    std::fs::write(&log, &report)?;
    let crash = if status.success() { None } else { Some(broken(&report).unwrap_or_else(|| format!("see {}", shown(&log)))) };
    Ok(Outcome { runs: runs(&report), seconds: begun.elapsed().as_secs(), crash, target })
}

/// From libFuzzer's last line, `Done 123 runs in 10 second(s)`, or the last of those before a crash, `#123 NEW …`.
fn runs(report: &str) -> Option<u64> {
    let done = |line: &str| line.strip_prefix("Done ")?.split(' ').next()?.parse().ok();
    let so_far = |line: &str| line.strip_prefix('#')?.split(['\t', ' ', ':']).next()?.parse().ok();
    report.lines().rev().find_map(|line| done(line).or_else(|| so_far(line)))
}

/// Where libFuzzer wrote the input, and what the target said about it.
fn broken(report: &str) -> Option<String> {
    let input = report.lines().find_map(|line| line.split_once("Test unit written to ").map(|(_, path)| path.trim()))?;
    let said = report
        .lines()
        .skip_while(|line| !line.contains("panicked at"))
        .nth(1)
        .or_else(|| report.lines().find(|line| line.contains("ERROR: libFuzzer")));
    Some(format!("{}\n    {}", shown(Path::new(input)), said.unwrap_or_default()))
}

/// A path as it is typed in the repository.
fn shown(path: &Path) -> String {
    path.strip_prefix(run::root()).unwrap_or(path).display().to_string()
}

fn line(outcome: &Outcome) -> String {
    let Outcome { target, runs, seconds, crash } = outcome;
    let runs = runs.map_or_else(|| "?".to_owned(), |runs| runs.to_string());
    let outcome = crash.as_ref().map_or_else(|| "clean".to_owned(), |crash| format!("CRASH: {crash}"));
    format!("{target:<12} {runs:>12} runs {seconds:>6} s  {outcome}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_count_is_the_number_of_runs() {
        assert_eq!(runs("#1 INITED\n#2048\tpulse  cov: 7\nDone 4096 runs in 11 second(s)\n"), Some(4096));
        assert_eq!(runs("#2\tINITED\n#2048\tNEW    cov: 7\n==1== ERROR: libFuzzer: deadly signal\n"), Some(2048));
        assert_eq!(runs("error: could not compile"), None);
    }

    #[test]
    fn a_crash_names_its_input_and_what_was_said() {
        let report =
            "thread '<unnamed>' panicked at targets/a.rs:1:2:\na terminal would obey it\nArtifact; Test unit written to /x/crash-1\n";
        assert_eq!(broken(report).unwrap(), "/x/crash-1\n    a terminal would obey it");
        assert_eq!(broken("error: could not compile"), None);
    }

    #[test]
    fn seconds_stand_on_either_side_of_the_target() {
        assert_eq!(parse(&["--seconds", "5"]).unwrap(), (5, None));
        assert_eq!(parse(&["--seconds", "5", "answer"]).unwrap(), (5, Some("answer")));
        assert_eq!(parse(&["answer", "--seconds", "5"]).unwrap(), (5, Some("answer")));
        for wrong in [&[][..], &["answer"], &["--seconds"], &["--seconds", "0"], &["--seconds", "x"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
