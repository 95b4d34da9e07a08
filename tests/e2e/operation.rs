//! Running Jeton: what happened, backups, refreshes by a timer, a full disk, and what a removed provider leaves.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use jeton_emulator::{Fault, Lifetimes, Matcher};
use serde_json::Value;
use sqlx::{Connection as _, Row as _, SqliteConnection};

use crate::providers::acme;
use crate::stage::{Ran, Stage};

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

async fn sql(stage: &Stage) -> SqliteConnection {
    SqliteConnection::connect(&stage.store().display().to_string()).await.unwrap()
}

#[tokio::test]
async fn the_log_tells_what_happened_after_a_rename_and_a_removal_too() {
    let stage = Stage::connected().await;
    stage.jeton(&["refresh", "work-box"]).succeeded();
    stage.jeton(&["rename", "work-box", "office"]).succeeded();
    stage.jeton(&["revoke", "office"]).succeeded();
    stage.jeton(&["remove", "office"]).succeeded();
    for name in ["work-box", "office"] {
        let log = json(&stage.jeton(&["log", name, "--json"]).succeeded());
        let lines: Vec<_> =
            log.as_array().unwrap().iter().map(|line| format!("{} {}", line["action"], line["name"]).replace('"', "")).collect();
        assert_eq!(lines, ["remove office", "revoke office", "rename office", "refresh work-box", "sign-in work-box"], "{name}");
    }
    let table = stage.jeton(&["log", "office", "--most", "3"]).succeeded().stdout;
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.starts_with("WHEN") && table.contains("it was work-box") && table.contains("process "), "{table}");
    let all = stage.jeton(&["log"]).succeeded().stdout;
    assert!(all.contains("add-client") && !all.contains(crate::stage::CLIENT_SECRET), "{all}");
    let nothing = stage.jeton(&["log", "nobody"]).succeeded();
    assert!(nothing.stdout.is_empty() && nothing.stderr.contains("nothing about nobody"), "{nothing:?}");
}

#[tokio::test]
async fn what_a_service_says_cant_act_on_the_terminal_that_shows_the_log() {
    let stage = Stage::connected().await;
    let line =
        "INSERT INTO log (id, at, actor, action, outcome, name, detail) VALUES ('ffff', 1, 'x', 'refresh', 'failed', 'work-box', ?1)";
    sqlx::query(line).bind("gone\u{1b}[2J\r\n\u{202e}!").execute(&mut sql(&stage).await).await.unwrap();
    let table = stage.jeton(&["log", "work-box"]).succeeded().stdout;
    assert!(table.contains("gone\\u{1b}[2J\\r\\n\\u{202e}!") && !table.contains('\u{1b}'), "{table}");
}

