//! Every function may be dropped at any point where it waits: what it was doing is done whole or not at all, and the vault goes on.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use jeton_vault::{Error, Status, Vault};

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
