//! What people get wrong, what is broken or tampered with: a clear error, and nothing that was stored is lost.

use std::fs;

use crate::stage::{CLIENT_SECRET, Stage};

#[tokio::test]
async fn unknown_names_are_told_with_what_there_is() {
    let stage = Stage::connected().await;
    stage.jeton(&["connect", "dropbx"]).failed(2, &["dropbx", "box"]);
    stage.jeton(&["providers", "show", "boxx"]).failed(2, &["boxx", "box"]);
    stage.jeton(&["token", "work-bx"]).failed(1, &["work-bx", "work-box"]);
    stage.jeton(&["token", "../x"]).failed(2, &["name"]);
    stage.jeton(&["clients", "show", "boxx"]).failed(1, &["boxx", "\"box\""]);
    stage.jeton(&["connect", "box", "--name", "x", "--client", "boxx", "--no-browser"]).failed(1, &["boxx", "\"box\""]);
}

#[tokio::test]
async fn what_is_asked_for_before_there_is_anything_says_where_to_begin() {
    let stage = Stage::empty().await;
    assert_eq!(stage.jeton(&["list", "--json"]).succeeded().stdout.trim(), "[]");
    stage.jeton(&["token", "work-box"]).failed(1, &["no store", "jeton clients add"]);
    stage.jeton(&["connect", "box"]).failed(5, &["no client of box", "jeton providers show box --guide"]);
    assert!(!stage.store().exists(), "asking makes nothing");
}

#[tokio::test]
async fn a_command_line_that_is_wrong_is_exit_code_2() {
    let stage = Stage::empty().await;
    for arguments in [
        &["nonsense"][..],
        &["token"],
        &["token", "x", "--min-valid", "soon"],
        &["--resolve", "nonsense", "list"],
        &["--key", "gold", "list"],
    ] {
        let ran = stage.jeton(arguments);
        assert_eq!(ran.code, 2, "{ran:?}");
    }
    stage.jeton(&["clients", "add", "box", "--id", "x"]).failed(2, &["Client Secret", "--secret-file"]);
    stage.jeton_with_input(&["clients", "add", "box", "--id", "x", "--secret-file", "-"], "\n").failed(2, &["empty"]);
    stage.jeton_with_input(&["clients", "add", "box", "--id", "x", "--secret-file", "-", "--set", "tenant=x"], "s").failed(2, &["tenant"]);
    stage.jeton(&["clients", "add", "box", "--id", "x", "--secret-file", "/nonexistent"]).failed(1, &["/nonexistent"]);
    assert!(!stage.store().exists());
}

#[tokio::test]
async fn a_client_is_not_overwritten() {
    let stage = Stage::with_client().await;
    stage.add_client("another").failed(1, &["box"]);
    stage.connect(&["--name", "work-box"]).await.succeeded();
}

#[tokio::test]
async fn a_store_that_can_not_be_used_is_left_as_it_is() {
    let stage = Stage::connected().await;
    let (store, whole) = (stage.store(), fs::read(stage.store()).unwrap());
    let token = stage.token();
    for broken in [&b"this is not a store"[..], b"SQLite format 3\0and then nonsense", b""] {
        let kept = stage.home.path().join("kept");
        fs::rename(stage.data(), &kept).unwrap();
        fs::create_dir(stage.data()).unwrap();
        fs::write(&store, broken).unwrap();
        let ran = stage.jeton(&["token", "work-box"]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.stderr.contains("jeton.db") && ran.stderr.contains("→ "), "{ran:?}");
        assert_eq!(fs::read(&store).unwrap(), broken);
        fs::remove_dir_all(stage.data()).unwrap();
        fs::rename(&kept, stage.data()).unwrap();
    }
    assert_eq!(stage.token(), token);
    assert!(!whole.is_empty());
}

