//! Another key, while others use the store.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use jeton_runtime::Secret;
use jeton_vault::{Error, KeySource, Vault};
use tokio::sync::Notify;

use crate::home::{Home, Kind, client, on_both_stores, save, tokens, work};
use crate::service::{Service, refresh_token, shared};

const MINUTE: Duration = Duration::from_secs(60);

/// Whether the store has one data key under one master key, and every row is sealed with it.
async fn is_done(home: &Home) -> bool {
    let rows = "(SELECT data_key FROM clients UNION ALL SELECT data_key FROM connections UNION ALL SELECT data_key FROM storage) AS rows";
    let row = home
        .seen(&format!("SELECT COUNT(*), COUNT(DISTINCT master_id), (SELECT COUNT(DISTINCT data_key) FROM {rows}) FROM wrapped_keys"))
        .await;
    (row.get::<i64, _>(0), row.get::<i64, _>(1), row.get::<i64, _>(2)) == (1, 1, 1)
}

/// A key from elsewhere: any 32 bytes.
pub(crate) fn given(byte: u8) -> KeySource {
    let key = Secret::new("master-key", STANDARD.encode([byte; 32]));
    KeySource::Given { name: format!("the environment variable KEY_{byte}"), key: Some(key) }
}

pub(crate) fn passphrase(text: &str) -> KeySource {
    KeySource::Passphrase(Secret::new("passphrase", text))
}

async fn assert_whole(vault: &Vault) {
    assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r0");
    assert_eq!(vault.grant(&work()).await.unwrap().options, [("prompt".to_owned(), "consent".to_owned())]);
    assert_eq!(vault.client(&"mine".parse().unwrap()).await.unwrap().secrets["client-secret"].reveal(), b"the-client-secret");
    assert_eq!(vault.stored("box", "nonce").await.unwrap().as_deref(), Some("value"));
}

/// A client, a connection and a provider's value.
async fn filled(home: &Home, vault: &Vault) {
    vault.add_client(&"mine".parse().unwrap(), "box", &client()).await.unwrap();
    save(vault, "work", &tokens(0, Some(3600)), false).await.unwrap();
    vault.keep("box", "nonce", "value", MINUTE).await.unwrap();
    assert!(is_done(home).await);
}

async fn everything_is_sealed_anew_and_the_old_key_opens_nothing(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.open().await.unwrap();
    filled(&home, &vault).await;
    let (bystander, before) = (home.again().await, std::fs::read(home.key()).unwrap());
    let sealed = home.seen("SELECT access_token, data_key FROM connections").await;

    let done = vault.rekey(KeySource::File(home.key()), false).await.unwrap();
    assert_eq!(done.rows, 3);
    assert!(is_done(&home).await);
    let now = home.seen("SELECT access_token, data_key FROM connections").await;
    assert_ne!(sealed.get::<Vec<u8>, _>(0), now.get::<Vec<u8>, _>(0));
    assert_ne!(sealed.get::<String, _>(1), now.get::<String, _>(1));
    for vault in [&vault, &bystander, &home.again().await] {
        assert_whole(vault).await;
        let service = Service::never();
        assert_eq!(vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap().secret.reveal(), b"a0");
    }
    // What the bystander seals, it seals with the new key.
    bystander.keep("box", "nonce", "value", MINUTE).await.unwrap();
    assert!(is_done(&home).await);
    let said: Vec<_> = bystander.log("work", 10).await.unwrap().into_iter().map(|line| line.action).collect();
    assert_eq!(said, ["sign-in"]);

    assert_ne!(std::fs::read(home.key()).unwrap(), before);
    let kept = done.old_key.unwrap();
    let kept = Path::new(kept.strip_prefix("the key file ").unwrap());
    assert_eq!(std::fs::read(kept).unwrap(), before, "for other stores and old backups");
    let error = Vault::open_existing(home.source(), KeySource::File(kept.to_owned())).await.err().unwrap();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");
}

async fn a_key_that_was_replaced_is_found_by_a_store_that_shares_it(kind: Kind) {
    let (home, other) = (Home::on(kind).await, Home::on(kind).await);
    let vault = home.connected(3600).await;
    let source = KeySource::File(home.key());
    Vault::open(other.source(), source.clone()).await.unwrap();
    vault.rekey(source.clone(), false).await.unwrap();
    let error = Vault::open_existing(other.source(), source).await.err().unwrap();
    let hint = error.hint().unwrap();
    let kept = hint.split_once("use the key file ").unwrap_or_else(|| panic!("{hint}")).1;
    Vault::open_existing(other.source(), KeySource::File(kept.into())).await.unwrap();
}

