//! However many want a token, one of them refreshes it.

use std::time::Duration;

use futures_util::future::join_all;
use jeton_runtime::ErrorKind;
use tokio::time::{sleep, timeout};

use crate::home::{Home, Kind, on_both_stores, save, tokens, work};
use crate::service::{Service, no, refresh_token, shared};

const MINUTE: Duration = Duration::from_secs(60);

on_both_stores! {
    a_valid_token_is_handed_out_without_asking_the_service,
    a_hundred_callers_make_one_refresh,
    everyone_who_joined_hears_of_a_failure_and_later_ones_try_again,
    the_caller_that_began_is_cancelled_and_the_tokens_are_kept_all_the_same,
    two_vaults_on_one_file_make_one_refresh,
    two_vaults_that_are_told_to_refresh_at_once_make_one_refresh,
    a_lease_whose_owner_died_is_taken_over_when_it_runs_out,
    connections_are_refreshed_beside_each_other,
    a_provider_that_panics_ends_the_call_and_nothing_else,
}

async fn a_valid_token_is_handed_out_without_asking_the_service(kind: Kind) {
    let home = Home::on(kind).await;
    let (vault, service) = (home.connected(3600).await, Service::never());
    let token = vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap();
    assert_eq!((token.secret.kind(), token.secret.reveal()), ("access-token", &b"a0"[..]));
    assert_eq!(token.scope.as_deref(), Some("read"));
    let left = token.expires_at.unwrap().duration_since(std::time::SystemTime::now()).unwrap();
    assert!(left > Duration::from_secs(3590) && left <= Duration::from_secs(3600), "{left:?}");
    assert_eq!(service.calls(), 0);
}

async fn a_hundred_callers_make_one_refresh(kind: Kind) {
    let home = Home::on(kind).await;
    let (vault, service) = (home.connected(5).await, Service::strict(Duration::from_millis(50)));
    let providers = shared(&service);
    let tasks = (0..100).map(|_| {
        let (vault, providers) = (vault.clone(), providers.clone());
        tokio::spawn(async move { vault.access_token(&work(), MINUTE, &providers).await })
    });
    for token in join_all(tasks).await {
        assert_eq!(token.unwrap().unwrap().secret.reveal(), b"a1");
    }
    assert_eq!(service.calls(), 1);
}

async fn everyone_who_joined_hears_of_a_failure_and_later_ones_try_again(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(0).await;
    let service = Service::new(|call, _| async move {
        // Long enough for all of them to join.
        sleep(Duration::from_secs(1)).await;
        if call == 1 { Err(no(ErrorKind::TemporarilyUnavailable)) } else { Ok(tokens(call, Some(3600))) }
    });
    let (name, providers) = (work(), shared(&service));
    for token in join_all((0..10).map(|_| vault.access_token(&name, MINUTE, &providers))).await {
        assert!(matches!(token, Err(jeton_vault::Error::Retry { .. })), "{token:?}");
    }
    assert_eq!(service.calls(), 1);
    assert_eq!(vault.access_token(&work(), MINUTE, &providers).await.unwrap().secret.reveal(), b"a2");
}

async fn the_caller_that_began_is_cancelled_and_the_tokens_are_kept_all_the_same(kind: Kind) {
    let home = Home::on(kind).await;
    let (vault, service) = (home.connected(5).await, Service::strict(Duration::from_millis(200)));
    let providers = shared(&service);
    let cancelled = timeout(Duration::from_millis(50), vault.access_token(&work(), MINUTE, &providers)).await;
    assert!(cancelled.is_err());
    sleep(Duration::from_millis(400)).await;
    let sleeper = Service::never();
    assert_eq!(vault.access_token(&work(), MINUTE, &shared(&sleeper)).await.unwrap().secret.reveal(), b"a1");
    assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r1");
    assert_eq!(service.calls(), 1);
}

async fn two_vaults_on_one_file_make_one_refresh(kind: Kind) {
    for _ in 0..10 {
        let home = Home::on(kind).await;
        let (one, service) = (home.connected(5).await, Service::strict(Duration::from_millis(50)));
        let two = home.again().await;
        let providers = shared(&service);
        let tasks = (0..20).map(|number| {
            let vault = if number % 2 == 0 { one.clone() } else { two.clone() };
            let providers = providers.clone();
            tokio::spawn(async move { vault.access_token(&work(), MINUTE, &providers).await })
        });
        for token in join_all(tasks).await {
            assert_eq!(token.unwrap().unwrap().secret.reveal(), b"a1");
        }
        assert_eq!(service.calls(), 1);
    }
}

async fn two_vaults_that_are_told_to_refresh_at_once_make_one_refresh(kind: Kind) {
    let home = Home::on(kind).await;
    let (one, service) = (home.connected(3600).await, Service::strict(Duration::from_millis(300)));
    let two = home.open().await.unwrap();
    let providers = shared(&service);
    let (name, other) = (work(), work());
    let (first, second) = tokio::join!(one.refresh(&name, &providers), async {
        sleep(Duration::from_millis(100)).await;
        two.refresh(&other, &providers).await
    });
    assert_eq!(first.unwrap().secret.reveal(), b"a1");
    assert_eq!(second.unwrap().secret.reveal(), b"a1");
    assert_eq!(service.calls(), 1);
}

async fn a_lease_whose_owner_died_is_taken_over_when_it_runs_out(kind: Kind) {
    let home = Home::on(kind).await;
    drop(home.connected(5).await);
    let (vault, service) = (home.open_with(Duration::from_secs(2)).await, Service::strict(Duration::ZERO));
    home.run("UPDATE connections SET lease_owner = 'dead', lease_beat = 1").await;
    let providers = shared(&service);
    let name = work();
    let waiting = vault.access_token(&name, MINUTE, &providers);
    tokio::pin!(waiting);
    assert!(timeout(Duration::from_millis(500), &mut waiting).await.is_err(), "the lease was ignored");
    assert_eq!(service.calls(), 0);
    assert_eq!(waiting.await.unwrap().secret.reveal(), b"a1");
}

async fn connections_are_refreshed_beside_each_other(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    save(&vault, "home", &tokens(0, Some(5)), false).await.unwrap();
    // Each is answered when the other has asked, too.
    let both = std::sync::Arc::new(tokio::sync::Barrier::new(2));
    let service = Service::new(move |_, _| {
        let both = both.clone();
        async move {
            both.wait().await;
            Ok(tokens(1, Some(3600)))
        }
    });
    let (providers, names) = (shared(&service), ["work".parse().unwrap(), "home".parse().unwrap()]);
    for token in join_all(names.iter().map(|name| vault.access_token(name, MINUTE, &providers))).await {
        token.unwrap();
    }
    assert_eq!(service.calls(), 2);
}

async fn a_provider_that_panics_ends_the_call_and_nothing_else(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    let service = Service::new(|_, _| async { panic!("a mistake of the provider") });
    let error = vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap_err();
    assert!(matches!(error, jeton_vault::Error::Interrupted(ref name) if name == "work"), "{error}");
    let row = home.seen("SELECT generation, intent_generation FROM connections").await;
    assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1)), (1, 1));
    let vault = home.open_with(Duration::from_millis(300)).await;
    let service = Service::strict(Duration::ZERO);
    assert_eq!(vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap().secret.reveal(), b"a1");
}
