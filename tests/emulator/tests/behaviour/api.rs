//! The API's answers to good and bad tokens.

use std::time::Duration;

use jeton_emulator::{App, Emulator, ExpiredError};

use crate::stage::{ME, emulator, header, json, tokens};

const ITEMS: &str = "https://api.box.com/2.0/folders/0/items";

#[tokio::test]
async fn a_live_token_sees_its_user_and_the_root_folder() {
    let emulator = emulator().await;
    let token = tokens(&emulator).access_token;
    let me = json(&emulator.client().get_with_token(ME, &token).await.unwrap());
    assert_eq!((me["type"].as_str(), me["login"].as_str()), (Some("user"), Some("ada@example.com")));
    let items = json(&emulator.client().get_with_token(ITEMS, &token).await.unwrap());
    assert_eq!(items["total_count"], 2);
    assert_eq!(items["entries"][0]["type"], "folder");
}

#[tokio::test]
async fn files_are_taken_by_a_host_of_their_own() {
    let emulator = emulator().await;
    let token = tokens(&emulator).access_token;
    for (host, status) in [("upload.box.com/api", 201), ("api.box.com", 404)] {
        let request = http::Request::post(format!("https://{host}/2.0/files/content")).header("authorization", format!("Bearer {token}"));
        assert_eq!(emulator.client().send(request.body(bytes::Bytes::new()).unwrap()).await.unwrap().status(), status, "{host}");
    }
}

#[tokio::test]
async fn a_401_has_an_empty_body_and_says_why_in_its_header() {
    let emulator = emulator().await;
    let pair = tokens(&emulator);
    let invalid = r#"Bearer realm="Service", error="invalid_token", error_description="The access token provided is invalid.""#;
    let expired = r#"Bearer realm="Service", error="invalid_token", error_description="The access token provided has expired.""#;
    assert_eq!(challenge(&emulator, "nonsense").await, invalid);
    assert_eq!(challenge(&emulator, &pair.refresh_token).await, invalid);
    emulator.clock().advance(Duration::from_secs(3600));
    assert_eq!(challenge(&emulator, &pair.access_token).await, expired);
    emulator.box_service().set_expired_error(ExpiredError::ExpiredToken);
    assert_eq!(challenge(&emulator, &pair.access_token).await, expired.replace("invalid_token", "expired_token"));
    assert_eq!(challenge(&emulator, "nonsense").await, invalid);

    let answer = emulator.client().get(ME).await.unwrap();
    assert_eq!((answer.status().as_u16(), header(&answer, "www-authenticate")), (401, Some(r#"Bearer realm="Service""#)));
}

#[tokio::test]
async fn access_tokens_can_be_made_to_expire() {
    let emulator = emulator().await;
    let [one, two, three] = [tokens(&emulator), tokens(&emulator), tokens(&emulator)];
    assert!(emulator.box_service().expire_token(&one.access_token));
    assert!(!emulator.box_service().expire_token(&one.access_token));
    assert!(challenge(&emulator, &one.access_token).await.contains("has expired"));
    assert!(emulator.box_service().is_live(&one.refresh_token));
    assert_eq!(emulator.box_service().expire_access_tokens(), 2);
    assert!(!emulator.box_service().is_live(&two.access_token) && !emulator.box_service().is_live(&three.access_token));
    assert!(emulator.box_service().expire_token(&two.refresh_token) && !emulator.box_service().is_live(&two.refresh_token));
}

#[tokio::test]
async fn a_token_without_the_scope_gets_403_in_the_api_error_shape() {
    let emulator = emulator().await;
    emulator.box_service().register_app(App::new("groups", "s").scopes(&["manage_groups"])).unwrap();
    let token = emulator.box_service().issue_tokens("groups").unwrap().access_token;
    let answer = emulator.client().get_with_token(ITEMS, &token).await.unwrap();
    assert_eq!(answer.status(), 403);
    assert!(header(&answer, "www-authenticate").unwrap().contains(r#"error="insufficient_scope""#));
    let body = json(&answer);
    assert_eq!((body["type"].as_str(), body["status"].as_u64()), (Some("error"), Some(403)));
    assert_eq!(body["code"], "insufficient_scope");
    for member in ["message", "help_url", "request_id"] {
        assert!(body[member].is_string(), "{member}");
    }
    assert_eq!(emulator.client().get_with_token(ME, &token).await.unwrap().status(), 200);
}

#[tokio::test]
async fn too_many_calls_in_a_minute_get_429_until_the_next() {
    let emulator = emulator().await;
    emulator.clock().freeze();
    emulator.box_service().set_api_limit(Some(2));
    let token = tokens(&emulator).access_token;
    let call = async || emulator.client().get_with_token(ME, &token).await.unwrap();
    assert_eq!([call().await.status(), call().await.status()], [200, 200]);
    let refused = call().await;
    assert_eq!((refused.status().as_u16(), json(&refused)["code"].as_str()), (429, Some("rate_limit_exceeded")));
    let seconds = header(&refused, "retry-after").unwrap().parse().unwrap();
    emulator.clock().advance(Duration::from_secs(seconds));
    assert_eq!(call().await.status(), 200);
}

#[tokio::test]
async fn other_paths_get_404_in_the_api_error_shape() {
    let emulator = emulator().await;
    for url in ["https://api.box.com/2.0/nothing", "https://upload.box.com/api/2.0/nothing", "https://account.box.com/"] {
        let answer = emulator.client().get(url).await.unwrap();
        assert_eq!((answer.status().as_u16(), json(&answer)["code"].as_str()), (404, Some("not_found")), "{url}");
    }
}

async fn challenge(emulator: &Emulator, token: &str) -> String {
    let answer = emulator.client().get_with_token(ME, token).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().len()), (401, 0));
    header(&answer, "www-authenticate").unwrap().to_owned()
}
