//! What a process took: time, memory, and the computing of one that goes on.

use std::io::{PipeReader, Read, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// From before the start until after the end.
pub fn run(command: &mut Command) -> Result<Duration> {
    let begun = Instant::now();
    let status = command.status()?;
    let time = begun.elapsed();
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(time)
}

/// The most memory, in bytes, that a command had up to where it prints its result.
///
/// Linux tells this only of processes that are there, and not what their parents had before them. So the pipe that it prints into is full
/// already: it waits there until it was looked at.
pub fn peak_memory(command: &mut Command) -> Result<u64> {
    let (mut reader, mut writer) = std::io::pipe()?;
    writer.write_all(&[0; 64 << 10]).context("a pipe holds less than it should")?;
    let mut child = command.stdout(writer).spawn()?;
    // The command keeps the other end until it is told to print somewhere else.
    command.stdout(std::process::Stdio::null());
    let status = format!("/proc/{}/status", child.id());
    std::thread::sleep(Duration::from_millis(200));
    let peak = field(&std::fs::read_to_string(status)?, "VmHWM:").context("the command ended before it printed")?;
    drain(&mut reader)?;
    ensure!(child.wait()?.success(), "{command:?} failed");
    Ok(peak << 10)
}

fn drain(reader: &mut PipeReader) -> Result<()> {
    let mut rest = vec![];
    reader.read_to_end(&mut rest)?;
    ensure!(rest.len() > 64 << 10, "the command printed nothing");
    Ok(())
}

fn field(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name)?.trim().split(' ').next()?.parse().ok())
}

/// The time that a process computed so far, in all its threads. Linux counts it in hundredths of a second.
pub fn cpu(process: &str) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name may hold spaces and brackets; what follows its last bracket doesn't. User and system time are the 14th and 15th field.
    let rest = stat.rsplit_once(')').context("/proc holds something unexpected")?.1;
    let ticks: Vec<u64> = rest.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(Duration::from_millis(ticks.iter().sum::<u64>() * 10))
}