#[tokio::test]
async fn a_backup_brings_everything_back_with_its_key_and_nothing_without() {
    let stage = Stage::connected().await;
    let token = stage.token();
    let file = stage.home.path().join("backup.jeton");
    let file = file.to_str().unwrap();
    let ran = stage.jeton(&["backup", file]).succeeded();
    assert!(ran.stderr.contains("1 connection and 1 client") && ran.stderr.contains(stage.key().to_str().unwrap()), "{ran:?}");
    assert!(ran.stderr.contains("isn't in it"), "{ran:?}");
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    stage.jeton(&["backup", file]).failed(1, &["there is a file", "another file"]);
    stage.jeton(&["restore", file]).failed(1, &["already has a connection \"work-box\"", "--replace"]);

    // The disk is gone; key and backup were kept elsewhere.
    fs::remove_dir_all(stage.data()).unwrap();
    stage.jeton(&["restore", "/nowhere/backup"]).failed(1, &["/nowhere/backup", "jeton backup"]);
    assert!(!stage.store().exists());
    let key = fs::read(stage.key()).unwrap();
    fs::remove_file(stage.key()).unwrap();
    stage.jeton(&["restore", file]).failed(1, &["is missing", "--key"]);
    assert!(!stage.store().exists() && !stage.key().exists(), "no new key is made for an old backup");
    fs::write(stage.key(), key).unwrap();
    fs::set_permissions(stage.key(), fs::Permissions::from_mode(0o600)).unwrap();
    let ran = stage.jeton(&["restore", file]).succeeded();
    assert!(ran.stderr.contains("Restored 1 connection and 1 client"), "{ran:?}");
    assert_eq!(stage.token(), token);
    stage.jeton(&["refresh", "work-box"]).succeeded();
    let ran = stage.jeton(&["restore", file, "--replace", "--json"]).succeeded();
    assert_eq!(json(&ran)["connections"], 1);
    assert_eq!(stage.token(), token);
    let log = stage.jeton(&["log"]).succeeded().stdout;
    assert!(log.contains("backup") || log.contains("restore"), "{log}");

    let other = Stage::with_client().await;
    other.jeton(&["restore", file]).failed(1, &["is not the key of the store", "key of its time"]);
    let whole = fs::read(file).unwrap();
    fs::write(file, &whole[..whole.len() / 2]).unwrap();
    stage.jeton(&["restore", file, "--replace"]).failed(1, &["backup.jeton", "Nothing was restored"]);
    assert_eq!(stage.token(), token);
}

