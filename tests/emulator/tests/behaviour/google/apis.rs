//! The APIs' answers to good and bad tokens.

use std::time::Duration;

use jeton_emulator::{Fault, Matcher, RetryAfter};

use super::stage::{DRIVE, USERINFO, emulator, text};
use crate::stage::{header, json};

const ABOUT: &str = "https://www.googleapis.com/drive/v3/about";

#[tokio::test]
async fn a_live_token_sees_its_user_and_the_drive() {
    let emulator = emulator().await;
    let token = emulator.google_service().issue_tokens("web", &["openid", "email", DRIVE]).unwrap().access_token;
    let user = json(&emulator.client().get_with_token(USERINFO, &token).await.unwrap());
    assert_eq!((text(&user, "sub"), text(&user, "email"), user.get("name")), ("1000000001", "ada@example.com", None));
    let about = json(&emulator.client().get_with_token(&format!("{ABOUT}?fields=user,storageQuota"), &token).await.unwrap());
    assert_eq!(text(&about["user"], "emailAddress"), "ada@example.com");
    assert!(about["storageQuota"]["limit"].is_string() && about.get("kind").is_none());
    assert_eq!(emulator.client().get_with_token(ABOUT, &token).await.unwrap().status(), 400, "the fields must be named");
}

#[tokio::test]
async fn dead_tokens_get_401_with_the_envelope_and_a_challenge() {
    let emulator = emulator().await;
    let token = emulator.google_service().issue_tokens("web", &[DRIVE]).unwrap().access_token;
    emulator.clock().advance(Duration::from_secs(3600));
    for token in [&*token, "nonsense"] {
        let answer = emulator.client().get_with_token(&format!("{ABOUT}?fields=user"), token).await.unwrap();
        assert_eq!(answer.status(), 401);
        let challenge = r#"Bearer realm="https://accounts.google.com/", error="invalid_token""#;
        assert_eq!(header(&answer, "www-authenticate"), Some(challenge));
        let error = &json(&answer)["error"];
        assert_eq!((&error["code"], text(error, "status")), (&401.into(), "UNAUTHENTICATED"));
        assert_eq!(text(&error["errors"][0], "reason"), "authError");
    }
    assert_eq!(emulator.client().get(USERINFO).await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_token_without_the_scope_gets_403() {
    let emulator = emulator().await;
    let token = emulator.google_service().issue_tokens("web", &["email"]).unwrap().access_token;
    let answer = emulator.client().get_with_token(&format!("{ABOUT}?fields=user"), &token).await.unwrap();
    let error = &json(&answer)["error"];
    assert_eq!((answer.status().as_u16(), text(&error["errors"][0], "reason")), (403, "insufficientPermissions"));
    assert_eq!(text(&error["details"][0], "reason"), "ACCESS_TOKEN_SCOPE_INSUFFICIENT");
}

#[tokio::test]
async fn tokeninfo_tells_what_a_token_is_and_access_tokens_can_be_made_to_expire() {
    let emulator = emulator().await;
    let token = emulator.google_service().issue_tokens("web", &[DRIVE]).unwrap().access_token;
    let url = format!("https://oauth2.googleapis.com/tokeninfo?access_token={token}");
    let info = json(&emulator.client().get(&url).await.unwrap());
    assert_eq!((text(&info, "aud"), text(&info, "scope"), text(&info, "expires_in")), ("web", DRIVE, "3600"));
    assert_eq!(emulator.google_service().expire_access_tokens(), 1);
    let answer = emulator.client().get(&url).await.unwrap();
    assert_eq!((answer.status().as_u16(), text(&json(&answer), "error")), (400, "invalid_token"));
}

#[tokio::test]
async fn faults_and_unknown_paths_speak_googles_language() {
    let emulator = emulator().await;
    let matcher = Matcher::any().host("oauth2.googleapis.com");
    emulator.faults().inject(Fault::RateLimited(RetryAfter::Seconds(7)), matcher.clone(), 1);
    emulator.faults().inject(Fault::ServerError(503), matcher, 1);
    let limited = emulator.client().post(super::stage::TOKEN, &[]).await.unwrap();
    assert_eq!((limited.status().as_u16(), header(&limited, "retry-after")), (429, Some("7")));
    assert_eq!(text(&json(&limited)["error"], "status"), "RESOURCE_EXHAUSTED");
    let down = emulator.client().post(super::stage::TOKEN, &[]).await.unwrap();
    assert_eq!((down.status().as_u16(), text(&json(&down)["error"], "status")), (503, "UNAVAILABLE"));
    assert_eq!(emulator.client().get("https://www.googleapis.com/nothing").await.unwrap().status(), 404);
}
