//! The master key: made once, never replaced, never let out.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use jeton_vault::{Error, KeySource, Vault};

use crate::home::{Home, Kind, on_both_stores, save, tokens, work};
use crate::rekey::{given, passphrase};

#[tokio::test]
async fn a_missing_key_is_named_and_not_replaced() {
    let home = Home::new();
    drop(home.connected(5).await);
    let key = fs::read(home.key()).unwrap();
    fs::remove_file(home.key()).unwrap();
    for _ in 0..2 {
        let error = home.open().await.err().unwrap();
        assert!(matches!(error, Error::KeyMissing { .. }), "{error}");
        let says = error.to_string();
        for part in ["jeton.key", "jeton.db", "the client mine", "the connection work"] {
            assert!(says.contains(part), "{says}");
        }
        assert!(error.hint().unwrap().contains("backup"));
        assert!(!home.key().exists(), "a new key was made");
    }
    // Put back, everything is there again.
    fs::write(home.key(), key).unwrap();
    fs::set_permissions(home.key(), fs::Permissions::from_mode(0o600)).unwrap();
    let vault = home.open().await.unwrap();
    assert_eq!(vault.tokens(&crate::home::work()).await.unwrap().access.unwrap().reveal(), b"a0");
}

#[tokio::test]
async fn a_wrong_key_is_told_from_a_tampered_store() {
    let (home, other) = (Home::new(), Home::new());
    home.connected(5).await;
    other.vault().await;
    let error = Vault::open(&home.store(), KeySource::File(other.key())).await.err().unwrap();
    let Error::WrongKey { found, expected, .. } = &error else { panic!("{error}") };
    assert!(found != expected && error.to_string().contains(found) && error.to_string().contains(expected));
    let secret = fs::read_to_string(other.key()).unwrap();
    assert!(!error.to_string().contains(secret.trim()));

    home.run("UPDATE wrapped_keys SET wrapped = (SELECT randomblob(length(wrapped)))").await;
    let error = home.open().await.err().unwrap();
    assert!(matches!(error, Error::Tampered { .. }), "{error}");
    assert!(error.to_string().contains("data key") && error.hint().unwrap().contains("backup"));
}

