//! Where the store's key is, and how it is replaced: `--key` and `jeton rekey`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::stage::{CLIENT_ID, CLIENT_SECRET, Ran, Stage};

const PASSPHRASE: &str = "the quick brown fox";

impl Stage {
    fn with_key(&self, key: &str, variables: &[(&str, &str)], arguments: &[&str], input: &str) -> Ran {
        let mut command = self.command(arguments);
        command.env("JETON_KEY", key).envs(variables.iter().copied()).stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that fails early doesn't read its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap().into()
    }
}

fn key(byte: u8) -> String {
    STANDARD.encode([byte; 32])
}

#[tokio::test]
async fn the_key_comes_from_the_environment() {
    let stage = Stage::empty().await;
    let add = ["clients", "add", "box", "--id", CLIENT_ID, "--secret-file", "-"];
    stage.with_key("env", &[], &add, CLIENT_SECRET).failed(1, &["JETON_MASTER_KEY: is missing", "openssl rand -base64 32"]);
    stage.with_key("env:MY_KEY", &[("MY_KEY", "short")], &add, CLIENT_SECRET).failed(1, &["MY_KEY", "32 bytes in base64"]);
    assert!(!stage.store().exists());
    let (one, two) = (key(1), key(2));
    stage.with_key("env", &[("JETON_MASTER_KEY", &one)], &add, CLIENT_SECRET).succeeded();
    assert!(!stage.key().exists());
    let list = ["clients", "list"];
    assert!(stage.with_key("env:MY_KEY", &[("MY_KEY", &one)], &list, "").succeeded().stdout.contains(CLIENT_ID));
    stage.with_key("env", &[], &list, "").failed(1, &["JETON_MASTER_KEY is missing", "the client box", "Set the environment variable"]);
    stage.with_key("env", &[("JETON_MASTER_KEY", &two)], &list, "").failed(1, &["JETON_MASTER_KEY is not the key of the store"]);

    let both = [("JETON_MASTER_KEY", one.as_str()), ("NEXT", two.as_str())];
    stage.with_key("env", &both, &["rekey"], "").failed(2, &["only you can put a new key"]);
    let ran = stage.with_key("env", &both, &["rekey", "--to", "env:NEXT"], "").succeeded();
    assert!(ran.stderr.contains("--key env:NEXT") && !ran.stderr.contains(&two), "{ran:?}");
    stage.with_key("env", &both, &list, "").failed(1, &["is not the key"]);
    stage.with_key("env:NEXT", &both, &list, "").succeeded();
}

#[tokio::test]
async fn the_key_is_made_of_a_passphrase_from_a_file_or_stdin() {
    let stage = Stage::empty().await;
    let file = stage.home.path().join("passphrase");
    std::fs::write(&file, format!("{PASSPHRASE}\n")).unwrap();
    let (file, piped) = (format!("passphrase:{}", file.display()), format!("{PASSPHRASE}\n{CLIENT_SECRET}\n"));
    let add = ["clients", "add", "box", "--id", CLIENT_ID, "--secret-file", "-"];
    stage.with_key("passphrase:-", &[], &add, &format!("short\n{CLIENT_SECRET}")).failed(1, &["12 characters"]);
    stage.with_key("passphrase", &[], &["list"], "").succeeded();
    // The first line is the passphrase; what follows is the command's own.
    stage.with_key("passphrase:-", &[], &add, &piped).succeeded();
    stage.with_key(&file, &[], &["clients", "list"], "").succeeded();
    stage.with_key("passphrase", &[], &["clients", "list"], "").failed(2, &["no terminal", "passphrase:FILE"]);
    stage
        .with_key("passphrase:-", &[], &["clients", "list"], "the quick brown fix\n")
        .failed(1, &["isn't the passphrase", "the client box"]);
    stage.jeton(&["clients", "list"]).failed(1, &["missing"]);

    let ran = stage.with_key(&file, &[], &["rekey", "--to", "file"], "").succeeded();
    assert!(ran.stderr.contains("--key file"), "{ran:?}");
    assert!(stage.jeton(&["clients", "list"]).succeeded().stdout.contains(CLIENT_ID));
    stage.with_key(&file, &[], &["clients", "list"], "").failed(1, &["another kind of key"]);
}

#[tokio::test]
async fn rekey_replaces_the_key_file_and_keeps_the_old_one() {
    let stage = Stage::connected().await;
    let (before, token) = (std::fs::read(stage.key()).unwrap(), stage.token());
    let ran = stage.jeton(&["rekey", "--json"]).succeeded();
    let says: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(says["rows"].as_u64().unwrap() >= 2, "{says}");
    let kept = says["old_key"].as_str().unwrap().strip_prefix("the key file ").unwrap().to_owned();
    assert_eq!(std::fs::read(&kept).unwrap(), before);
    assert_ne!(std::fs::read(stage.key()).unwrap(), before);
    assert_eq!(stage.token(), token);
    stage.jeton(&["refresh", "work-box"]).succeeded();
    stage.with_key(&format!("file:{kept}"), &[], &["list"], "").failed(1, &["is not the key of the store"]);
}

/// Killed at moments that are spread over a whole run, and then once more to its end.
#[tokio::test]
async fn a_rekey_that_is_killed_leaves_a_store_that_opens() {
    let stage = Stage::connected().await;
    let token = stage.token();
    for round in 0..30 {
        let mut child = stage.command(&["rekey", "--quiet"]).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(round * 1500));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(stage.token(), token, "round {round}");
    }
    stage.jeton(&["rekey"]).succeeded();
    assert_eq!(stage.token(), token);
    stage.jeton(&["refresh", "work-box"]).succeeded();
    assert!(!stage.key().with_file_name("key.new").exists());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_command_that_runs_leaves_no_core_file() {
    let stage = Stage::with_client().await;
    let mut child = stage.command(&["connect", "box", "--no-browser"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("https://")), "it waits for the browser by now");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).collect::<Vec<_>>(), ["0", "0", "bytes"]);
}
