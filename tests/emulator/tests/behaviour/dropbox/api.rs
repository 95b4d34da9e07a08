//! The API's answers, and each of its error forms.

use std::time::Duration;

use jeton_emulator::dropbox_service::{ApiTag, Busy};
use jeton_emulator::{Fault, Matcher, RetryAfter};
use serde_json::json;

use super::{app, call, refresh, tag, with};
use crate::stage::{header, json as body, text};

const ME: &str = "users/get_current_account";

#[tokio::test]
async fn an_account_is_read_with_null_or_with_no_body_and_never_with_an_empty_json_body() {
    let emulator = with(app()).await;
    let (token, _) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    for good in [Some("null"), None] {
        let me = call(&emulator, ME, &token, good, &[]).await;
        assert_eq!(body(&me)["email"], "ada@example.com");
        assert!(header(&me, "x-dropbox-request-id").is_some());
    }
    let bad = call(&emulator, ME, &token, Some(""), &[]).await;
    assert_eq!((bad.status().as_u16(), header(&bad, "content-type")), (400, Some("text/plain; charset=utf-8")));
    let form = call(&emulator, ME, &token, None, &[("content-type", "application/x-www-form-urlencoded")]).await;
    assert_eq!(form.status(), 400);
    assert_eq!(body(&call(&emulator, "check/user", &token, Some(r#"{"query":"foo"}"#), &[]).await), json!({ "result": "foo" }));
}

#[tokio::test]
async fn a_401_names_its_reason_in_a_tag_and_a_summary_with_dots() {
    let emulator = with(app().scopes(&["files.metadata.read"])).await;
    let (token, _) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    assert_eq!(tag(&call(&emulator, ME, "nonsense", None, &[]).await), (401, "invalid_access_token".to_owned()));
    let missing = call(&emulator, ME, &token, None, &[]).await;
    assert_eq!(tag(&missing), (401, "missing_scope".to_owned()));
    assert_eq!(body(&missing)["error"]["required_scope"], "account_info.read");
    emulator.dropbox_service().refuse_next_call(ApiTag::UserSuspended);
    assert_eq!(tag(&call(&emulator, ME, &token, None, &[]).await), (401, "user_suspended".to_owned()));
    emulator.clock().advance(Duration::from_secs(14400));
    let mut summaries = std::collections::BTreeSet::new();
    for _ in 0..30 {
        let expired = call(&emulator, ME, &token, None, &[]).await;
        assert_eq!(tag(&expired), (401, "expired_access_token".to_owned()));
        summaries.insert(body(&expired)["error_summary"].as_str().unwrap().to_owned());
    }
    assert!(summaries.len() > 1 && summaries.iter().all(|summary| summary.starts_with("expired_access_token/.")), "{summaries:?}");
}

#[tokio::test]
async fn a_malformed_authorization_is_refused_in_text() {
    let emulator = with(app()).await;
    for header_value in ["Basic eDp5", "Bearer", "Bearer a b"] {
        let request = http::Request::post("https://api.dropboxapi.com/2/users/get_current_account").header("authorization", header_value);
        let answer = emulator.client().send(request.body(bytes::Bytes::new()).unwrap()).await.unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "content-type")), (400, Some("text/plain; charset=utf-8")), "{header_value}");
    }
}

#[tokio::test]
async fn an_endpoints_own_errors_are_409() {
    let emulator = with(app()).await;
    let (token, _) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    let answer = call(&emulator, "files/list_folder", &token, Some(r#"{"path":"/nowhere"}"#), &[]).await;
    assert_eq!(tag(&answer), (409, "path".to_owned()));
    assert_eq!(body(&answer)["error"]["path"][".tag"], "not_found");
}

#[tokio::test]
async fn an_app_with_a_folder_of_its_own_sees_that_as_its_root() {
    for (app, entries) in [(app(), 2), (app().app_folder(), 0)] {
        let emulator = with(app).await;
        let (token, _) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
        let root = call(&emulator, "files/list_folder", &token, Some(r#"{"path":""}"#), &[]).await;
        assert_eq!(body(&root)["entries"].as_array().unwrap().len(), entries);
    }
}

#[tokio::test]
async fn too_many_calls_get_429_in_json_or_in_text_until_the_next_minute() {
    let emulator = with(app()).await;
    let (token, _) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    for form in [Busy::Json, Busy::Text] {
        emulator.dropbox_service().set_api_limit(Some(1), form);
        assert_eq!(call(&emulator, ME, &token, None, &[]).await.status(), 200);
        let refused = call(&emulator, ME, &token, None, &[]).await;
        assert_eq!(refused.status(), 429);
        let seconds: u64 = header(&refused, "retry-after").unwrap().parse().unwrap();
        if form == Busy::Json {
            let error = &body(&refused)["error"];
            assert_eq!((&error["reason"][".tag"], &error["retry_after"]), (&json!("too_many_requests"), &json!(seconds)));
        } else {
            assert_eq!(text(&refused), "Too many requests.\n");
        }
        emulator.clock().advance(Duration::from_secs(seconds));
    }
}

#[tokio::test]
async fn faults_have_dropboxs_shape() {
    let emulator = with(app()).await;
    emulator.faults().inject(Fault::RateLimited(RetryAfter::Seconds(5)), Matcher::any(), 1);
    let busy = call(&emulator, ME, "x", None, &[]).await;
    assert_eq!((header(&busy, "retry-after"), &body(&busy)["error"]["reason"][".tag"]), (Some("5"), &json!("too_many_requests")));
    emulator.faults().inject(Fault::ServerError(503), Matcher::any(), 1);
    let down = call(&emulator, ME, "x", None, &[]).await;
    assert_eq!((down.status().as_u16(), header(&down, "content-type")), (503, Some("text/plain; charset=utf-8")));
    assert!(header(&down, "x-dropbox-request-id").is_some());
}

#[tokio::test]
async fn revoking_an_access_token_kills_its_refresh_token_and_its_siblings() {
    let emulator = with(app()).await;
    for with_null in [Some("null"), None] {
        let (token, refresh_token) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
        let (other, _) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
        let sibling = refresh(&emulator, &refresh_token, &[]).await.1["access_token"].as_str().unwrap().to_owned();
        assert_eq!(call(&emulator, "auth/token/revoke", &token, with_null, &[]).await.status(), 200);
        assert_eq!(tag(&call(&emulator, ME, &sibling, None, &[]).await).1, "invalid_access_token");
        let dead = refresh(&emulator, &refresh_token, &[]).await;
        assert_eq!((dead.0, &dead.1["error_description"]), (400, &json!("refresh token is invalid or revoked")));
        assert!(emulator.dropbox_service().is_live(&other));
    }
}

#[tokio::test]
async fn a_download_has_its_arguments_in_a_header() {
    let emulator = with(app().scopes(&["files.content.read"])).await;
    let (token, _) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    for (argument, status, says) in [
        (r#"{"path":"/letters/notes.txt"}"#, 200, "On the engine.\n"),
        (r#"{"path":"/nowhere"}"#, 409, "path/not_found/."),
        ("nonsense", 400, "Dropbox-API-Arg"),
    ] {
        let request = http::Request::post("https://content.dropboxapi.com/2/files/download").header("dropbox-api-arg", argument);
        let request = request.header("authorization", format!("Bearer {token}")).body(bytes::Bytes::new()).unwrap();
        let answer = emulator.client().send(request).await.unwrap();
        assert_eq!(answer.status(), status, "{argument}");
        assert!(text(&answer).contains(says), "{argument}: {}", text(&answer));
    }
}

#[tokio::test]
async fn an_app_checks_itself_with_key_and_secret() {
    let emulator = with(app()).await;
    for (encoded, status) in [("YS1rZXk6YS1zZWNyZXQ=", 200), ("YS1rZXk6d3Jvbmc=", 400)] {
        let request = http::Request::post("https://api.dropboxapi.com/2/check/app")
            .header("authorization", format!("Basic {encoded}"))
            .header("content-type", "application/json");
        let answer = emulator.client().send(request.body(r#"{"query":"foo"}"#.into()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), status);
    }
}

#[tokio::test]
async fn userinfo_needs_openid() {
    let emulator = with(app().scopes(&["openid"])).await;
    let (token, _) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    assert_eq!(body(&call(&emulator, "openid/userinfo", &token, None, &[]).await)["email"], "ada@example.com");
    let emulator = with(app()).await;
    let (token, _) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    assert_eq!(body(&call(&emulator, "openid/userinfo", &token, None, &[]).await)["error"]["required_scope"], "openid");
}