#[tokio::test]
async fn a_key_file_that_others_can_read_is_refused() {
    let home = Home::new();
    home.vault().await;
    for mode in [0o640, 0o604, 0o666] {
        fs::set_permissions(home.key(), fs::Permissions::from_mode(mode)).unwrap();
        let error = home.open().await.err().unwrap();
        assert!(error.to_string().contains(&format!("{mode:o}")), "{error}");
        assert!(error.hint().unwrap().contains(&format!("chmod 600 {}", home.key().display())));
    }
    fs::set_permissions(home.key(), fs::Permissions::from_mode(0o400)).unwrap();
    home.open().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_key_is_refused_and_kept() {
    for content in ["", "not base64!", "c2hvcnQ=", &"A".repeat(100_000)] {
        let home = Home::new();
        fs::create_dir_all(home.key().parent().unwrap()).unwrap();
        fs::write(home.key(), content).unwrap();
        fs::set_permissions(home.key(), fs::Permissions::from_mode(0o600)).unwrap();
        let error = home.open().await.err().unwrap();
        assert!(matches!(error, Error::Key { .. }) && error.to_string().contains("is not a key"), "{error}");
        assert_eq!(fs::read_to_string(home.key()).unwrap(), content);
        assert!(!home.store().exists());
    }
}

#[tokio::test]
async fn a_key_that_was_there_before_the_store_is_used() {
    let (home, other) = (Home::new(), Home::new());
    home.vault().await;
    fs::create_dir_all(other.key().parent().unwrap()).unwrap();
    fs::copy(home.key(), other.key()).unwrap();
    other.vault().await;
    assert_eq!(fs::read(home.key()).unwrap(), fs::read(other.key()).unwrap());
    Vault::open_existing(&home.store(), KeySource::File(other.key())).await.unwrap();
}

async fn a_store_is_made_with_a_key_that_is_given_or_a_passphrase(kind: Kind) {
    for source in [given(1), passphrase("the quick brown fox")] {
        let home = Home::on(kind).await;
        let vault = Vault::open(home.source(), source.clone()).await.unwrap();
        vault.add_client(&"mine".parse().unwrap(), "box", &crate::home::client()).await.unwrap();
        save(&vault, "work", &tokens(0, None), false).await.unwrap();
        drop(vault);
        assert!(!home.key().exists());
        let vault = Vault::open_existing(home.source(), source).await.unwrap();
        assert_eq!(vault.tokens(&work()).await.unwrap().access.unwrap().reveal(), b"a0");
        for wrong in [given(2), KeySource::File(home.path("none"))] {
            let error = Vault::open(home.source(), wrong).await.err().unwrap();
            assert!(matches!(error, Error::WrongKey { .. } | Error::KeyMissing { .. }), "{error}");
        }
    }
}

async fn a_key_that_isnt_given_says_what_is_lost_without_it(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = Vault::open(home.source(), given(1)).await.unwrap();
    vault.add_client(&"mine".parse().unwrap(), "box", &crate::home::client()).await.unwrap();
    save(&vault, "work", &tokens(0, None), false).await.unwrap();
    let name = "the environment variable MY_KEY".to_owned();
    let error = Vault::open(home.source(), KeySource::Given { name: name.clone(), key: None }).await.err().unwrap();
    assert!(matches!(error, Error::KeyMissing { .. }), "{error}");
    for part in ["MY_KEY", "the client mine", "the connection work", &home.store_name()] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(error.hint().unwrap().contains("Set the environment variable MY_KEY"));

    let empty = Home::on(kind).await;
    for (key, says) in [(None, "missing"), (Some("c2hvcnQ="), "32 bytes"), (Some("not base64!"), "32 bytes")] {
        let key = key.map(|text| jeton_runtime::Secret::new("master-key", text));
        let error = Vault::open(empty.source(), KeySource::Given { name: name.clone(), key }).await.err().unwrap();
        assert!(matches!(error, Error::Key { .. }) && error.to_string().contains("MY_KEY") && error.to_string().contains(says), "{error}");
        assert!(error.hint().unwrap().contains("openssl rand"));
    }
}

async fn a_wrong_passphrase_is_said_to_be_wrong_and_a_lost_one_to_lose_what(kind: Kind) {
    let home = Home::on(kind).await;
    let error = Vault::open(home.source(), passphrase("too short")).await.err().unwrap();
    assert!(error.to_string().contains("12 characters"), "{error}");
    let vault = Vault::open(home.source(), passphrase("the quick brown fox")).await.unwrap();
    vault.add_client(&"mine".parse().unwrap(), "box", &crate::home::client()).await.unwrap();
    save(&vault, "work", &tokens(0, None), false).await.unwrap();
    for wrong in ["the quick brown fix", "short", ""] {
        let error = Vault::open(home.source(), passphrase(wrong)).await.err().unwrap();
        assert!(matches!(error, Error::WrongPassphrase { .. }) && error.to_string().contains(&home.store_name()), "{error}");
        let hint = error.hint().unwrap();
        assert!(hint.contains("the client mine") && hint.contains("the connection work"), "{hint}");
    }
    // Whoever can write to the store can't make it cost a tebibyte.
    home.run("UPDATE wrapped_keys SET master_hint = replace(master_hint, 'm=65536', 'm=1073741824')").await;
    let error = Vault::open(home.source(), passphrase("the quick brown fox")).await.err().unwrap();
    assert!(matches!(error, Error::Key { .. }) && error.to_string().contains("strange"), "{error}");

    let other = Home::on(kind).await;
    other.vault().await;
    let error = Vault::open(other.source(), passphrase("the quick brown fox")).await.err().unwrap();
    assert!(matches!(error, Error::Key { .. }) && error.to_string().contains("another kind of key"), "{error}");
}

on_both_stores!(
    a_store_is_made_with_a_key_that_is_given_or_a_passphrase,
    a_key_that_isnt_given_says_what_is_lost_without_it,
    a_wrong_passphrase_is_said_to_be_wrong_and_a_lost_one_to_lose_what,
);
