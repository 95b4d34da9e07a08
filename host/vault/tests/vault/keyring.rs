//! The master key in a real Secret Service: gnome-keyring on a session bus of its own.

#![cfg(all(feature = "keyring", target_os = "linux"))]

use std::io::Write as _;
use std::process::{Command, Stdio};

use jeton_vault::{Error, KeySource, Vault};

use crate::home::{Home, client, work};
use crate::rekey::passphrase;

const INSIDE: &str = "JETON_TEST_SECRET_SERVICE";

/// Starts the keyring with a password from stdin, then the tests. `$0` is the test program.
const SESSION: &str = r#"gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$0" --exact "$@""#;

fn source() -> KeySource {
    KeySource::Keyring { service: "jeton-test".to_owned(), account: "master".to_owned() }
}

#[tokio::test]
async fn the_keyring_keeps_the_master_key() {
    if std::env::var_os(INSIDE).is_none() {
        return in_a_session("keyring::the_keyring_keeps_the_master_key");
    }
    let home = Home::new();
    let vault = Vault::open(&home.store(), source()).await.unwrap();
    vault.add_client(&"mine".parse().unwrap(), "box", &client()).await.unwrap();
    drop(vault);
    assert!(!home.key().exists());
    let vault = Vault::open_existing(&home.store(), source()).await.unwrap();
    let back = vault.client(&"mine".parse().unwrap()).await.unwrap();
    assert_eq!(back.secrets["client-secret"].reveal(), b"the-client-secret");

    // A second store shares the key; an account of its own has one of its own.
    let second = Home::new();
    Vault::open(&second.store(), source()).await.unwrap();
    let other = KeySource::Keyring { service: "jeton-test".to_owned(), account: "other".to_owned() };
    let error = Vault::open_existing(&home.store(), other.clone()).await.err().unwrap();
    assert!(matches!(error, Error::KeyMissing { .. }) && error.to_string().contains("jeton-test/other"), "{error}");
    let third = Home::new();
    Vault::open(&third.store(), other.clone()).await.unwrap();
    let error = Vault::open_existing(&home.store(), other).await.err().unwrap();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");
}

#[tokio::test]
async fn the_key_moves_into_the_keyring_within_it_and_out_of_it() {
    if std::env::var_os(INSIDE).is_none() {
        return in_a_session("keyring::the_key_moves_into_the_keyring_within_it_and_out_of_it");
    }
    let home = Home::new();
    let vault = home.connected(3600).await;
    let whole = async |key: KeySource| {
        let vault = Vault::open_existing(&home.store(), key).await.unwrap();
        assert_eq!(vault.tokens(&work()).await.unwrap().access.unwrap().reveal(), b"a0");
    };
    vault.rekey(source(), false).await.unwrap();
    whole(source()).await;
    // A bystander that knows the keyring only notices that the key in it was replaced.
    let bystander = Vault::open_existing(&home.store(), source()).await.unwrap();
    let kept = vault.rekey(source(), false).await.unwrap().old_key.unwrap();
    whole(source()).await;
    assert_eq!(bystander.tokens(&work()).await.unwrap().access.unwrap().reveal(), b"a0");
    let account = kept.strip_prefix("the keyring entry jeton-test/").unwrap().to_owned();
    let old = KeySource::Keyring { service: "jeton-test".to_owned(), account };
    let error = Vault::open_existing(&home.store(), old).await.err().unwrap();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");
    for key in [passphrase("the quick brown fox"), KeySource::File(home.path("again.key"))] {
        vault.rekey(key.clone(), false).await.unwrap();
        whole(key).await;
    }
    assert!(matches!(Vault::open_existing(&home.store(), source()).await.err(), Some(Error::WrongKey { .. })));
}

#[tokio::test]
async fn without_a_keyring_the_error_says_what_to_do() {
    if std::env::var_os(INSIDE).is_none() {
        // A bus of its own, without a keyring on it.
        let mut command = Command::new("dbus-run-session");
        command.args(["--", "env", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere"]).arg(std::env::current_exe().unwrap());
        return run(command.args(["--exact", "keyring::without_a_keyring_the_error_says_what_to_do"]), "");
    }
    let home = Home::new();
    let error = Vault::open(&home.store(), source()).await.err().unwrap();
    assert!(matches!(error, Error::Key { .. }) && error.to_string().contains("keyring"), "{error}");
    assert!(error.hint().unwrap().contains("key file"));
    assert!(!home.store().exists());
}

fn in_a_session(test: &str) {
    let mut command = Command::new("dbus-run-session");
    run(command.args(["--", "sh", "-c", SESSION]).arg(std::env::current_exe().unwrap()).arg(test), "password\n");
}

fn run(command: &mut Command, input: &str) {
    for (program, package) in [("dbus-run-session", "dbus"), ("gnome-keyring-daemon", "gnome-keyring")] {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|folder| folder.join(program).exists());
        assert!(found, "{program} is missing: `cargo xtask test` installs it, or run `apt-get install -y {package}`");
    }
    let data = tempfile::tempdir().unwrap();
    command.env(INSIDE, "1").env("XDG_DATA_HOME", data.path()).env("XDG_RUNTIME_DIR", data.path());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}\n{errors}");
}
