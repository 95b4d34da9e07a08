//! The story: from a client registration to a revoked connection.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use jeton_emulator::{App, Decision, Emulator, Options};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use url::Url;

use crate::browser::Browser;
use crate::jeton::{Jeton, PROMPT, Ran};
use crate::narrator;

const CLIENT_ID: &str = "demo-client";
const CLIENT_SECRET: &str = "demo-client-secret";
const ITEMS: &str = "https://api.box.com/2.0/folders/0/items";
/// How long a person may take to sign in.
const PATIENCE: Duration = Duration::from_secs(300);

struct Story {
    runtime: Runtime,
    emulator: Emulator,
    jeton: Jeton,
    browser: Option<Browser>,
    steps: usize,
    // Removed last.
    _home: TempDir,
}

/// Tells it.
pub fn tell(program: &Path, by_hand: bool) -> Result<()> {
    let begun = Instant::now();
    let mut story = Story::begin(program, by_hand)?;
    story.client()?;
    story.connect()?;
    story.token()?;
    story.identify()?;
    story.api_call()?;
    story.expiry()?;
    story.revocation()?;
    story.failure()?;
    let seconds = begun.elapsed().as_secs_f32();
    narrator::summary(&format!(
        "All {} steps went as they should, in {seconds:.1} s. Nothing is left of them on this machine.",
        story.steps
    ));
    Ok(())
}

