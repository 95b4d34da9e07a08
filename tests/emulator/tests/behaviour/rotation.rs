//! What becomes of refresh tokens when they are used.

use jeton_emulator::Rotation;

use crate::stage::{emulator, refresh, refused, tokens};

#[tokio::test]
async fn strictly_a_refresh_token_works_once() {
    let emulator = emulator().await;
    let first = tokens(&emulator);
    let (status, second) = refresh(&emulator, &first.refresh_token).await;
    assert_eq!(status, 200);
    assert_ne!(second["refresh_token"], first.refresh_token.as_str());
    assert_eq!(refresh(&emulator, &first.refresh_token).await, refused("invalid_grant", "Refresh token has expired"));
    assert!(emulator.box_service().is_live(&first.access_token), "the old access token lives until its time");
    assert_eq!(refresh(&emulator, second["refresh_token"].as_str().unwrap()).await.0, 200);
}

#[tokio::test]
async fn with_grace_the_old_token_works_until_its_successor_is_used() {
    let emulator = emulator().await;
    emulator.box_service().set_rotation(Rotation::Grace);
    let first = tokens(&emulator);
    assert_eq!(refresh(&emulator, &first.refresh_token).await.0, 200, "and this answer is lost");
    let (status, second) = refresh(&emulator, &first.refresh_token).await;
    assert_eq!((status, emulator.box_service().live_refresh_tokens()), (200, 2));
    assert_eq!(refresh(&emulator, second["refresh_token"].as_str().unwrap()).await.0, 200);
    assert_eq!(refresh(&emulator, &first.refresh_token).await, refused("invalid_grant", "Refresh token has expired"));
    assert_eq!(emulator.box_service().live_refresh_tokens(), 2);
}

#[tokio::test]
async fn of_many_refreshes_at_once_exactly_one_succeeds() {
    let emulator = emulator().await;
    let token = tokens(&emulator).refresh_token;
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (client, token) = (emulator.client().clone(), token.clone());
        requests.spawn(async move {
            let form = [("grant_type", "refresh_token"), ("refresh_token", &token), ("client_id", "an-app"), ("client_secret", "a-secret")];
            client.post(crate::stage::TOKEN, &form).await.unwrap().status().as_u16()
        });
    }
    let statuses = requests.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
}
