//! A glance at the store: what the vault would hand out without a refresh, and nothing else.

use std::time::Duration;

use jeton_vault::{AccessToken, glance};

use crate::home::{Home, save, tokens, work};
use crate::service::{Service, shared};

const MINUTE: Duration = Duration::from_secs(60);

fn glanced(home: &Home) -> Option<AccessToken> {
    glance(&home.store(), &home.key(), &work(), MINUTE)
}

#[tokio::test]
async fn a_valid_token_is_the_same_at_a_glance() {
    let home = Home::new();
    let vault = home.connected(3600).await;
    let (seen, whole) = (glanced(&home).unwrap(), vault.access_token(&work(), MINUTE, &shared(&Service::never())).await.unwrap());
    assert_eq!(seen.secret.reveal(), b"a0");
    assert_eq!((seen.secret.reveal(), seen.expires_at, &seen.scope), (whole.secret.reveal(), whole.expires_at, &whole.scope));
    save(&vault, "work", &tokens(1, None), true).await.unwrap();
    let seen = glanced(&home).unwrap();
    assert_eq!((seen.secret.reveal(), seen.expires_at), (&b"a1"[..], None));
}

#[tokio::test]
async fn a_token_that_is_valid_for_less_long_is_left_to_the_vault() {
    let home = Home::new();
    let _vault = home.connected(59).await;
    assert!(glanced(&home).is_none());
    assert!(glance(&home.store(), &home.key(), &work(), Duration::from_secs(30)).is_some());
}

#[tokio::test]
async fn what_isnt_as_it_should_be_is_left_to_the_vault() {
    let home = Home::new();
    assert!(glanced(&home).is_none(), "no store");
    assert!(!home.store().exists(), "and none is made");
    let vault = home.connected(3600).await;
    assert!(glance(&home.store(), &home.key(), &"other".parse().unwrap(), MINUTE).is_none(), "no such connection");
    let key = std::fs::read(home.key()).unwrap();
    std::fs::write(home.key(), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    assert!(glanced(&home).is_none(), "another key");
    std::fs::write(home.key(), key).unwrap();
    assert!(glanced(&home).is_some());
    for (what, change, back) in [
        ("a newer schema", "PRAGMA user_version = 99", "PRAGMA user_version = 3"),
        ("another program's file", "PRAGMA application_id = 7", "PRAGMA application_id = 0x4a65746e"),
        ("a token of before", "UPDATE connections SET generation = generation + 1", "UPDATE connections SET generation = generation - 1"),
        ("another service's token", "UPDATE connections SET provider = 'evil'", "UPDATE connections SET provider = 'box'"),
    ] {
        home.run(change).await;
        assert!(glanced(&home).is_none(), "{what}");
        home.run(back).await;
        assert!(glanced(&home).is_some(), "{what}, undone");
    }
    drop(vault);
}