impl Story {
    fn begin(program: &Path, by_hand: bool) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let home = tempfile::Builder::new().prefix("jeton-demo-").tempdir().context("can't make a temporary folder")?;
        let emulator = runtime.block_on(Emulator::start(Options::default())).context("the stand-in for Box doesn't start")?;
        let app = App::new(CLIENT_ID, CLIENT_SECRET).redirect_uri("http://127.0.0.1/callback");
        emulator.box_service().register_app(app).context("the stand-in for Box doesn't take the app")?;
        let browser = by_hand.then(|| Browser::prepare(home.path(), emulator.addr())).transpose()?;
        let jeton = Jeton::new(program, home.path(), &emulator, browser.as_ref().map(|browser| browser.script.clone()))?;
        narrator::introduction(&format!(
            "Jeton gets OAuth tokens and keeps them valid. This is its whole path, once, with Box.\n\
             A stand-in for Box listens on {}; each command below also has the --resolve and\n\
             --ca-file that lead it there. With the real Box you leave those out.",
            emulator.addr(),
        ));
        Ok(Self { runtime, emulator, jeton, browser, steps: 0, _home: home })
    }

    fn step(&mut self, title: &str) {
        self.steps += 1;
        narrator::step(self.steps, title);
    }

    /// Runs a command and shows what it says.
    fn jeton(&self, arguments: &[&str], input: &str) -> Result<Ran> {
        let line = format!("jeton {}", arguments.join(" "));
        narrator::typed(&line);
        let ran = self.jeton.run(arguments, input).with_context(|| format!("`{line}`"))?;
        narrator::answered(&ran.stderr);
        Ok(ran)
    }

    fn client(&mut self) -> Result<()> {
        self.step("Register the client that was made in Box's developer console");
        narrator::explain("Its secret comes from stdin, never from the command line, and is sealed before it is written.");
        succeeded(&self.jeton(&["clients", "add", "box", "--id", CLIENT_ID, "--secret-file", "-"], CLIENT_SECRET)?)
    }

    fn connect(&mut self) -> Result<()> {
        self.step("Sign in");
        let ran = if self.browser.is_some() { self.connect_by_hand() } else { self.connect_by_script() }?;
        narrator::answered(&ran.stderr);
        succeeded(&ran)
    }

    fn connect_by_hand(&self) -> Result<Ran> {
        let user = self.emulator.box_service().default_user();
        narrator::explain(&format!("A browser opens. Sign in as {} with the password {}, then grant access.", user.login, user.password));
        let arguments = ["connect", "box", "--name", "work-box"];
        narrator::typed(&format!("jeton {}", arguments.join(" ")));
        self.jeton.start(&arguments, "", PATIENCE)?.finish().context("`jeton connect`")
    }

    fn connect_by_script(&self) -> Result<Ran> {
        narrator::explain("A script is the person: it opens the address, signs in, grants access, and follows Box back here.");
        let arguments = ["connect", "box", "--name", "work-box", "--no-browser"];
        narrator::typed(&format!("jeton {}", arguments.join(" ")));
        let mut running = self.jeton.start(&arguments, "", PROMPT)?;
        let url = running.url().context("`jeton connect`")?;
        let back = self.wait_for(self.emulator.consent(&url, Decision::Grant)).context("nobody could sign in")?;
        let page = visit(&back).context("the redirect led nowhere")?;
        ensure!(page.starts_with("HTTP/1.1 200"), "the person was shown an error page: {page}");
        running.finish().context("`jeton connect`")
    }

    fn token(&mut self) -> Result<()> {
        self.step("Have a token");
        let ran = self.jeton(&["token", "work-box"], "")?;
        succeeded(&ran)?;
        narrator::answered(&shortened(ran.stdout.trim()));
        narrator::explain("That is all of stdout (shortened here). A valid token costs one row read: no network, no WebAssembly.");
        Ok(())
    }

    fn identify(&mut self) -> Result<()> {
        self.step("Ask Box whose it is");
        let ran = self.jeton(&["test", "work-box"], "")?;
        narrator::answered(&ran.stdout);
        succeeded(&ran)
    }

    fn api_call(&mut self) -> Result<()> {
        self.step("Use it");
        self.call_api(200)
    }

    fn expiry(&mut self) -> Result<()> {
        self.step("Let it expire, and refresh it");
        narrator::explain("Two hours pass at Box, and the token's hour is over:");
        self.emulator.clock().advance(Duration::from_secs(2 * 60 * 60));
        self.call_api(401)?;
        let before = self.refreshes();
        succeeded(&self.jeton(&["refresh", "work-box"], "")?)?;
        narrator::explain("It noticed that this machine's clock isn't Box's any more: the two hours passed at Box alone.");
        self.call_api(200)?;
        ensure!(self.refreshes() == before + 1, "Box saw {} refreshes", self.refreshes() - before);
        narrator::explain(
            "Box saw one refresh. Its refresh tokens are good for one use, and the next one was on disk before anyone got the token.",
        );
        Ok(())
    }

    fn revocation(&mut self) -> Result<()> {
        self.step("End the connection at Box");
        succeeded(&self.jeton(&["revoke", "work-box"], "")?)?;
        let left = self.emulator.box_service().live_refresh_tokens();
        ensure!(left == 0, "Box still accepts {left} refresh tokens");
        narrator::explain("Box accepts none of its tokens any more.");
        Ok(())
    }

    fn failure(&mut self) -> Result<()> {
        self.step("Ask for a token all the same");
        let ran = self.jeton(&["token", "work-box"], "")?;
        ensure!(ran.code == 3 && ran.stdout.is_empty(), "exit code 3 and an empty stdout were expected: {ran:?}");
        narrator::explain("Nothing on stdout, and exit code 3: sign in again.");
        Ok(())
    }

    /// Calls Box's API with the header that Jeton prints, as curl would.
    fn call_api(&self, expected: u16) -> Result<()> {
        let arguments = ["token", "work-box", "--format", "header"];
        narrator::typed(&format!("curl -i -H \"$(jeton {})\" {ITEMS}", arguments.join(" ")));
        let ran = self.jeton.run(&arguments, "").context("`jeton token`")?;
        succeeded(&ran)?;
        let token = ran.stdout.trim().strip_prefix("Authorization: Bearer ").context("the header isn't one")?;
        let answer = self.wait_for(self.emulator.client().get_with_token(ITEMS, token)).context("the API can't be reached")?;
        narrator::answered(&format!("HTTP {}", answer.status()));
        for name in ["www-authenticate", "content-type"] {
            if let Some(value) = answer.headers().get(name).and_then(|value| value.to_str().ok()) {
                narrator::answered(&format!("{name}: {value}"));
            }
        }
        if let Ok(body) = serde_json::from_slice::<serde_json::Value>(answer.body()) {
            let entries = body.get("entries").and_then(|entries| entries.as_array()).into_iter().flatten();
            let names: Vec<_> = entries.filter_map(|entry| entry.get("name")?.as_str()).collect();
            narrator::answered(&format!("{{ \"entries\": [ … {} … ] }}", names.join(", ")));
        }
        ensure!(answer.status().as_u16() == expected, "the API was to answer {expected}");
        Ok(())
    }

    fn refreshes(&self) -> usize {
        self.emulator.journal().count(|entry| entry.grant_type.as_deref() == Some("refresh_token"))
    }

    fn wait_for<T>(&self, what: impl Future<Output = Result<T, jeton_emulator::Error>>) -> Result<T> {
        Ok(self.runtime.block_on(async { tokio::time::timeout(PROMPT, what).await })??)
    }
}

fn succeeded(ran: &Ran) -> Result<()> {
    if ran.code != 0 {
        bail!("exit code {} was not expected. It said: {}{}", ran.code, ran.stdout, ran.stderr);
    }
    Ok(())
}

fn shortened(token: &str) -> String {
    format!("{}…", token.chars().take(24).collect::<String>())
}

/// What a browser does with a redirect to this machine.
fn visit(url: &Url) -> Result<String> {
    let addr = *url.socket_addrs(|| None)?.first().context("the redirect has no address")?;
    let mut stream = TcpStream::connect_timeout(&addr, PROMPT)?;
    stream.set_read_timeout(Some(PROMPT))?;
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
