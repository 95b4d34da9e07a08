//! Service accounts and their assertions.

use std::time::Duration;

use jeton_emulator::Emulator;
use jeton_emulator::google_service::{Refusal, ServiceAccount};
use serde_json::{Value, json};

use super::keys::{public_pem, rs256};
use super::stage::{DRIVE, FILE, TOKEN, emulator, refused, text};

const EMAIL: &str = "robot@emulated-project.iam.gserviceaccount.com";
const ABOUT: &str = "https://www.googleapis.com/drive/v3/about?fields=user";

async fn scene() -> Emulator {
    let emulator = emulator().await;
    emulator.google_service().register_service_account(ServiceAccount::new(EMAIL, "a-key", &public_pem(0)).delegated(&[DRIVE]));
    emulator
}

/// The date as the service sees it.
fn now(emulator: &Emulator) -> u64 {
    emulator.clock().now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

fn claims(emulator: &Emulator) -> Value {
    let now = now(emulator);
    json!({ "iss": EMAIL, "aud": TOKEN, "scope": DRIVE, "iat": now, "exp": now + 3600 })
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

async fn send(emulator: &Emulator, assertion: &str) -> (u16, Value) {
    let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion)];
    let answer = emulator.client().post(TOKEN, &form).await.unwrap();
    (answer.status().as_u16(), crate::stage::json(&answer))
}

async fn sees(emulator: &Emulator, tokens: &Value) -> String {
    let answer = emulator.client().get_with_token(ABOUT, text(tokens, "access_token")).await.unwrap();
    text(&crate::stage::json(&answer)["user"], "emailAddress").to_owned()
}

#[tokio::test]
async fn a_signed_assertion_gives_an_access_token_and_no_more() {
    let emulator = scene().await;
    let (status, tokens) = send(&emulator, &rs256(0, "a-key", &claims(&emulator))).await;
    assert_eq!((status, &tokens["expires_in"], tokens.get("refresh_token")), (200, &3599.into(), None), "{tokens}");
    assert_eq!(sees(&emulator, &tokens).await, EMAIL);
}

#[tokio::test]
async fn with_delegation_it_acts_for_a_user() {
    let emulator = scene().await;
    let ada = with(claims(&emulator), "sub", json!("ada@example.com"));
    let (_, tokens) = send(&emulator, &rs256(0, "a-key", &ada)).await;
    assert_eq!(sees(&emulator, &tokens).await, "ada@example.com");
    let beyond = with(ada.clone(), "scope", json!(FILE));
    assert_eq!(send(&emulator, &rs256(0, "a-key", &beyond)).await, refused(Refusal::NotDelegated));
    assert_eq!(Refusal::NotDelegated.wire().0, 401);
    let nobody = with(ada, "sub", json!("nobody"));
    assert_eq!(send(&emulator, &rs256(0, "a-key", &nobody)).await, refused(Refusal::NotAUser));
}

#[tokio::test]
async fn assertions_of_other_keys_accounts_and_audiences_are_refused() {
    let emulator = scene().await;
    let good = claims(&emulator);
    for (assertion, refusal) in [
        (rs256(1, "a-key", &good), Refusal::JwtSignature),
        (rs256(0, "another-key", &good), Refusal::JwtSignature),
        ("nonsense".to_owned(), Refusal::JwtSignature),
        (rs256(0, "a-key", &with(good.clone(), "iss", json!("nobody@example.com"))), Refusal::AccountNotFound),
        (rs256(0, "a-key", &with(good.clone(), "aud", json!("https://example.com/token"))), Refusal::JwtAudience),
        (rs256(0, "a-key", &with(good.clone(), "scope", json!("everything"))), Refusal::InvalidScope),
    ] {
        assert_eq!(send(&emulator, &assertion).await, refused(refusal), "{assertion}");
    }
}

#[tokio::test]
async fn an_assertion_lasts_an_hour_at_most_and_is_of_now() {
    let emulator = scene().await;
    let at = now(&emulator);
    emulator.google_service().set_jwt_leeway(Duration::from_secs(60));
    for (iat, exp, good) in [
        (at, at + 3600, true),
        (at, at + 3601, false),
        (at, at, false),
        (at + 60, at + 3600, true),
        (at + 61, at + 3600, false),
        (at - 3600, at - 59, true),
        (at - 3600, at - 60, false),
    ] {
        let mut claims = claims(&emulator);
        (claims["iat"], claims["exp"]) = (json!(iat), json!(exp));
        let (status, body) = send(&emulator, &rs256(0, "a-key", &claims)).await;
        assert_eq!(status == 200, good, "{iat} {exp} {body}");
        assert!(good || (status, body) == refused(Refusal::JwtTimes));
    }
}

#[tokio::test]
async fn a_wrong_clock_of_the_client_shows_in_the_date_header() {
    let emulator = scene().await;
    let right = claims(&emulator);
    emulator.clock().set_skew(-1000);
    let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &*rs256(0, "a-key", &right))];
    let answer = emulator.client().post(TOKEN, &form).await.unwrap();
    assert_eq!((answer.status().as_u16(), crate::stage::json(&answer)), refused(Refusal::JwtTimes));
    let date = httpdate::parse_http_date(crate::stage::header(&answer, "date").unwrap()).unwrap();
    assert_eq!(date.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(), now(&emulator));
    assert_eq!(send(&emulator, &rs256(0, "a-key", &claims(&emulator))).await.0, 200);
}

#[tokio::test]
async fn a_target_audience_gives_an_id_token_alone() {
    let emulator = scene().await;
    let target = with(claims(&emulator), "target_audience", json!("https://service.example"));
    let (status, tokens) = send(&emulator, &rs256(0, "a-key", &target)).await;
    assert_eq!(status, 200);
    let claims = super::discovery::verified(&emulator, text(&tokens, "id_token"), "https://service.example").await;
    assert_eq!(text(&claims, "email"), EMAIL);
    assert_eq!(tokens.get("access_token"), None);
}
