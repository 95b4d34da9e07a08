//! The whole command with its store in PostgreSQL, and two homes that share one.

#[path = "../../host/vault/tests/vault/database.rs"]
#[allow(dead_code, reason = "the vault's tests need all of it")]
mod database;

use std::fs;
use std::process::Command;

use jeton_emulator::Decision;

use crate::stage::{CLIENT_ID, CLIENT_SECRET, Ran, Stage, get};
use database::Database;

impl Stage {
    fn on(&self, database: &Database, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.env("JETON_STORE", database.url());
        command
    }

    fn jeton_on(&self, database: &Database, arguments: &[&str]) -> Ran {
        self.on(database, arguments).output().unwrap().into()
    }

    /// With the client and the connection `work-box` in the database.
    async fn connected_on(database: &Database) -> Self {
        let stage = Self::empty().await;
        let url = database.url();
        let add = ["clients", "add", "box", "--id", CLIENT_ID, "--secret-file", "-", "--store", &url];
        stage.jeton_with_input(&add, CLIENT_SECRET).succeeded();
        let connecting = stage.begin_connect(&["--name", "work-box", "--store", &url]);
        let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
        get(back.as_str());
        connecting.finish().succeeded();
        stage
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lives_its_whole_life_in_postgres() {
    let database = Database::new().await;
    let stage = Stage::connected_on(&database).await;
    assert!(!stage.store().exists(), "there is no file besides");
    let first = stage.jeton_on(&database, &["token", "work-box"]).succeeded().stdout;
    assert!(stage.emulator.box_service().is_live(first.trim()));
    let second = stage.jeton_on(&database, &["token", "work-box", "--min-valid", "2h"]).succeeded().stdout;
    assert_ne!(first, second);
    assert_eq!(stage.refreshes(), 1);
    assert!(stage.jeton_on(&database, &["list"]).succeeded().stdout.contains("work-box"));
    assert!(stage.jeton_on(&database, &["show", "work-box"]).succeeded().stdout.contains("ada@example.com"));
    stage.jeton_on(&database, &["revoke", "work-box"]).succeeded();
    assert!(!stage.emulator.box_service().is_live(second.trim()));
    stage.jeton_on(&database, &["token", "work-box"]).failed(3, &["work-box", "revoked"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_homes_with_one_database_and_key_share_one_refresh() {
    let database = Database::new().await;
    let stage = Stage::connected_on(&database).await;
    let other = tempfile::tempdir().unwrap();
    let key = other.path().join("config/jeton/key");
    fs::create_dir_all(key.parent().unwrap()).unwrap();
    fs::copy(stage.key(), &key).unwrap();
    let elsewhere = |arguments: &[&str]| {
        let mut command = stage.on(&database, arguments);
        for (variable, folder) in [("HOME", "."), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data")] {
            command.env(variable, other.path().join(folder));
        }
        command
    };
    let here = stage.jeton_on(&database, &["token", "work-box"]).succeeded().stdout;
    assert_eq!(Ran::from(elsewhere(&["token", "work-box"]).output().unwrap()).succeeded().stdout, here);
    assert_eq!(stage.refreshes(), 0);

    // The token expires, and both want it at once.
    let mut sql = database.sql().await;
    sqlx::query("UPDATE connections SET expires_at = 1").execute(&mut sql).await.unwrap();
    let children: Vec<_> = (0..6)
        .map(|number| match number % 2 {
            0 => stage.on(&database, &["token", "work-box"]).spawn().unwrap(),
            _ => elsewhere(&["token", "work-box"]).spawn().unwrap(),
        })
        .collect();
    let tokens: Vec<_> = children.into_iter().map(|child| Ran::from(child.wait_with_output().unwrap()).succeeded().stdout).collect();
    assert!(tokens.iter().all(|token| *token == tokens[0] && *token != here), "{tokens:?}");
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_in_the_address_is_never_repeated() {
    let stage = Stage::empty().await;
    let mut command = stage.command(&["list", "-vv"]);
    command.env("JETON_STORE", "postgres://jeton:swordfish-of-a-test@127.0.0.1:1/jeton");
    let ran = Ran::from(command.output().unwrap()).failed(4, &["127.0.0.1:1/jeton", "can't be reached"]);
    assert!(!ran.stderr.contains("swordfish"), "{}", ran.stderr);
}
