//! A browser that meets the emulator where it looks for Box: Chromium with a profile of its own, in which nothing else can be reached.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "brave-browser"];

/// A script that opens an address in it. The browser ends when this is dropped.
pub struct Browser {
    /// What `jeton connect` opens pages with.
    pub script: PathBuf,
    pid: PathBuf,
}

impl Browser {
    /// Writes the script into `folder`.
    pub fn prepare(folder: &Path, emulator: SocketAddr) -> Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).flat_map(|folder| NAMES.map(|name| folder.join(name))).find(|program| program.is_file());
        let Some(program) = found else { bail!("--browser needs Chromium or Chrome (Debian: apt-get install chromium)") };
        if cfg!(target_os = "linux") && ["DISPLAY", "WAYLAND_DISPLAY"].iter().all(|name| std::env::var_os(name).is_none()) {
            bail!("--browser needs a desktop, and there is none here. Without it a script signs in.");
        }
        let (script, pid, profile) = (folder.join("browser"), folder.join("browser.pid"), folder.join("profile"));
        // The emulator's certificate is made anew each time and known to nobody, and the profile reaches nothing but the emulator.
        let text = format!(
            "#!/bin/sh\necho $$ > '{pid}'\nexec '{program}' --user-data-dir='{profile}' --no-first-run --no-default-browser-check {sandbox} \
             --ignore-certificate-errors --host-resolver-rules='MAP *.box.com {emulator}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1' \
             \"$1\" > /dev/null 2>&1\n",
            pid = pid.display(),
            program = program.display(),
            profile = profile.display(),
            // Chromium's sandbox refuses root.
            sandbox = if is_root() { "--no-sandbox" } else { "" },
        );
        std::fs::write(&script, text).context("can't write a script")?;
        make_executable(&script)?;
        Ok(Self { script, pid })
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let Ok(pid) = std::fs::read_to_string(&self.pid) else { return };
        let _ = Command::new("kill").arg(pid.trim()).stderr(Stdio::null()).status();
        // It writes to its profile to the last, and the folder is about to be removed.
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
}

#[cfg(unix)]
fn make_executable(script: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(std::fs::set_permissions(script, PermissionsExt::from_mode(0o700))?)
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<()> {
    bail!("--browser works on Unix only. Without it a script signs in.")
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