#[tokio::test]
async fn a_lost_or_wrong_key_says_exactly_that() {
    let stage = Stage::connected().await;
    let (key, token) = (stage.key(), stage.token());
    let right = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    stage.jeton(&["token", "work-box"]).failed(1, &["key", "is missing", "work-box", "backup"]);
    stage.add_client("x").failed(1, &["is missing"]);
    assert!(!key.exists(), "a store that exists never gets a new key");
    let other = Stage::with_client().await;
    fs::copy(other.key(), &key).unwrap();
    stage.jeton(&["token", "work-box"]).failed(1, &["is not the key of the store"]);
    fs::write(&key, "nonsense").unwrap();
    stage.jeton(&["token", "work-box"]).failed(1, &["key"]);
    fs::write(&key, right).unwrap();
    assert_eq!(stage.token(), token);
}

#[cfg(unix)]
#[tokio::test]
async fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::connected().await;
    fs::set_permissions(stage.key(), fs::Permissions::from_mode(0o644)).unwrap();
    stage.jeton(&["token", "work-box"]).failed(1, &["chmod 600"]);
    fs::set_permissions(stage.key(), fs::Permissions::from_mode(0o600)).unwrap();
    stage.token();
}

#[tokio::test]
async fn a_row_that_was_tampered_with_is_named_and_the_others_work() {
    let stage = Stage::connected().await;
    stage.connect(&["--name", "other"]).await.succeeded();
    let sql = "UPDATE connections SET access_token = (SELECT access_token FROM connections WHERE name = 'other') WHERE name = 'work-box'";
    sqlite(&stage, sql).await;
    stage.jeton(&["token", "work-box"]).failed(1, &["work-box", "changed by something other than Jeton", "backup"]);
    stage.jeton(&["token", "other"]).succeeded();
    assert!(stage.jeton(&["list"]).succeeded().stdout.contains("work-box"));
}

#[tokio::test]
async fn a_store_of_a_newer_jeton_is_left_alone() {
    let stage = Stage::connected().await;
    sqlite(&stage, "PRAGMA user_version = 999").await;
    stage.jeton(&["token", "work-box"]).failed(1, &["newer Jeton"]);
}

async fn sqlite(stage: &Stage, sql: &'static str) {
    use sqlx::{Connection as _, Executor as _};
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite://{}", stage.store().display())).await.unwrap();
    connection.execute(sql).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_nobody_knows_stops_the_request() {
    let stage = Stage::connected().await;
    let ran: crate::stage::Ran = stage.command(&["refresh", "work-box"]).env_remove("JETON_CA_FILE").output().unwrap().into();
    ran.failed(4, &["certificate", "nothing was lost"]);
    let ran: crate::stage::Ran = stage.command(&["refresh", "work-box"]).env("JETON_CA_FILE", "/nonexistent").output().unwrap().into();
    assert!(ran.code != 0 && ran.stderr.contains("/nonexistent"), "{ran:?}");
    stage.jeton(&["refresh", "work-box"]).succeeded();
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_denied_unless_it_is_mapped() {
    let stage = Stage::connected().await;
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_jeton"));
    command.args(["refresh", "work-box", "--resolve", "api.box.com:443:127.0.0.1:1"]).env_clear();
    for (variable, folder) in [("HOME", "."), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data")] {
        command.env(variable, stage.home.path().join(folder));
    }
    let ran: crate::stage::Ran = command.output().unwrap().into();
    ran.failed(4, &["can't connect to api.box.com"]);
}

#[tokio::test]
async fn errors_are_json_where_json_is_asked_for() {
    let stage = Stage::connected().await;
    let ran = stage.jeton(&["token", "nobody", "--json"]);
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!((ran.code, &error["error"]["kind"], &error["error"]["exit"]), (1, &"other".into(), &1.into()));
}

#[tokio::test]
async fn no_error_repeats_a_secret_that_the_service_echoes() {
    use jeton_emulator::{Fault, Matcher};
    let stage = Stage::connected().await;
    let body = format!("{{\"error\":\"invalid_client\",\"error_description\":\"bad secret {CLIENT_SECRET}\\u001b[31m\"}}");
    let fault = Fault::Body { status: 400, content_type: "application/json".into(), bytes: body.into() };
    stage.emulator.faults().inject(fault, Matcher::any().path("/oauth2/token"), 1);
    let ran = stage.jeton(&["refresh", "work-box"]).failed(5, &["bad secret [withheld]"]);
    assert!(!ran.stderr.contains(CLIENT_SECRET) && !ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
}
