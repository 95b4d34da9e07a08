//! Somebody was cut off for a whole lease, another took over, and then the first comes back with its tokens.

use std::sync::Arc;
use std::time::Duration;

use jeton_runtime::{Error, ErrorKind, Tokens};
use jeton_vault::Status;
use tokio::sync::Notify;

use crate::home::{Home, Kind, on_both_stores, tokens, work};
use crate::service::{Service, no, refresh_token, shared};

const MINUTE: Duration = Duration::from_secs(60);
const LEASE: Duration = Duration::from_millis(400);

on_both_stores! {
    where_a_service_gives_twice_for_a_refresh_token_a_third_answer_decides,
    where_a_service_gives_once_the_tokens_of_the_first_are_everybodys,
}

/// The first call gets its answer while the second waits for its own, which is `second`.
async fn overtaken(home: &Home, second: fn() -> Result<Tokens, Error>) -> (Arc<Service>, [String; 2]) {
    drop(home.connected(5).await);
    let (slow, hasty) = (home.open_with(LEASE).await, home.open_with(LEASE).await);
    let (asked, answer, written) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let service = Service::new({
        let (asked, answer, written) = (asked.clone(), answer.clone(), written.clone());
        move |call, current| {
            let (asked, answer, written) = (asked.clone(), answer.clone(), written.clone());
            async move {
                assert_eq!(refresh_token(&current), "r0");
                match call {
                    1 => {
                        asked.notify_one();
                        answer.notified().await;
                        Ok(tokens(1, Some(3600)))
                    }
                    2 => {
                        answer.notify_one();
                        written.notified().await;
                        second()
                    }
                    _ => Ok(tokens(3, Some(3600))),
                }
            }
        }
    });
    let first = tokio::spawn({
        let (providers, written) = (shared(&service), written.clone());
        async move {
            let token = slow.access_token(&work(), MINUTE, &providers).await.unwrap();
            written.notify_one();
            token.secret.reveal_text().unwrap().to_owned()
        }
    });
    asked.notified().await;
    // Its beats find no lease of its own any more, and nobody else beats.
    home.run("UPDATE connections SET lease_owner = 'cut off'").await;
    let second = hasty.access_token(&work(), MINUTE, &shared(&service)).await.unwrap();
    (service, [first.await.unwrap(), second.secret.reveal_text().unwrap().to_owned()])
}

async fn nobody_has_the_lease(home: &Home) -> bool {
    home.seen("SELECT lease_owner FROM connections").await.get::<Option<String>, _>(0).is_none()
}

async fn where_a_service_gives_twice_for_a_refresh_token_a_third_answer_decides(kind: Kind) {
    let home = Home::on(kind).await;
    let (service, heard) = overtaken(&home, || Ok(tokens(2, Some(3600)))).await;
    assert_eq!((service.calls(), heard), (3, ["a1".to_owned(), "a3".to_owned()]));
    assert_eq!(refresh_token(&home.again().await.tokens(&work()).await.unwrap()), "r3");
    assert!(nobody_has_the_lease(&home).await);
}

async fn where_a_service_gives_once_the_tokens_of_the_first_are_everybodys(kind: Kind) {
    let home = Home::on(kind).await;
    let (service, heard) = overtaken(&home, || Err(no(ErrorKind::InvalidGrant))).await;
    assert_eq!((service.calls(), heard), (2, ["a1".to_owned(), "a1".to_owned()]));
    let vault = home.again().await;
    assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r1");
    assert_eq!(vault.connection(&work()).await.unwrap().status, Status::Active);
    assert!(nobody_has_the_lease(&home).await);
}