async fn from_file_to_environment_to_passphrase_to_file(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.open().await.unwrap();
    filled(&home, &vault).await;
    let places = [given(1), passphrase("the quick brown fox"), passphrase("the quick brown fox"), KeySource::File(home.path("second.key"))];
    let mut before = KeySource::File(home.key());
    for place in places {
        vault.rekey(place.clone(), false).await.unwrap();
        assert!(is_done(&home).await);
        assert_whole(&vault).await;
        assert_whole(&Vault::open_existing(home.source(), place.clone()).await.unwrap()).await;
        if !matches!((&before, &place), (KeySource::Passphrase(_), KeySource::Passphrase(_))) {
            assert!(Vault::open_existing(home.source(), before).await.is_err());
        }
        before = place;
    }
    // Where it is already, a new one is made beside it and takes its place.
    vault.rekey(before.clone(), false).await.unwrap();
    assert_whole(&Vault::open_existing(home.source(), before).await.unwrap()).await;
    vault.rekey(given(3), false).await.unwrap();
    let error = vault.rekey(given(3), false).await.unwrap_err();
    assert!(error.to_string().contains("KEY_3") && error.to_string().contains("is sealed with now"), "{error}");
}

async fn tokens_are_refreshed_and_handed_out_meanwhile(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(3600).await;
    let service = Service::strict(Duration::ZERO);
    let providers = shared(&service);
    let stop = Arc::new(AtomicBool::new(false));
    let mut users = vec![];
    for number in 0..8 {
        let (stop, providers, vault) = (stop.clone(), providers.clone(), home.again().await);
        users.push(tokio::spawn(async move {
            let mut done = 0;
            while !stop.load(Ordering::SeqCst) {
                match number % 2 {
                    0 => drop(vault.refresh(&work(), &providers).await.unwrap()),
                    _ => drop(vault.access_token(&work(), MINUTE, &providers).await.unwrap()),
                }
                done += 1;
            }
            done
        }));
    }
    let opener = tokio::spawn({
        let (stop, source, key) = (stop.clone(), home.source(), home.key());
        async move {
            while !stop.load(Ordering::SeqCst) {
                let vault = Vault::open_existing(source.clone(), KeySource::File(key.clone())).await.unwrap();
                vault.tokens(&work()).await.unwrap();
            }
        }
    });
    for _ in 0..5 {
        let before = service.calls();
        vault.rekey(KeySource::File(home.key()), false).await.unwrap();
        while service.calls() < before + 3 {
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    stop.store(true, Ordering::SeqCst);
    opener.await.unwrap();
    let done: Vec<usize> = join_all(users).await.into_iter().map(Result::unwrap).collect();
    assert!(done.iter().all(|done| *done > 0), "{done:?}");
    assert!(is_done(&home).await);
    assert_eq!(refresh_token(&home.again().await.tokens(&work()).await.unwrap()), format!("r{}", service.calls()));
}

async fn a_refresh_that_began_before_is_waited_for(kind: Kind) {
    let home = Home::on(kind).await;
    let one = Vault::open(home.source(), given(1)).await.unwrap();
    filled(&home, &one).await;
    let two = Vault::open_existing(home.source(), given(1)).await.unwrap();
    let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let service = Service::new({
        let (asked, answer) = (asked.clone(), answer.clone());
        move |_, _| {
            let (asked, answer) = (asked.clone(), answer.clone());
            async move {
                asked.notify_one();
                answer.notified().await;
                Ok(tokens(1, Some(3600)))
            }
        }
    });
    let providers = shared(&service);
    let refresh = tokio::spawn(async move { one.refresh(&work(), &providers).await });
    asked.notified().await;
    let before = home.seen("SELECT data_key FROM connections").await.get::<String, _>(0);
    let rekey = tokio::spawn(async move { two.rekey(given(2), false).await });
    while home.seen("SELECT data_key FROM connections").await.get::<String, _>(0) == before {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(!rekey.is_finished() && !is_done(&home).await);
    answer.notify_one();
    assert_eq!(refresh.await.unwrap().unwrap().secret.reveal(), b"a1");
    rekey.await.unwrap().unwrap();
    assert!(is_done(&home).await);
    let now = Vault::open_existing(home.source(), given(2)).await.unwrap();
    assert_eq!(refresh_token(&now.tokens(&work()).await.unwrap()), "r1");
}

async fn a_process_that_cant_read_its_key_again_says_that_it_must_be_restarted(kind: Kind) {
    for old in [given(1), passphrase("correct horse battery")] {
        let home = Home::on(kind).await;
        let one = Vault::open(home.source(), old.clone()).await.unwrap();
        filled(&home, &one).await;
        let two = Vault::open_existing(home.source(), old).await.unwrap();
        two.rekey(given(2), false).await.unwrap();
        let error = one.tokens(&work()).await.err().unwrap();
        assert!(matches!(error, Error::Key { .. }) && error.to_string().contains("was replaced while this process ran"), "{error}");
        assert!(error.hint().unwrap().contains("Restart"));
        assert!(one.keep("box", "other", "value", MINUTE).await.is_err(), "and it seals nothing with the old one");
        assert_whole(&two).await;
    }
}

async fn a_row_that_cant_be_unsealed_stops_it_with_both_keys_in_place(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = Vault::open(home.source(), given(1)).await.unwrap();
    filled(&home, &vault).await;
    save(&vault, "home", &tokens(7, Some(3600)), false).await.unwrap();
    home.run(&format!("UPDATE connections SET access_token = {} WHERE name = 'home'", kind.bytes("01020304"))).await;
    let error = vault.rekey(given(2), false).await.unwrap_err();
    assert!(matches!(error, Error::Tampered { .. }) && error.to_string().contains("\"home\""), "{error}");
    for key in [given(1), given(2)] {
        assert_whole(&Vault::open_existing(home.source(), key).await.unwrap()).await;
    }
    // To yet another key only if that one is given up.
    let old = Vault::open_existing(home.source(), given(1)).await.unwrap();
    let error = old.rekey(given(3), false).await.unwrap_err();
    assert!(error.to_string().contains("unfinished") && error.hint().unwrap().contains("--anew"), "{error}");
    save(&old, "home", &tokens(8, Some(3600)), true).await.unwrap();
    old.rekey(given(3), true).await.unwrap();
    assert!(is_done(&home).await);
    assert!(Vault::open_existing(home.source(), given(2)).await.is_err());
    assert_whole(&Vault::open_existing(home.source(), given(3)).await.unwrap()).await;
}

async fn two_at_once_come_to_one_key(kind: Kind) {
    let home = Home::on(kind).await;
    let one = home.open().await.unwrap();
    filled(&home, &one).await;
    let two = home.again().await;
    let source = || KeySource::File(home.key());
    let (first, second) = tokio::join!(one.rekey(source(), false), two.rekey(source(), false));
    assert!(first.is_ok() || second.is_ok(), "{first:?} {second:?}");
    home.again().await.rekey(source(), false).await.unwrap();
    assert!(is_done(&home).await);
    for vault in [&one, &two, &home.again().await] {
        assert_whole(vault).await;
    }
}

async fn two_at_once_to_different_keys_leave_a_store_that_one_of_them_opens(kind: Kind) {
    let home = Home::on(kind).await;
    filled(&home, &Vault::open(home.source(), given(0)).await.unwrap()).await;
    let mut present = 0;
    for round in 0..8 {
        let (first, second) = (2 * round + 1, 2 * round + 2);
        let one = Vault::open_existing(home.source(), given(present)).await.unwrap();
        let two = Vault::open_existing(home.source(), given(present)).await.unwrap();
        let both = tokio::join!(
            tokio::spawn(async move { one.rekey(given(first), false).await }),
            tokio::spawn(async move { two.rekey(given(second), false).await })
        );
        let done = [(first, both.0.unwrap()), (second, both.1.unwrap())];
        let won: Vec<u8> = done.iter().filter(|(_, done)| done.is_ok()).map(|(key, _)| *key).collect();
        assert_eq!(won.len(), 1, "{done:?}");
        present = won[0];
        assert!(is_done(&home).await);
        assert_whole(&Vault::open_existing(home.source(), given(present)).await.unwrap()).await;
    }
}

on_both_stores!(
    everything_is_sealed_anew_and_the_old_key_opens_nothing,
    a_key_that_was_replaced_is_found_by_a_store_that_shares_it,
    from_file_to_environment_to_passphrase_to_file,
    tokens_are_refreshed_and_handed_out_meanwhile,
    a_refresh_that_began_before_is_waited_for,
    a_process_that_cant_read_its_key_again_says_that_it_must_be_restarted,
    a_row_that_cant_be_unsealed_stops_it_with_both_keys_in_place,
    two_at_once_come_to_one_key,
    two_at_once_to_different_keys_leave_a_store_that_one_of_them_opens,
);

#[tokio::test]
async fn a_glance_finds_the_token_before_in_the_middle_and_after() {
    let home = Home::new();
    let vault = home.connected(3600).await;
    save(&vault, "home", &tokens(7, Some(3600)), false).await.unwrap();
    let second = home.path("second.key");
    let seen = |key: &Path| jeton_vault::glance(&home.store(), key, &work(), MINUTE).map(|token| token.secret.reveal().to_vec());
    assert_eq!(seen(&home.key()).as_deref(), Some(&b"a0"[..]));
    home.run("UPDATE connections SET access_token = x'01020304' WHERE name = 'home'").await;
    vault.rekey(KeySource::File(second.clone()), false).await.unwrap_err();
    for key in [&home.key(), &second] {
        assert_eq!(seen(key).as_deref(), Some(&b"a0"[..]), "in the middle");
    }
    save(&vault, "home", &tokens(8, Some(3600)), true).await.unwrap();
    // Finishes, in the place where the new key is by now.
    vault.rekey(KeySource::File(second.clone()), false).await.unwrap();
    assert_eq!(seen(&second).as_deref(), Some(&b"a0"[..]));
    assert_eq!(seen(&home.key()), None);
}
