//! Runs the command as a person would, and waits for it no longer than a person would.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use jeton_emulator::Emulator;

/// How long a command may take that waits for nobody.
pub const PROMPT: Duration = Duration::from_secs(30);

/// The command, with a home of its own and the emulator in Box's place.
pub struct Jeton {
    program: PathBuf,
    home: PathBuf,
    resolve: Vec<String>,
    browser: Option<PathBuf>,
}

/// What it did.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// Its results.
    pub stdout: String,
    /// Everything else that it said.
    pub stderr: String,
}

/// A command that runs.
pub struct Running {
    child: Child,
    until: Instant,
    stdout: JoinHandle<String>,
    lines: Receiver<String>,
    stderr: String,
}

impl Jeton {
    /// `browser` is what it opens pages with.
    pub fn new(program: &Path, home: &Path, emulator: &Emulator, browser: Option<PathBuf>) -> Result<Self> {
        std::fs::write(home.join("ca.pem"), emulator.ca_pem()).context("can't write the emulator's certificate")?;
        Ok(Self { program: program.to_owned(), home: home.to_owned(), resolve: emulator.resolve_arguments(), browser })
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str], input: &str) -> Result<Ran> {
        self.start(arguments, input, PROMPT)?.finish()
    }

    /// Starts it with `input` on stdin.
    pub fn start(&self, arguments: &[&str], input: &str, limit: Duration) -> Result<Running> {
        let mut command = Command::new(&self.program);
        command.args(arguments).args(self.resolve.iter().flat_map(|mapping| ["--resolve", mapping]));
        command.env("JETON_HOME", self.home.join("jeton")).env("JETON_CA_FILE", self.home.join("ca.pem")).env_remove("JETON_KEY");
        if let Some(browser) = &self.browser {
            command.env("BROWSER", browser);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("can't run {}", self.program.display()))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that fails early doesn't read its input.
            let _ = stdin.write_all(input.as_bytes());
        }
        let (out, err) = (child.stdout.take().context("no stdout")?, child.stderr.take().context("no stderr")?);
        let stdout = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = BufReader::new(out).read_to_string(&mut text);
            text
        });
        let (send, lines) = channel();
        std::thread::spawn(move || BufReader::new(err).lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Ok(Running { child, until: Instant::now() + limit, stdout, lines, stderr: String::new() })
    }
}

impl Running {
    /// The next line on stderr that begins with `https://`.
    pub fn url(&mut self) -> Result<String> {
        while let Ok(line) = self.lines.recv_timeout(self.until.saturating_duration_since(Instant::now())) {
            self.stderr.push_str(&line);
            self.stderr.push('\n');
            if line.trim().starts_with("https://") {
                return Ok(line.trim().to_owned());
            }
        }
        let _ = self.child.kill();
        bail!("it printed no address to open: {}", self.stderr)
    }

    /// Waits for its end, or ends it when its time is over.
    pub fn finish(mut self) -> Result<Ran> {
        let status = loop {
            match self.child.try_wait()? {
                Some(status) => break status,
                None if Instant::now() < self.until => std::thread::sleep(Duration::from_millis(5)),
                None => {
                    self.child.kill()?;
                    bail!("it didn't end in time. It said: {}", self.stderr);
                }
            }
        };
        self.stderr.extend(self.lines.iter().map(|line| line + "\n"));
        let stdout = self.stdout.join().unwrap_or_default();
        Ok(Ran { code: status.code().unwrap_or(-1), stdout, stderr: self.stderr })
    }
}
