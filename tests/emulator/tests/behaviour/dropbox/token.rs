//! The token endpoint.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Request;
use serde_json::{Value, json};

use super::{CHALLENGE, REDIRECT, TOKEN, VERIFIER, app, ask, code, redeem, refresh, with};
use crate::stage::{json as body, text};

#[tokio::test]
async fn offline_gives_a_refresh_token_and_online_does_not() {
    let emulator = with(app()).await;
    let (status, offline) = redeem(&emulator, &code(&emulator, "&token_access_type=offline").await).await;
    assert_eq!((status, &offline["expires_in"], &offline["token_type"]), (200, &json!(14400), &json!("bearer")));
    assert_eq!((&offline["uid"], &offline["account_id"]), (&json!("1000000001"), &json!("dbid:AAEmulated1000000001")));
    assert!(offline["refresh_token"].is_string());
    let (_, online) = redeem(&emulator, &code(&emulator, "&token_access_type=online").await).await;
    assert_eq!((online.get("refresh_token"), &online["expires_in"]), (None, &json!(14400)));
    let (_, absent) = redeem(&emulator, &code(&emulator, "").await).await;
    assert_eq!(absent.get("refresh_token"), None);
}

#[tokio::test]
async fn a_legacy_token_neither_expires_nor_refreshes_also_through_the_first_version() {
    let emulator = with(app().legacy()).await;
    for authorize in ["oauth2/authorize", "1/oauth2/authorize"] {
        let url = format!("https://www.dropbox.com/{authorize}?response_type=code&client_id=a-key&redirect_uri={REDIRECT}");
        let back = emulator.consent(&url, jeton_emulator::Decision::Grant).await.unwrap();
        let code = crate::stage::parameter(&back, "code").unwrap();
        let body_text = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", REDIRECT)])
            .finish();
        let request = Request::post("https://api.dropbox.com/1/oauth2/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", format!("Basic {}", STANDARD.encode("a-key:a-secret")));
        let tokens = body(&emulator.client().send(request.body(body_text.into()).unwrap()).await.unwrap());
        assert_eq!((tokens.get("expires_in"), tokens.get("refresh_token")), (None, None));
        emulator.clock().advance(Duration::from_secs(10 * 365 * 24 * 3600));
        assert!(emulator.dropbox_service().is_live(tokens["access_token"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn a_refresh_token_stays_and_its_answers_have_three_members() {
    let emulator = with(app()).await;
    let (_, token) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    for _ in 0..3 {
        let (status, tokens) = refresh(&emulator, &token, &[]).await;
        assert_eq!((status, tokens.as_object().unwrap().len(), &tokens["expires_in"]), (200, 3, &json!(14400)));
        emulator.clock().advance(Duration::from_secs(400 * 24 * 3600));
    }
    let (_, narrow) = refresh(&emulator, &token, &[("scope", "account_info.read")]).await;
    assert_eq!(narrow["scope"], "account_info.read");
    assert_eq!(refresh(&emulator, &token, &[("scope", "files.content.write")]).await.1["error"], "invalid_scope");
}

#[tokio::test]
async fn with_pkce_no_secret_is_needed_now_or_later() {
    let emulator = with(app()).await;
    let pkce = format!("&code_challenge={CHALLENGE}&code_challenge_method=S256&token_access_type=offline");
    let redeem = async |code: &str, more: &[(&str, &str)]| {
        let form = [("grant_type", "authorization_code"), ("code", code), ("client_id", "a-key"), ("redirect_uri", REDIRECT)];
        ask(&emulator, &[&form[..], more].concat()).await
    };
    let (status, tokens) = redeem(&code(&emulator, &pkce).await, &[("code_verifier", VERIFIER)]).await;
    assert_eq!(status, 200);
    let token = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "a-key")];
    assert_eq!(ask(&emulator, &form).await.0, 200);

    assert_eq!(redeem(&code(&emulator, &pkce).await, &[("code_verifier", CHALLENGE)]).await.1["error"], "invalid_grant");
    assert_eq!(redeem(&code(&emulator, &pkce).await, &[]).await.1["error"], "invalid_grant");
    assert_eq!(redeem(&code(&emulator, "").await, &[]).await.1["error"], "invalid_client");
    let (_, secret_only) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", &*secret_only), ("client_id", "a-key")];
    assert_eq!(ask(&emulator, &form).await.1["error"], "invalid_client");
}

#[tokio::test]
async fn the_secret_comes_in_the_header_or_in_the_body_and_never_in_both() {
    let emulator = with(app()).await;
    let (_, token) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    for (secret, in_body, status) in
        [("a-secret", "", 200), ("wrong", "", 400), ("a-secret", "&client_id=a-key&client_secret=a-secret", 400)]
    {
        let request = Request::post(TOKEN)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", format!("Basic {}", STANDARD.encode(format!("a-key:{secret}"))))
            .body(format!("grant_type=refresh_token&refresh_token={token}{in_body}").into());
        assert_eq!(emulator.client().send(request.unwrap()).await.unwrap().status(), status, "{secret} {in_body}");
    }
}

#[tokio::test]
async fn parameters_may_stand_in_the_query() {
    let emulator = with(app()).await;
    let (_, token) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    let query = format!("grant_type=refresh_token&refresh_token={token}&client_id=a-key&client_secret=a-secret");
    assert_eq!(emulator.client().post(&format!("{TOKEN}?{query}"), &[]).await.unwrap().status(), 200);
    let twice = emulator.client().post(&format!("{TOKEN}?{query}"), &[("client_id", "a-key")]).await.unwrap();
    assert_eq!(body(&twice)["error"], "invalid_request");
}

#[tokio::test]
async fn refusals_are_json_with_spaces_and_have_the_known_texts() {
    let emulator = with(app()).await;
    let answer = emulator.client().post(TOKEN, &[("client_id", "unknown"), ("grant_type", "refresh_token")]).await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(text(&answer).starts_with("{\"error\": \"invalid_client\", \"error_description\": \""), "{}", text(&answer));
    let said = |answer: (u16, Value)| (answer.0, answer.1["error"].clone(), answer.1["error_description"].clone());
    let bad = |text: &str| (400, json!("invalid_grant"), json!(text));
    assert_eq!(said(refresh(&emulator, "nonsense", &[]).await), bad("refresh token is malformed"));
    assert_eq!(said(redeem(&emulator, "nonsense").await), bad("code doesn't exist or has expired"));
    let code = code(&emulator, "").await;
    assert_eq!(redeem(&emulator, &code).await.0, 200);
    assert_eq!(said(redeem(&emulator, &code).await), bad("code doesn't exist or has expired"));
    let (_, token) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    let grant = [("client_id", "a-key"), ("client_secret", "a-secret"), ("grant_type", "password"), ("refresh_token", &token)];
    assert_eq!(ask(&emulator, &grant).await.1["error"], "unsupported_grant_type");
}

#[tokio::test]
async fn the_code_needs_the_redirect_uri_of_its_request() {
    let emulator = with(app().redirect_uri("https://app.example/")).await;
    let code = code(&emulator, "").await;
    let form = [("grant_type", "authorization_code"), ("code", &*code), ("client_id", "a-key"), ("client_secret", "a-secret")];
    let other = [&form[..], &[("redirect_uri", "https://app.example/")]].concat();
    assert_eq!(ask(&emulator, &other).await.1["error_description"], "redirect_uri mismatch");
}

#[tokio::test]
async fn openid_gives_an_id_token() {
    let emulator = with(app().scopes(&["openid", "email"])).await;
    let (_, tokens) = redeem(&emulator, &code(&emulator, "&nonce=n1").await).await;
    let claims = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!((&claims["aud"], &claims["nonce"], &claims["sub"]), (&json!("a-key"), &json!("n1"), &tokens["account_id"]));
}
