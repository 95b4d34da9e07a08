//! Refresh tokens: they don't rotate, and die in many ways.

use std::time::Duration;

use jeton_emulator::google_service::{Client, Publishing, Refusal};

use super::stage::{BACK, DRIVE, FILE, REVOKE, USERINFO, ask, emulator, refresh, refused, text, tokens};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn issue(emulator: &jeton_emulator::Emulator, scopes: &[&str]) -> String {
    emulator.google_service().issue_tokens("web", scopes).unwrap().refresh_token.unwrap()
}

#[tokio::test]
async fn a_refresh_gives_an_access_token_and_no_refresh_token() {
    let emulator = emulator().await;
    let token = issue(&emulator, &[DRIVE]);
    for _ in 0..3 {
        let (status, body) = refresh(&emulator, &token).await;
        assert_eq!((status, body.get("refresh_token")), (200, None));
        assert!(emulator.google_service().is_live(text(&body, "access_token")));
    }
    assert_eq!(refresh(&emulator, "nonsense").await, refused(Refusal::DeadToken));
    let grant = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
    assert_eq!(ask(&emulator, "desktop", &grant).await, refused(Refusal::DeadToken));
}

#[tokio::test]
async fn a_refresh_may_ask_for_fewer_scopes_and_not_for_more() {
    let emulator = emulator().await;
    let token = issue(&emulator, &[DRIVE, "email"]);
    let asking =
        async |scope: &str| ask(&emulator, "web", &[("grant_type", "refresh_token"), ("refresh_token", &*token), ("scope", scope)]).await;
    assert_eq!(text(&asking("email").await.1, "scope"), "email");
    assert_eq!(asking(FILE).await, refused(Refusal::InvalidScope));
}

#[tokio::test]
async fn in_testing_a_refresh_token_lives_for_seven_days() {
    let emulator = emulator().await;
    let testing = Client::new("web", "a-secret").redirect_uri(BACK).publishing(Publishing::Testing);
    emulator.google_service().register_client(testing).unwrap();
    let drive = tokens(&emulator, &[DRIVE]).await;
    let identity = tokens(&emulator, &["openid", "email", "profile"]).await;
    assert_eq!(drive["refresh_token_expires_in"], 604_800);
    assert_eq!(identity.get("refresh_token_expires_in"), None);
    let drive = text(&drive, "refresh_token");
    emulator.clock().advance(7 * DAY - Duration::from_secs(1));
    assert_eq!(refresh(&emulator, drive).await.0, 200);
    emulator.clock().advance(Duration::from_secs(1));
    assert_eq!(refresh(&emulator, drive).await, refused(Refusal::DeadToken));
    assert_eq!(refresh(&emulator, text(&identity, "refresh_token")).await.0, 200);
}

#[tokio::test]
async fn access_for_a_time_ends_with_it() {
    let emulator = emulator().await;
    let timed = Client::new("web", "a-secret").redirect_uri(BACK).access_for(DAY);
    emulator.google_service().register_client(timed).unwrap();
    let tokens = tokens(&emulator, &[DRIVE]).await;
    assert_eq!(tokens["refresh_token_expires_in"], 86_400);
    emulator.clock().advance(DAY);
    assert_eq!(refresh(&emulator, text(&tokens, "refresh_token")).await, refused(Refusal::DeadToken));
}

#[tokio::test]
async fn a_refresh_token_that_is_not_used_for_half_a_year_dies() {
    let emulator = emulator().await;
    let [used, left] = [issue(&emulator, &[DRIVE]), issue(&emulator, &[DRIVE])];
    emulator.clock().advance(179 * DAY);
    assert_eq!(refresh(&emulator, &used).await.0, 200);
    emulator.clock().advance(DAY);
    assert_eq!(refresh(&emulator, &used).await.0, 200);
    assert_eq!(refresh(&emulator, &left).await, refused(Refusal::DeadToken));
}

#[tokio::test]
async fn the_oldest_of_too_many_refresh_tokens_dies_without_a_word() {
    let emulator = emulator().await;
    let first = issue(&emulator, &[DRIVE]);
    let second = issue(&emulator, &[DRIVE]);
    (0..98).for_each(|_| drop(issue(&emulator, &[DRIVE])));
    assert!(emulator.google_service().is_live(&first));
    issue(&emulator, &[DRIVE]);
    assert_eq!(refresh(&emulator, &first).await, refused(Refusal::DeadToken));
    assert_eq!(emulator.google_service().live_refresh_tokens(), 100);
    emulator.google_service().set_refresh_token_limit(50);
    issue(&emulator, &[DRIVE]);
    assert!(!emulator.google_service().is_live(&second));
    assert_eq!(emulator.google_service().live_refresh_tokens(), 50);
    emulator.google_service().issue_tokens("desktop", &[DRIVE]).unwrap();
    assert_eq!(emulator.google_service().live_refresh_tokens(), 51, "the limit is each client's own");
}

#[tokio::test]
async fn a_session_policy_wants_a_fresh_sign_in() {
    let emulator = emulator().await;
    let token = issue(&emulator, &[DRIVE]);
    emulator.google_service().set_reauth_required(true);
    let (status, body) = refresh(&emulator, &token).await;
    assert_eq!((status, text(&body, "error"), text(&body, "error_subtype")), (400, "invalid_grant", "invalid_rapt"));
    emulator.google_service().set_reauth_required(false);
    assert_eq!(refresh(&emulator, &token).await.0, 200);
}

#[tokio::test]
async fn a_new_password_ends_tokens_for_mail_only() {
    let emulator = emulator().await;
    let [mail, drive] = [issue(&emulator, &["https://mail.google.com/"]), issue(&emulator, &[DRIVE])];
    assert_eq!(emulator.google_service().change_password("ada@example.com"), 1);
    assert_eq!(refresh(&emulator, &mail).await, refused(Refusal::DeadToken));
    assert_eq!(refresh(&emulator, &drive).await.0, 200);
}

#[tokio::test]
async fn revoking_any_token_ends_the_users_whole_grant_of_the_project() {
    let emulator = emulator().await;
    emulator.google_service().register_client(Client::new("elsewhere", "s").project("another")).unwrap();
    for (by_refresh, with_get) in [(true, false), (false, false), (true, true)] {
        let one = emulator.google_service().issue_tokens("web", &[DRIVE, "openid"]).unwrap();
        let sibling = emulator.google_service().issue_tokens("desktop", &[DRIVE]).unwrap();
        let stranger = emulator.google_service().issue_tokens("elsewhere", &[DRIVE]).unwrap();
        let token = if by_refresh { one.refresh_token.clone().unwrap() } else { one.access_token.clone() };
        let answer = if with_get {
            emulator.client().get(&format!("{REVOKE}?token={token}")).await.unwrap()
        } else {
            emulator.client().post(REVOKE, &[("token", &token)]).await.unwrap()
        };
        assert_eq!(answer.status(), 200);
        for dead in [&one.access_token, one.refresh_token.as_ref().unwrap(), &sibling.access_token, sibling.refresh_token.as_ref().unwrap()]
        {
            assert!(!emulator.google_service().is_live(dead), "{dead}");
        }
        assert!(emulator.google_service().is_live(stranger.refresh_token.as_ref().unwrap()));
        assert_eq!(emulator.client().get_with_token(USERINFO, &one.access_token).await.unwrap().status(), 401);
        let again = emulator.client().post(REVOKE, &[("token", &token)]).await.unwrap();
        assert_eq!((again.status().as_u16(), text(&crate::stage::json(&again), "error")), (400, "invalid_token"));
    }
}
