//! Revocation kills the pair, whichever token is shown.

use jeton_emulator::App;

use crate::stage::{REVOKE, emulator, json, refresh, refused, tokens};

#[tokio::test]
async fn either_token_kills_the_pair() {
    let emulator = emulator().await;
    for by_access in [true, false] {
        let pair = tokens(&emulator);
        let token = if by_access { &pair.access_token } else { &pair.refresh_token };
        let form = [("client_id", "an-app"), ("client_secret", "a-secret"), ("token", token)];
        let answer = emulator.client().post(REVOKE, &form).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 0));
        assert!(!emulator.box_service().is_live(&pair.access_token) && !emulator.box_service().is_live(&pair.refresh_token));
        assert_eq!(refresh(&emulator, &pair.refresh_token).await.0, 400);
    }
}

#[tokio::test]
async fn what_was_revoked_or_never_known_is_no_error() {
    let emulator = emulator().await;
    let token = tokens(&emulator).access_token;
    for token in [&*token, &*token, "unknown"] {
        let form = [("client_id", "an-app"), ("client_secret", "a-secret"), ("token", token)];
        assert_eq!(emulator.client().post(REVOKE, &form).await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn another_client_or_a_wrong_secret_revokes_nothing() {
    let emulator = emulator().await;
    emulator.box_service().register_app(App::new("other", "s")).unwrap();
    let token = tokens(&emulator).access_token;
    let invalid = refused("invalid_client", "The client credentials are invalid");
    for (id, secret) in [("other", "s"), ("an-app", "wrong")] {
        let form = [("client_id", id), ("client_secret", secret), ("token", &*token)];
        let answer = emulator.client().post(REVOKE, &form).await.unwrap();
        assert_eq!((answer.status().as_u16(), json(&answer)), invalid);
    }
    let answer = emulator.client().post(REVOKE, &[("client_id", "an-app"), ("client_secret", "a-secret")]).await.unwrap();
    assert_eq!((answer.status().as_u16(), json(&answer)["error"].as_str()), (400, Some("invalid_request")));
    assert!(emulator.box_service().is_live(&token));
}
