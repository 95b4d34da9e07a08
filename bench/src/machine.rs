//! The machine that it was measured on.

use std::process::Command;

/// One line.
pub fn describe() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo").lines().find_map(|line| Some(line.strip_prefix("model name")?.split_once(": ")?.1.to_owned()));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let rustc = Command::new("rustc").arg("--version").output().ok().and_then(|output| String::from_utf8(output.stdout).ok());
    format!(
        "{}, {cores} cores, {} {}, {}",
        cpu.as_deref().unwrap_or("an unknown CPU"),
        std::env::consts::OS,
        kernel.trim(),
        rustc.as_deref().unwrap_or("rustc unknown").trim(),
    )
}
