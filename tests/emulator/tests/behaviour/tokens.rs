//! The token endpoint: what it answers, and every text with which it refuses.

use std::time::Duration;

use http::Request;
use jeton_emulator::{App, AppState, Decision, Emulator, Options, Refusal};

use crate::stage::{AUTHORIZE, TOKEN, ask, emulator, header, json, parameter, redeem, refresh, refused, started, tokens};

async fn code(emulator: &Emulator) -> String {
    parameter(&emulator.consent(AUTHORIZE, Decision::Grant).await.unwrap(), "code").unwrap()
}

#[tokio::test]
async fn a_code_gives_tokens_in_the_documented_shape() {
    let emulator = emulator().await;
    let code = code(&emulator).await;
    let form = [("grant_type", "authorization_code"), ("code", &*code), ("client_id", "an-app"), ("client_secret", "a-secret")];
    let answer = emulator.client().post(TOKEN, &form).await.unwrap();
    assert_eq!((header(&answer, "content-type"), header(&answer, "cache-control")), (Some("application/json"), Some("no-store")));
    let body = json(&answer);
    assert_eq!(body["expires_in"], 3600);
    assert_eq!(body["token_type"], "bearer");
    assert_eq!(body["restricted_to"], serde_json::json!([]));
    assert!(body["access_token"].as_str().unwrap().starts_with("emulated-access-000001-"));
    assert!(body["refresh_token"].as_str().unwrap().starts_with("emulated-refresh-000001-"));
    assert_eq!(body.as_object().unwrap().len(), 5);
}

#[tokio::test]
async fn a_code_works_once_within_thirty_seconds_and_for_its_own_client() {
    let emulator = emulator().await;
    emulator.clock().freeze();
    emulator.box_service().register_app(App::new("other", "s")).unwrap();
    let unknown = refused("invalid_grant", "Auth code doesn't exist or is invalid for the client");

    let first = code(&emulator).await;
    let stolen = [("grant_type", "authorization_code"), ("code", &*first), ("client_id", "other"), ("client_secret", "s")];
    let answer = emulator.client().post(TOKEN, &stolen).await.unwrap();
    assert_eq!((answer.status().as_u16(), json(&answer)), unknown);
    emulator.clock().advance(Duration::from_secs(30));
    assert_eq!(redeem(&emulator, &first).await.0, 200);
    assert_eq!(redeem(&emulator, &first).await, unknown);

    let second = code(&emulator).await;
    emulator.clock().advance(Duration::from_secs(31));
    assert_eq!(redeem(&emulator, &second).await, refused("invalid_grant", "The authorization code has expired"));
    assert_eq!(redeem(&emulator, "nonsense").await, unknown);
}

#[tokio::test]
async fn refusals_have_the_texts_of_the_catalogue() {
    let emulator = emulator().await;
    emulator.clock().freeze();
    let [used, old] = [tokens(&emulator), tokens(&emulator)];
    assert_eq!(refresh(&emulator, &used.refresh_token).await.0, 200);
    let expired = refused("invalid_grant", "Refresh token has expired");
    assert_eq!(refresh(&emulator, &used.refresh_token).await, expired);
    emulator.clock().advance(Duration::from_secs(60 * 24 * 3600));
    assert_eq!(refresh(&emulator, &old.refresh_token).await, expired);
    assert_eq!(refresh(&emulator, "garbled").await, refused("invalid_grant", "Invalid refresh token"));

    let missing = refused("invalid_request", "Invalid grant_type parameter or parameter missing");
    assert_eq!(ask(&emulator, &[]).await, missing);
    assert_eq!(ask(&emulator, &[("grant_type", "password")]).await, missing);
    assert_eq!(ask(&emulator, &[("grant_type", "refresh_token")]).await, missing);
    assert_eq!(ask(&emulator, &[("grant_type", "authorization_code"), ("code", "")]).await, missing);

    let not_allowed = refused("unauthorized_client", "The grant type is unauthorized for this client_id");
    let jwt = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    for grant in ["client_credentials", jwt] {
        assert_eq!(ask(&emulator, &[("grant_type", grant)]).await, not_allowed);
    }
    assert_eq!(ask(&emulator, &[("grant_type", exchange)]).await, missing);
}