#[tokio::test]
async fn a_timer_refreshes_what_is_due() {
    let stage = Stage::empty().await;
    let nothing = stage.jeton(&["refresh", "--due"]).succeeded();
    assert!(nothing.stderr.contains("Nothing is due"), "{nothing:?}");
    stage.add_client(crate::stage::CLIENT_SECRET).succeeded();
    stage.connect(&["--name", "fresh"]).await.succeeded();
    stage.emulator.box_service().set_lifetimes(Lifetimes { access: Duration::from_secs(100), ..Lifetimes::default() });
    for name in ["a", "b", "c"] {
        stage.connect(&["--name", name]).await.succeeded();
    }
    stage.emulator.box_service().set_lifetimes(Lifetimes::default());
    stage.emulator.faults().inject(Fault::ServerError(503), Matcher::any().path("/oauth2/token"), 1);
    let ran = stage.jeton(&["refresh", "--due", "--at-once", "1", "--json"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    let due = json(&ran);
    assert_eq!((due["refreshed"].as_array().unwrap().len(), due["failed"].as_array().unwrap().len()), (2, 1), "{due}");
    assert_eq!(due["failed"][0]["kind"], "retry");
    let ran = stage.jeton(&["refresh", "--due"]).succeeded();
    assert_eq!(ran.stderr.matches("✓ Refreshed").count(), 1, "{ran:?}");
    assert_eq!(stage.refreshes(), 4);
    assert!(stage.jeton(&["refresh", "--due"]).succeeded().stderr.contains("Nothing is due"));

    // Longer than any token lives, and after the service has forgotten them.
    stage.emulator.clock().advance(Duration::from_secs(61 * 24 * 60 * 60));
    let ran = stage.jeton(&["refresh", "--due", "--ahead", "2h"]).failed(3, &["4 of 4 connections", "Refresh token has expired"]);
    assert!(ran.stderr.contains("✗ fresh"), "{ran:?}");
    assert!(stage.jeton(&["refresh", "--due", "--ahead", "2h"]).succeeded().stderr.contains("Nothing is due"), "it is told once");
    for wrong in [&["refresh"][..], &["refresh", "a", "--due"], &["refresh", "--ahead", "1h"], &["refresh", "--due", "--at-once", "0"]] {
        assert_eq!(stage.jeton(wrong).code, 2, "{wrong:?}");
    }
}

#[tokio::test]
async fn tokens_that_nobody_used_for_a_month_are_touched() {
    let stage = Stage::connected().await;
    stage.jeton(&["refresh", "--due", "--idle-only"]).succeeded();
    assert_eq!(stage.refreshes(), 0);
    // Box forgets refresh tokens after 60 days, says its manifest.
    sqlx::query("UPDATE connections SET status_at = status_at - 46 * 86400").execute(&mut sql(&stage).await).await.unwrap();
    let ran = stage.jeton(&["refresh", "--due", "--idle-only"]).succeeded();
    assert!(ran.stderr.contains("✓ Refreshed work-box") && stage.refreshes() == 1, "{ran:?}");
}

#[tokio::test]
async fn what_a_removed_provider_kept_is_forgotten() {
    let stage = Stage::empty().await;
    stage.add_client(crate::stage::CLIENT_SECRET).succeeded();
    stage.add_provider(&acme()).succeeded();
    let mut sql = sql(&stage).await;
    for provider in ["acme", "box"] {
        let keep = "INSERT INTO storage (provider, name, value, expires_at, data_key) SELECT ?1, 'n', x'01', 9999999999, id FROM data_keys";
        sqlx::query(keep).bind(provider).execute(&mut sql).await.unwrap();
    }
    stage.jeton(&["providers", "remove", "acme"]).succeeded();
    let left = sqlx::query("SELECT provider FROM storage").fetch_all(&mut sql).await.unwrap();
    assert_eq!(left.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>(), ["box"]);
    let log = stage.jeton(&["log"]).succeeded().stdout;
    assert!(log.contains("forget-provider"), "{log}");
}

/// The real command on a disk of half a megabyte, in a mount namespace of its own, which is filled while the service answers.
#[tokio::test(flavor = "multi_thread")]
async fn new_tokens_survive_a_disk_that_is_full_for_a_while() {
    let stage = Stage::connected().await;
    stage.emulator.faults().inject(Fault::Slow(Duration::from_secs(2)), Matcher::any().path("/oauth2/token"), 1);
    let command = stage.command(&["-v", "refresh", "work-box"]);
    let data = stage.home.path().join("data");
    let script = "cp -a \"$D\" \"$D.copy\" && mount -t tmpfs -o size=512k,mode=700 tmpfs \"$D\" && cp -a \"$D.copy/.\" \"$D\" && \"$@\"";
    let root = fs::metadata("/proc/self").is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0);
    let mut unshare = std::process::Command::new("unshare");
    unshare.args(if root { &["--mount"][..] } else { &["--map-root-user", "--mount"] });
    unshare.args([
        "sh",
        "-c",
        &format!("{script}; code=$?; rm -rf \"$D.copy\"; mkdir \"$D.copy\"; cp -a \"$D/.\" \"$D.copy\"; exit $code"),
        "sh",
    ]);
    unshare.arg(command.get_program()).args(command.get_args()).env_clear();
    unshare.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("D", &data);
    let mut child = unshare.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let seen_by_it = std::path::PathBuf::from(format!("/proc/{}/root{}", child.id(), data.display()));
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    let wait_for = |words: &str, said: &mut String, stderr: &mut BufReader<std::process::ChildStderr>| {
        while !said.contains(words) {
            assert!(stderr.read_line(said).unwrap() > 0, "{words:?} isn't in {said}");
        }
    };
    // The intent is on disk before the service is asked; it answers after two seconds.
    wait_for("refreshing", &mut said, &mut stderr);
    let filler = seen_by_it.join("filler");
    {
        let mut file = fs::File::create(&filler).unwrap();
        for size in [4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }
    wait_for("new tokens can't be written yet", &mut said, &mut stderr);
    assert!(said.contains("the disk is full"), "{said}");
    fs::remove_file(&filler).unwrap();
    stderr.read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    // What was on that disk at the end.
    let copy = stage.home.path().join("data.copy");
    fs::remove_dir_all(&data).unwrap();
    fs::rename(copy, &data).unwrap();
    assert!(stage.emulator.box_service().is_live(&stage.token()));
    assert_eq!(stage.refreshes(), 1);
}
