//! `refresh` and `revoke`: what is sent, and what a good answer becomes.

use std::time::Duration;

use jeton_runtime::{CurrentTokens, ErrorKind, Remedy};

use crate::service::Service;
use crate::{box_at, client, current, refused};

const CLIENT_FORM: &str = "client_id=app+1%26x&client_secret=client%3Dsecret%2B1";

#[tokio::test]
async fn a_refresh_sends_the_documented_form_and_takes_the_tokens_out_of_the_answer() {
    let body = r#"{"access_token":"a-2","refresh_token":"r-2","expires_in":4161,"scope":"root_readonly","token_type":"bearer",
        "refresh_token_expires_in":5184000,"restricted_to":[]}"#;
    let service = Service::always(200, &[("content-type", "application/json")], body);
    let tokens = box_at(&service).await.refresh(&client(), &current()).await.unwrap();
    assert_eq!((tokens.access.kind(), tokens.access.reveal()), ("access-token", &b"a-2"[..]));
    let refresh = tokens.refresh.unwrap();
    assert_eq!((refresh.kind(), refresh.reveal()), ("refresh-token", &b"r-2"[..]));
    assert_eq!((tokens.expires_in, tokens.refresh_expires_in), (Some(Duration::from_secs(4161)), Some(Duration::from_secs(5_184_000))));
    assert_eq!((tokens.scope.as_deref(), tokens.id_token.is_none(), tokens.extras.len()), (Some("root_readonly"), true, 0));
    let sent = service.only();
    assert_eq!(sent.line, "POST https://api.box.com/oauth2/token");
    assert_eq!(sent.body, format!("grant_type=refresh_token&{CLIENT_FORM}&refresh_token=r5t9+kqx%26w2z7"));
    let mut headers: Vec<_> = sent.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    headers.sort();
    assert_eq!(headers, ["accept: application/json", "content-type: application/x-www-form-urlencoded"]);
}

#[tokio::test]
async fn an_answer_without_a_refresh_token_lets_the_old_one_go_on() {
    let tokens = box_at(&Service::always(200, &[], r#"{"access_token":"a-2"}"#)).await.refresh(&client(), &current()).await.unwrap();
    assert!(tokens.refresh.is_none() && tokens.expires_in.is_none() && tokens.scope.is_none());
}

#[tokio::test]
async fn without_a_refresh_token_the_person_signs_in_again_and_box_is_not_asked() {
    let provider = box_at(&Service::silent()).await;
    let none = CurrentTokens { refresh: None, ..current() };
    let error = refused(provider.refresh(&client(), &none).await);
    assert_eq!((error.kind, error.kind.remedy()), (ErrorKind::InvalidGrant, Remedy::SignIn));
    assert_eq!(error.description.as_deref(), Some("This connection has no refresh token"));
}

#[tokio::test]
async fn a_success_without_an_access_token_is_an_error_that_says_so() {
    for body in [
        "{}",
        "",
        "[]",
        "null",
        "<html>access_token=a</html>",
        r#"{"access_token":""}"#,
        r#"{"access_token":null}"#,
        r#"{"access_token":"a"#,
    ] {
        let error = refused(box_at(&Service::always(200, &[], body)).await.refresh(&client(), &current()).await);
        assert_eq!(error.kind, ErrorKind::Other, "{body}");
        assert_eq!(error.description.as_deref(), Some("The service answered the token request without an access_token"), "{body}");
    }
}

#[tokio::test]
async fn a_revocation_names_the_refresh_token_or_else_the_access_token() {
    let access_only = CurrentTokens { refresh: None, ..current() };
    for (tokens, sent) in [(current(), "r5t9+kqx%26w2z7"), (access_only, "access%2Btoken%2F1")] {
        let service = Service::always(200, &[], "");
        box_at(&service).await.revoke(&client(), &tokens).await.unwrap();
        assert_eq!(service.only().line, "POST https://api.box.com/oauth2/revoke");
        assert_eq!(service.only().body, format!("{CLIENT_FORM}&token={sent}"));
    }
    let error = refused(box_at(&Service::silent()).await.revoke(&client(), &CurrentTokens::default()).await);
    assert_eq!(error.kind, ErrorKind::InvalidToken);
}

#[tokio::test]
async fn a_revocation_that_box_refuses_is_no_success() {
    for (status, body, kind) in [
        (400, r#"{"error":"invalid_client","error_description":"The client credentials are invalid"}"#, ErrorKind::InvalidClient),
        (200, r#"{"error":"invalid_token","error_description":"No"}"#, ErrorKind::InvalidToken),
        (503, "", ErrorKind::TemporarilyUnavailable),
        (302, "", ErrorKind::Other),
    ] {
        let error = refused(box_at(&Service::always(status, &[], body)).await.revoke(&client(), &current()).await);
        assert_eq!(error.kind, kind, "{status} {body}");
    }
}
