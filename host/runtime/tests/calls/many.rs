//! Many calls at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jeton_runtime::{CurrentTokens, Error, Limits, Secret};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::service::{Sent, Service, answer};
use crate::{box_with, client};

fn with_refresh_token(token: &str) -> CurrentTokens {
    CurrentTokens { refresh: Some(Secret::new("refresh-token", token)), ..CurrentTokens::default() }
}

fn refresh_token(sent: &Sent) -> String {
    let fields = form_urlencoded::parse(sent.body.as_bytes());
    fields.filter(|(name, _)| name == "refresh_token").map(|(_, value)| value.into_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_refreshes_take_their_turns_and_each_gets_its_own_tokens() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (inside, peak) = (now.clone(), most.clone());
    let service = Service::new(move |sent| {
        let (inside, peak) = (inside.clone(), peak.clone());
        async move {
            peak.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(1)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
            let old = refresh_token(&sent);
            Ok(answer(200, &[], &format!(r#"{{"access_token":"access-of-{old}","refresh_token":"after-{old}"}}"#)))
        }
    });
    let provider = box_with(&service, Limits { calls: 8, ..Limits::default() }).await;
    let mut calls = JoinSet::new();
    for number in 0..1000 {
        let provider = provider.clone();
        calls.spawn(async move { (number, provider.refresh(&client(), &with_refresh_token(&format!("token-{number}"))).await) });
    }
    while let Some(done) = calls.join_next().await {
        let (number, tokens) = done.unwrap();
        let tokens = tokens.unwrap();
        assert_eq!(tokens.access.reveal_text().unwrap(), format!("access-of-token-{number}"));
        assert_eq!(tokens.refresh.unwrap().reveal_text().unwrap(), format!("after-token-{number}"));
    }
    assert_eq!((service.sent().len(), now.load(Ordering::SeqCst)), (1000, 0));
    let most = most.load(Ordering::SeqCst);
    assert!((2..=8).contains(&most), "{most} calls at once");
}

/// Never answers the refresh token `stuck`, and tells when it was asked with it. Others are answered in a moment.
fn stuck_service() -> (Arc<Service>, Arc<Notify>) {
    let begun = Arc::new(Notify::new());
    let asked = begun.clone();
    let service = Service::new(move |sent| {
        let asked = asked.clone();
        async move {
            if refresh_token(&sent) == "stuck" {
                asked.notify_one();
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
            Ok(answer(200, &[], r#"{"access_token":"a"}"#))
        }
    });
    (service, begun)
}

#[tokio::test]
async fn a_call_that_waited_for_its_turn_has_its_whole_time() {
    let (service, begun) = stuck_service();
    let provider = box_with(&service, Limits { calls: 1, time: Duration::from_secs(3), ..Limits::default() }).await;
    let stuck = tokio::spawn({
        let provider = provider.clone();
        async move { provider.refresh(&client(), &with_refresh_token("stuck")).await }
    });
    begun.notified().await;
    let waited = provider.refresh(&client(), &with_refresh_token("prompt")).await;
    assert_eq!(waited.unwrap().access.reveal(), b"a");
    let left = service.sent()[1].time;
    assert!(left > Duration::from_secs(1), "its request had {left:?}");
    let error = stuck.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Limit { .. }), "{error:?}");
    assert_eq!(error.to_string(), "the provider box was stopped: its call took longer than 3s");
}

#[tokio::test]
async fn a_call_that_is_dropped_gives_its_place_to_the_next() {
    let (service, begun) = stuck_service();
    let provider = box_with(&service, Limits { calls: 1, ..Limits::default() }).await;
    for _ in 0..3 {
        tokio::select! {
            outcome = async { provider.refresh(&client(), &with_refresh_token("stuck")).await } => panic!("{outcome:?}"),
            () = begun.notified() => {}
        }
        assert!(provider.refresh(&client(), &with_refresh_token("prompt")).await.is_ok());
    }
    assert_eq!(service.sent().len(), 6);
}
