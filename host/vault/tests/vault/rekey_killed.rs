//! Another key, in processes of their own: one that uses the store all the while, and ones that are killed.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use jeton_vault::{KeySource, Vault};
use sqlx::Row as _;

use crate::home::{Home, save, tokens, work};
use crate::service::{Service, refresh_token, shared};

/// Names the folder of the store in the processes that the tests start.
const FOLDER: &str = "JETON_TEST_REKEY";

/// How many are killed.
const ROUNDS: u32 = 40;

/// How many rows there are to be sealed anew: enough to be killed among them.
const ROWS: usize = 150;

struct Other {
    process: Child,
    said: BufReader<ChildStdout>,
}

impl Other {
    /// Runs this very test in another process, up to the line that it says first.
    fn start(test: &str, home: &Home) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]).env(FOLDER, home.path(""));
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("ready") {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "it ended before it was ready");
        }
        Self { process, said }
    }

    /// What it says in the end, after its input has ended.
    fn end(mut self) -> String {
        drop(self.process.stdin.take());
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).unwrap();
        assert!(self.process.wait().unwrap().success(), "{rest}");
        rest
    }
}

fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

async fn opened(folder: &std::path::Path) -> (Vault, KeySource) {
    let key = KeySource::File(folder.join("config/jeton.key"));
    (Vault::open_existing(&folder.join("data/jeton.db"), key.clone()).await.unwrap(), key)
}

/// The other process waits for "ready"; people like to see the counts.
#[allow(clippy::print_stdout, reason = "it is what the test program is asked for")]
fn say(line: &str) {
    println!("{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_the_store_opens_and_another_run_finishes() {
    if let Some(folder) = folder() {
        let (vault, key) = opened(&folder).await;
        say("ready");
        vault.rekey(key, false).await.unwrap();
        return;
    }
    let home = Home::new();
    let vault = home.connected(3600).await;
    for number in 0..ROWS {
        save(&vault, &format!("row-{number}"), &tokens(number, Some(3600)), false).await.unwrap();
    }
    drop(vault);
    let test = "rekey_killed::killed_at_any_moment_the_store_opens_and_another_run_finishes";
    let begun = Instant::now();
    let whole = Other::start(test, &home);
    let ready = begun.elapsed();
    whole.end();
    let whole = begun.elapsed() - ready;
    let (mut between, mut finished) = (0, 0);
    for round in 0..ROUNDS {
        let mut other = Other::start(test, &home);
        // Moments that are spread over what a whole run takes, and a little more.
        std::thread::sleep(whole * (round % 20) / 16);
        match other.process.try_wait().unwrap() {
            Some(_) => finished += 1,
            None => other.process.kill().unwrap(),
        }
        other.process.wait().unwrap();
        let (vault, _) = opened(&home.path("")).await;
        assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r0", "round {round}");
        for number in [0, ROWS / 2, ROWS - 1] {
            let tokens = vault.tokens(&format!("row-{number}").parse().unwrap()).await.unwrap();
            assert_eq!(refresh_token(&tokens), format!("r{number}"), "round {round}");
        }
        between += i32::from(home.row("SELECT COUNT(*) FROM wrapped_keys").await.get::<i64, _>(0) > 1);
    }
    say(&format!("{ROUNDS} processes: {between} were killed with both keys in place, {finished} had finished"));
    assert!(between > 0, "none was killed in between");
    let (vault, key) = opened(&home.path("")).await;
    vault.rekey(key, false).await.unwrap();
    assert_eq!(home.row("SELECT COUNT(*) FROM wrapped_keys").await.get::<i64, _>(0), 1);
    let left = home.row("SELECT COUNT(*) FROM connections WHERE data_key <> (SELECT id FROM data_keys)").await;
    assert_eq!(left.get::<i64, _>(0), 0);
    assert!(!home.path("config/jeton.key.new").exists());
    for number in 0..ROWS {
        let tokens = vault.tokens(&format!("row-{number}").parse().unwrap()).await.unwrap();
        assert_eq!(refresh_token(&tokens), format!("r{number}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_refreshes_and_loses_nothing() {
    if let Some(folder) = folder() {
        let (vault, _) = opened(&folder).await;
        let service = Service::strict(Duration::ZERO);
        let providers = shared(&service);
        vault.refresh(&work(), &providers).await.unwrap();
        say("ready");
        let ended = std::thread::spawn(|| std::io::stdin().read_to_end(&mut vec![]));
        while !ended.is_finished() {
            vault.refresh(&work(), &providers).await.unwrap();
        }
        assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), format!("r{}", service.calls()));
        return;
    }
    let home = Home::new();
    let vault = home.connected(3600).await;
    let other = Other::start("rekey_killed::another_process_refreshes_and_loses_nothing", &home);
    for _ in 0..10 {
        vault.rekey(KeySource::File(home.key()), false).await.unwrap();
    }
    let said = other.end();
    assert!(said.contains("1 passed"), "{said}");
    let generation = home.row("SELECT generation FROM connections").await.get::<i64, _>(0);
    assert!(generation > 3, "it refreshed {generation} times");
}