#[tokio::test]
async fn the_client_is_known_by_its_body_only() {
    let emulator = emulator().await;
    let invalid = refused("invalid_client", "The client credentials are invalid");
    let refresh_token = tokens(&emulator).refresh_token;
    let grant = [("grant_type", "refresh_token"), ("refresh_token", &*refresh_token)];
    for client in [
        vec![("client_id", "an-app"), ("client_secret", "wrong")],
        vec![("client_id", "unknown"), ("client_secret", "a-secret")],
        vec![("client_id", "an-app")],
        vec![],
    ] {
        let answer = emulator.client().post(TOKEN, &[&grant[..], &client[..]].concat()).await.unwrap();
        assert_eq!((answer.status().as_u16(), json(&answer)), invalid, "{client:?}");
    }
    let basic = Request::post(TOKEN)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", "Basic YW4tYXBwOmEtc2VjcmV0")
        .body(format!("grant_type=refresh_token&refresh_token={refresh_token}").into());
    let answer = emulator.client().send(basic.unwrap()).await.unwrap();
    assert_eq!((answer.status().as_u16(), json(&answer)), invalid);
    assert!(emulator.box_service().is_live(&refresh_token));
}

#[tokio::test]
async fn a_parameter_sent_twice_is_refused() {
    let emulator = emulator().await;
    let token = tokens(&emulator).refresh_token;
    let form = [("grant_type", "refresh_token"), ("refresh_token", &*token), ("refresh_token", &*token)];
    let (status, body) = ask(&emulator, &form).await;
    assert_eq!((status, &body["error"]), (400, &serde_json::json!("invalid_request")));
    assert!(emulator.box_service().is_live(&token));
}

#[tokio::test]
async fn the_state_of_the_app_decides_before_the_grant_does() {
    let emulator = emulator().await;
    let token = tokens(&emulator).refresh_token;
    let admin = refused("unauthorized_client", "This app is not authorized by the enterprise admin");
    for (state, expected) in [
        (AppState::NotAuthorizedByAdmin, admin.clone()),
        (AppState::NeedsReauthorization, admin),
        (AppState::GrantNotAllowed, refused("unauthorized_client", "The grant type is unauthorized for this client_id")),
        (
            AppState::EnterpriseMismatch,
            refused("invalid_request", "Cannot obtain token based on the enterprise configuration for your app"),
        ),
        (AppState::NoPublicKey, refused("unauthorized_client", "This app is not configured properly. No public key(s) added")),
    ] {
        assert!(emulator.box_service().set_app_state("an-app", state));
        assert_eq!(refresh(&emulator, &token).await, expected);
    }
    assert!(emulator.box_service().set_app_state("an-app", AppState::Active));
    assert_eq!(refresh(&emulator, &token).await.0, 200);
    assert!(!emulator.box_service().set_app_state("unknown", AppState::Active));
}

#[tokio::test]
async fn every_refusal_can_be_ordered() {
    let emulator = emulator().await;
    let token = tokens(&emulator).refresh_token;
    for refusal in Refusal::ALL {
        emulator.box_service().refuse_next(refusal);
        assert_eq!(refresh(&emulator, &token).await, refused(refusal.error(), refusal.description()));
    }
    assert_eq!(refresh(&emulator, &token).await.0, 200);
}

#[tokio::test]
async fn the_old_address_of_the_token_endpoint_works_and_get_does_not() {
    let emulator = emulator().await;
    let token = tokens(&emulator).refresh_token;
    let form = [("grant_type", "refresh_token"), ("refresh_token", &*token), ("client_id", "an-app"), ("client_secret", "a-secret")];
    assert_eq!(emulator.client().post("https://app.box.com/api/oauth2/token", &form).await.unwrap().status(), 200);
    assert_eq!(emulator.client().get(TOKEN).await.unwrap().status(), 405);
    assert_eq!(emulator.client().post_json(TOKEN, r#"{"grant_type":"refresh_token"}"#).await.unwrap().status(), 400);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_tokens() {
    let [one, same, other] = [7, 7, 8].map(|seed| Options { seed, ..Options::default() });
    let (one, same, other) = (started(one).await, started(same).await, started(other).await);
    let issued = tokens(&one);
    assert_eq!(issued, tokens(&same));
    assert_ne!(issued, tokens(&other));
}
