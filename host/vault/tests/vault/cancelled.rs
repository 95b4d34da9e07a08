//! Every function may be dropped at any point where it waits: what it was doing is done whole or not at all, and the vault goes on.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use jeton_runtime::{Account, Secret};
use jeton_vault::{Error, KeepAlive, KeySource, Providers, Status, Vault};

use crate::candidates::Strict;
use crate::home::{Home, Kind, client, on_both_stores, save, tokens, work};
use crate::service::{Service, refresh_token, shared};

const MINUTE: Duration = Duration::from_secs(60);

/// More than any of the functions waits. One that is done sooner is done.
const POINTS: usize = 12;

on_both_stores! {
    what_changes_a_client_is_whole_or_not_at_all,
    what_changes_a_connection_is_whole_or_not_at_all,
    what_changes_a_providers_values_is_whole_or_not_at_all,
    what_reads_leaves_nothing_behind,
    a_refresh_that_nobody_waits_for_any_more_is_kept,
    what_changes_secrets_accounts_and_providers_is_whole_or_not_at_all,
    refreshes_of_many_and_of_one_that_nobody_waits_for_lose_nothing,
    keys_backups_and_stores_survive_whoever_stops_waiting,
}

/// Waits `points` times, then drops the future. Whether it came to its end.
async fn cut<F: Future>(points: usize, future: F) -> bool {
    let mut future = pin!(future);
    let mut left = points;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending if left == 0 => Poll::Ready(false),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// The vault answers, and what it has can be unsealed. What was dropped is perhaps being written still, so names may go while this looks.
async fn sound(vault: &Vault) {
    for connection in vault.connections().await.unwrap() {
        match vault.tokens(&connection.name).await {
            Ok(_) | Err(Error::UnknownConnection { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    for client in vault.clients().await.unwrap() {
        match vault.client(&client.name).await {
            Ok(_) | Err(Error::UnknownClient { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    // Waits for its turn behind whatever is being written.
    vault.keep("box", "sound", "1", MINUTE).await.unwrap();
}

async fn what_changes_a_client_is_whole_or_not_at_all(kind: Kind) {
    let (mut ended, mut broken_off) = (0, 0);
    for points in 0..POINTS {
        let home = Home::on(kind).await;
        let vault = home.vault().await;
        let (other, mine) = ("other".parse().unwrap(), "mine".parse().unwrap());
        let mut changed = client();
        changed.id = "app-2".to_owned();
        for done in [
            cut(points, vault.add_client(&other, "box", &client())).await,
            cut(points, vault.replace_client(&mine, &changed)).await,
            cut(points, vault.remove_client(&mine)).await,
        ] {
            *(if done { &mut ended } else { &mut broken_off }) += 1;
        }
        sound(&vault).await;
        // What was broken off can be done again.
        let _ = vault.add_client(&other, "box", &client()).await;
        vault.client(&other).await.unwrap();
    }
    assert!(ended > 0 && broken_off > 0, "{ended} came to their end, {broken_off} didn't");
}

async fn what_changes_a_connection_is_whole_or_not_at_all(kind: Kind) {
    let (mut ended, mut broken_off) = (0, 0);
    for points in 0..POINTS {
        let home = Home::on(kind).await;
        let vault = home.connected(3600).await;
        let home_name = "home".parse().unwrap();
        for done in
            [cut(points, save(&vault, "work", &tokens(1, Some(3600)), true)).await, cut(points, vault.rename(&work(), &home_name)).await]
        {
            *(if done { &mut ended } else { &mut broken_off }) += 1;
        }
        sound(&vault).await;
        let connections = vault.connections().await.unwrap();
        assert_eq!(connections.len(), 1, "after {points}");
        let name = &connections[0].name;
        assert_eq!(connections[0].status, Status::Active);
        let token = vault.tokens(name).await.unwrap();
        assert!(["r0", "r1"].contains(&refresh_token(&token).as_str()), "after {points}");
        let revoked = cut(points, vault.mark_revoked(name)).await;
        sound(&vault).await;
        let now = vault.tokens(name).await.unwrap();
        assert_eq!(now.access.is_some(), now.refresh.is_some(), "after {points}");
        assert!(!revoked || now.access.is_none());
        cut(points, vault.remove(name)).await;
        sound(&vault).await;
    }
    assert!(ended > 0 && broken_off > 0, "{ended} came to their end, {broken_off} didn't");
}

async fn what_changes_a_providers_values_is_whole_or_not_at_all(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    for points in 0..POINTS {
        let kept = cut(points, vault.keep("box", "nonce", "1", MINUTE)).await;
        let value = vault.stored("box", "nonce").await.unwrap();
        assert!(!kept || value.as_deref() == Some("1"), "after {points}");
        let forgotten = cut(points, vault.forget("box", "nonce")).await;
        assert!(!forgotten || vault.stored("box", "nonce").await.unwrap().is_none(), "after {points}");
    }
    vault.keep("box", "nonce", "2", MINUTE).await.unwrap();
    assert_eq!(vault.stored("box", "nonce").await.unwrap().as_deref(), Some("2"));
}

async fn what_reads_leaves_nothing_behind(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(3600).await;
    let providers = shared(&Service::never());
    for points in 0..POINTS {
        cut(points, vault.connections()).await;
        cut(points, vault.tokens(&work())).await;
        cut(points, vault.log("work", 10)).await;
        cut(points, vault.access_token(&work(), MINUTE, &providers)).await;
        sound(&vault).await;
    }
    assert_eq!(vault.access_token(&work(), MINUTE, &providers).await.unwrap().secret.reveal(), b"a0");
}

async fn a_refresh_that_nobody_waits_for_any_more_is_kept(kind: Kind) {
    for points in 0..POINTS {
        let home = Home::on(kind).await;
        let (vault, service) = (home.connected(5).await, Service::strict(Duration::from_millis(10)));
        let providers = shared(&service);
        cut(points, vault.access_token(&work(), MINUTE, &providers)).await;
        // Joins what is under way, or begins it: never a second request with the same refresh token.
        assert_eq!(vault.access_token(&work(), MINUTE, &providers).await.unwrap().secret.reveal(), b"a1", "after {points}");
        assert_eq!(service.calls(), 1, "after {points}");
        assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r1");
    }
}

async fn what_changes_secrets_accounts_and_providers_is_whole_or_not_at_all(kind: Kind) {
    let providers: Arc<dyn Providers> = Strict::new(&["the-client-secret", "the-next-secret"]);
    let (mine, next) = ("mine".parse().unwrap(), Secret::new("client-secret", "the-next-secret"));
    let account = Account { id: "7".to_owned(), login: None, name: None, extras: vec![] };
    for points in 0..POINTS {
        let home = Home::on(kind).await;
        let vault = home.connected(3600).await;
        let added = cut(points, vault.add_secret(&mine, "client-secret", &next, false)).await;
        cut(points, vault.try_secret(&mine, "client-secret", &next, &providers)).await;
        cut(points, vault.settle_secret(&mine, &providers)).await;
        sound(&vault).await;
        let dropped = cut(points, vault.drop_spare_secrets(&mine)).await;
        sound(&vault).await;
        let left = vault.drop_spare_secrets(&mine).await.unwrap();
        assert!(left <= 1 && (!added || !dropped || left == 0), "after {points}: {left}");
        let named = cut(points, vault.set_account(&work(), &account)).await;
        let known = vault.connection(&work()).await.unwrap().account.map(|account| account.id);
        assert!(!named || known.as_deref() == Some("7"), "after {points}: {known:?}");
        vault.keep("box", "nonce", "1", MINUTE).await.unwrap();
        let forgotten = cut(points, vault.forget_provider("box")).await;
        assert!(!forgotten || vault.stored("box", "nonce").await.unwrap().is_none(), "after {points}");
        sound(&vault).await;
    }
}

async fn refreshes_of_many_and_of_one_that_nobody_waits_for_lose_nothing(kind: Kind) {
    for points in 0..POINTS {
        let (home, service) = (Home::on(kind).await, Service::strict(Duration::ZERO));
        let (vault, providers) = (home.connected(1).await, shared(&service));
        let mut options = KeepAlive::default();
        options.ahead = Some(MINUTE);
        cut(points, vault.refresh_all_due(&providers, &options)).await;
        cut(points, vault.refresh(&work(), &providers)).await;
        let token = vault.access_token(&work(), MINUTE, &providers).await.unwrap();
        let stored = refresh_token(&vault.tokens(&work()).await.unwrap());
        assert_eq!(stored, format!("r{}", service.calls()), "after {points}: what the service gave last is stored");
        assert!(token.secret.reveal().starts_with(b"a"));
    }
}

async fn keys_backups_and_stores_survive_whoever_stops_waiting(kind: Kind) {
    for points in [0, 1, 2, 3, 5, 8, 13, 21, 34, 55] {
        let home = Home::on(kind).await;
        let vault = home.connected(3600).await;
        let backup = home.path("backup");
        if cut(points, vault.backup(&backup)).await || backup.exists() {
            let copy = Vault::open_existing(&backup, KeySource::File(home.key())).await.unwrap();
            assert_eq!(refresh_token(&copy.tokens(&work()).await.unwrap()), "r0", "after {points}");
        }
        let whole = home.path("whole");
        vault.backup(&whole).await.unwrap();
        let from = Vault::open_existing(&whole, KeySource::File(home.key())).await.unwrap();
        vault.remove(&work()).await.unwrap();
        cut(points, vault.restore(&from, false)).await;
        sound(&vault).await;
        vault.restore(&from, true).await.unwrap();
        assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r0", "after {points}");

        cut(points, vault.rekey(KeySource::File(home.key()), false)).await;
        sound(&vault).await;
        sound(&home.again().await).await;
        vault.rekey(KeySource::File(home.key()), false).await.unwrap();
        assert_eq!(refresh_token(&home.again().await.tokens(&work()).await.unwrap()), "r0", "after {points}");

        let fresh = home.path("fresh.db");
        cut(points, Vault::open(&fresh, KeySource::File(home.path("fresh.key")))).await;
        sound(&Vault::open(&fresh, KeySource::File(home.path("fresh.key"))).await.unwrap()).await;
    }
}
