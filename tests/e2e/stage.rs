//! What every end-to-end test stands on: an emulator, a home of its own, and the command.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use jeton_emulator::{App, Decision, Emulator, Options};
use tempfile::TempDir;

pub const CLIENT_ID: &str = "emulated-client";
pub const CLIENT_SECRET: &str = "emulated-client-secret";

pub struct Stage {
    pub emulator: Emulator,
    pub home: TempDir,
}

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A `jeton connect` that waits for its browser.
pub struct Connecting {
    child: Child,
    pub url: String,
    stderr: JoinHandle<String>,
}

impl Stage {
    /// An emulator with one app, and an empty home.
    pub async fn empty() -> Self {
        let emulator = Emulator::start(Options { max_lifetime: Duration::from_secs(120), ..Options::default() }).await.unwrap();
        // Box's own, and those of the providers that the tests add.
        let paths = ["callback", "jeton/acme/callback", "jeton/smuggler/callback"];
        let app = App::new(CLIENT_ID, CLIENT_SECRET).scopes(&["root_readwrite", "root_readonly"]);
        let app = paths.iter().fold(app, |app, path| app.redirect_uri(&format!("http://127.0.0.1/{path}")));
        emulator.box_service().register_app(app).unwrap();
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("ca.pem"), emulator.ca_pem()).unwrap();
        Self { emulator, home }
    }

    /// The same with the app's client kept.
    pub async fn with_client() -> Self {
        let stage = Self::empty().await;
        stage.add_client(CLIENT_SECRET).succeeded();
        stage
    }

    /// The same with a connection called `work-box`.
    pub async fn connected() -> Self {
        let stage = Self::with_client().await;
        stage.connect(&["--name", "work-box"]).await.succeeded();
        stage
    }

    pub fn add_client(&self, secret: &str) -> Ran {
        self.jeton_with_input(&["clients", "add", "box", "--id", CLIENT_ID, "--secret-file", "-"], secret)
    }

    pub fn data(&self) -> PathBuf {
        self.home.path().join("data/jeton")
    }

    pub fn store(&self) -> PathBuf {
        self.data().join("jeton.db")
    }

    pub fn key(&self) -> PathBuf {
        self.home.path().join("config/jeton/key")
    }

    /// The command with this home and this emulator. Compiled components are shared by all tests.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jeton"));
        command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (variable, folder) in [("HOME", "."), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data")] {
            command.env(variable, self.home.path().join(folder));
        }
        command.env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"));
        command.env("JETON_CA_FILE", self.home.path().join("ca.pem"));
        for mapping in self.emulator.resolve_arguments() {
            command.args(["--resolve", &mapping]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn jeton(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    pub fn jeton_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A command that fails early doesn't read its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap().into()
    }

    /// Begins to connect, up to the address that the browser is to open.
    pub fn begin_connect(&self, arguments: &[&str]) -> Connecting {
        self.begin_connect_to("box", arguments)
    }

    /// The same with another provider.
    pub fn begin_connect_to(&self, provider: &str, arguments: &[&str]) -> Connecting {
        self.begin(self.command(&[&["connect", provider, "--no-browser"], arguments].concat()))
    }

    /// Runs a `jeton connect` up to the address that the browser is to open.
    pub fn begin(&self, mut command: Command) -> Connecting {
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let (mut seen, mut url) = (String::new(), None);
        while url.is_none() {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).unwrap() > 0, "jeton connect ended without an address: {seen}");
            url = line.trim().starts_with("https://").then(|| line.trim().to_owned());
            seen.push_str(&line);
        }
        let stderr = std::thread::spawn(move || {
            lines.read_to_string(&mut seen).unwrap();
            seen
        });
        Connecting { child, url: url.unwrap(), stderr }
    }

    /// Connects as a person would who grants access, and pastes what the browser came back with.
    pub async fn paste(&self, provider: &str, arguments: &[&str]) -> Ran {
        let mut command = self.command(&[&["connect", provider, "--paste"], arguments].concat());
        command.stdin(Stdio::piped());
        let connecting = self.begin(command);
        let back = self.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
        connecting.paste(&back)
    }

    /// Connects as a person would who grants access.
    pub async fn connect(&self, arguments: &[&str]) -> Ran {
        let connecting = self.begin_connect(arguments);
        let back = self.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
        get(back.as_str());
        connecting.finish()
    }

    pub fn token(&self) -> String {
        self.jeton(&["token", "work-box"]).succeeded().stdout.trim().to_owned()
    }

    /// How many refreshes the service saw.
    pub fn refreshes(&self) -> usize {
        self.emulator.journal().count(|entry| entry.grant_type.as_deref() == Some("refresh_token"))
    }
}

impl Connecting {
    pub fn finish(self) -> Ran {
        let Output { status, stdout, .. } = self.child.wait_with_output().unwrap();
        let stdout = String::from_utf8(stdout).unwrap();
        Ran { code: status.code().unwrap(), stdout, stderr: self.stderr.join().unwrap() }
    }

    /// Pastes what the browser came back with: a code that the service showed, or the address that it was sent to.
    pub fn paste(mut self, back: &url::Url) -> Ran {
        let pasted = match back.scheme() {
            "copied" => back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned(),
            _ => back.to_string(),
        };
        writeln!(self.child.stdin.take().unwrap(), "{pasted}").unwrap();
        self.finish()
    }

    pub fn stop(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Ran {
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// It failed with this code, and both what happened and what to do are said, in these words.
    #[track_caller]
    pub fn failed(self, code: i32, says: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(self.stdout, "");
        assert!(self.stderr.contains("error: ") && self.stderr.contains("→ "), "{}", self.stderr);
        for words in says {
            assert!(self.stderr.contains(words), "{words:?} is not in:\n{}", self.stderr);
        }
        self
    }
}

/// What a browser does with a redirect to this machine: the answer's status line, headers and body.
pub fn get(url: &str) -> String {
    get_as(url, None)
}

/// The same for any name of this machine: a browser says it in its `Host` header.
pub fn browse(back: &url::Url) -> String {
    let authority = format!("{}:{}", back.host_str().unwrap(), back.port().unwrap());
    get_as(&back.as_str().replace("//localhost:", "//127.0.0.1:"), Some(&authority))
}

/// The same with another `Host` header.
pub fn get_as(url: &str, host: Option<&str>) -> String {
    let rest = url.strip_prefix("http://").unwrap();
    let (authority, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", host.unwrap_or(authority)).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
