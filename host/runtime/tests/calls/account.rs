//! `identify`: whose tokens these are, and whether they work.

use jeton_runtime::{Account, CurrentTokens, ErrorKind};

use crate::service::Service;
use crate::{ACCESS, box_at, client, current, refused};

#[tokio::test]
async fn the_account_is_asked_for_with_the_access_token() {
    let body = r#"{"type":"user","id":"11446498","login":"ada@example.com","name":"Ada Lovelace","status":"active"}"#;
    let service = Service::always(200, &[], body);
    let account = box_at(&service).await.identify(&client(), &current()).await.unwrap();
    let expected =
        Account { id: "11446498".into(), login: Some("ada@example.com".into()), name: Some("Ada Lovelace".into()), extras: vec![] };
    assert_eq!(account, expected);
    let sent = service.only();
    assert_eq!((sent.line.as_str(), sent.body.as_str()), ("GET https://api.box.com/2.0/users/me", ""));
    assert_eq!(sent.headers["authorization"], format!("Bearer {ACCESS}"));
    assert!(sent.headers["authorization"].is_sensitive());
    assert_eq!((sent.headers["accept"].to_str().unwrap(), sent.headers.len()), ("application/json", 2));
}

#[tokio::test]
async fn an_account_needs_an_id_and_nothing_else() {
    let account = box_at(&Service::always(200, &[], r#"{"id":7}"#)).await.identify(&client(), &current()).await.unwrap();
    assert_eq!(account, Account { id: "7".into(), login: None, name: None, extras: vec![] });
    for body in ["", "{}", "<html>", r#"{"id":null}"#] {
        let error = refused(box_at(&Service::always(200, &[], body)).await.identify(&client(), &current()).await);
        assert_eq!(error.kind, ErrorKind::Other);
        assert!(error.description.unwrap().contains("doesn't say whose account"), "{body}");
    }
}

#[tokio::test]
async fn a_token_that_does_not_work_is_told_by_who_must_act() {
    let scope = r#"{"type":"error","status":403,"code":"insufficient_scope","message":"The request requires more","request_id":"x"}"#;
    for (status, body, kind, code) in [
        (401, "", ErrorKind::InvalidToken, None),
        (403, scope, ErrorKind::InsufficientScope, Some("insufficient_scope")),
        (403, r#"{"code":"forbidden_by_policy","message":"No"}"#, ErrorKind::AccessDenied, Some("forbidden_by_policy")),
        (429, r#"{"code":"rate_limit_exceeded","message":"Slower"}"#, ErrorKind::RateLimited, Some("rate_limit_exceeded")),
        (500, "", ErrorKind::TemporarilyUnavailable, None),
        (404, "", ErrorKind::Other, None),
    ] {
        let error = refused(box_at(&Service::always(status, &[], body)).await.identify(&client(), &current()).await);
        assert_eq!((error.kind, error.code.as_deref()), (kind, code), "{status} {body}");
        assert!(!error.description.unwrap().is_empty());
    }
    let none = CurrentTokens { access: None, ..current() };
    assert_eq!(refused(box_at(&Service::silent()).await.identify(&client(), &none).await).kind, ErrorKind::InvalidToken);
}

#[tokio::test]
async fn an_access_token_that_the_api_echoes_is_withheld() {
    let service = Service::always(200, &[], format!(r#"{{"id":"1","login":"{ACCESS}","name":"is {ACCESS}"}}"#));
    let account = box_at(&service).await.identify(&client(), &current()).await.unwrap();
    assert_eq!((account.login.as_deref(), account.name.as_deref()), (Some("[withheld]"), Some("is [withheld]")));
}
