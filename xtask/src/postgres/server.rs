//! A PostgreSQL of one's own, from what Debian's package brings: in a folder, on a free port, ended with its owner.
//!
//! The vault's tests have this file too, for servers with settings that no other test could live with.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

/// To begin, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Stopped when it is dropped.
pub struct Server {
    child: Child,
    programs: PathBuf,
    port: u16,
}

impl Server {
    /// Makes it in `folder/data`, unless there is one already, and starts it with these settings, each as `name=value`.
    pub fn start(folder: &Path, settings: &[String]) -> io::Result<Self> {
        // Free again before it is taken.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Self::start_at(folder, port, settings)
    }

    /// The same at this port.
    pub fn start_at(folder: &Path, port: u16, settings: &[String]) -> io::Result<Self> {
        let programs = programs().ok_or_else(|| io::Error::new(ErrorKind::NotFound, "PostgreSQL's programs are missing"))?;
        let data = folder.join("data");
        fs::create_dir_all(folder)?;
        give(folder)?;
        if !data.join("PG_VERSION").exists() {
            let mut init = as_user(&programs.join("initdb"))?;
            init.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]).arg(&data);
            let output = init.stdin(Stdio::null()).output()?;
            if !output.status.success() {
                return Err(io::Error::other(format!("initdb: {}", String::from_utf8_lossy(&output.stderr))));
            }
        }
        let mut command = as_user(&programs.join("postgres"))?;
        command.arg("-D").arg(&data).args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", "unix_socket_directories=", "-c", "max_connections=200"]);
        command.args(settings.iter().flat_map(|setting| ["-c", setting.as_str()]));
        let log = fs::File::create(folder.join("log"))?;
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let mut server = Self { child, programs, port };
        let begun = Instant::now();
        while !answers(port) {
            if server.child.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
                let said = fs::read_to_string(folder.join("log")).unwrap_or_default();
                return Err(io::Error::other(format!("PostgreSQL doesn't start: {said}")));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// `postgres://…` up to the port, for the superuser.
    pub fn address(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its "fast" shutdown: transactions are undone, connections closed. By its own pid and nothing else.
        if let Ok(mut control) = as_user(&self.programs.join("pg_ctl")) {
            let _ = control.args(["kill", "INT", &self.child.id().to_string()]).stdout(Stdio::null()).status();
        }
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if begun.elapsed() > PATIENCE {
                let _ = self.child.kill();
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Whether a PostgreSQL at this port of this machine lets `postgres` in without a password.
pub fn answers(port: u16) -> bool {
    let greeting = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0";
    let ask = || -> io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let length = u32::try_from(greeting.len() + 4).map_err(io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes()[..], greeting].concat())?;
        let mut answer = [0; 9];
        stream.read_exact(&mut answer)?;
        // "Authentication": 0 is "ok". <https://www.postgresql.org/docs/current/protocol-message-formats.html>
        Ok(answer == *b"R\0\0\0\x08\0\0\0\0")
    };
    ask().unwrap_or(false)
}

/// The folder with the newest `initdb`. Debian keeps it out of the path.
pub fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")))).max();
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let all = newest.into_iter().map(|(_, folder)| folder).chain(std::env::split_paths(&on_path));
    all.into_iter().find(|folder| folder.join("initdb").is_file())
}

/// Lets the user have it whom the server runs as.
pub fn give(path: &Path) -> io::Result<()> {
    match user()? {
        Some((user, group)) => chown(path, Some(user), Some(group)),
        None => Ok(()),
    }
}

/// PostgreSQL refuses to run as root.
fn as_user(program: &Path) -> io::Result<Command> {
    let mut command = Command::new(program);
    command.current_dir("/");
    if let Some((user, group)) = user()? {
        command.uid(user).gid(group);
    }
    Ok(command)
}

/// Whom root lends the server to. `None`: we aren't root.
fn user() -> io::Result<Option<(u32, u32)>> {
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let ids = |name: &str| {
        let mut fields = users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?.split(':').skip(1);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let found = ids("postgres").or_else(|| ids("nobody"));
    found.map(Some).ok_or_else(|| io::Error::new(ErrorKind::NotFound, "there is no user `postgres` or `nobody` to run PostgreSQL as"))
}
