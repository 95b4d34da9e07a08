//! What comes of the token endpoint's answers: tokens wherever they stand, lifetimes in whatever unit, and errors.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jeton_runtime::{ErrorKind, Tokens};

use crate::service::Service;
use crate::{acme, acme_at, client, current, load, refused};

async fn tokens(changes: &[(&str, &str)], more: &str, body: &str) -> Tokens {
    let service = Service::always(200, &[], body);
    let tokens = load(&service, &acme(changes, more)).await.refresh(&client(), &current()).await;
    tokens.unwrap_or_else(|error| panic!("{body}: {error:?}"))
}

const CAPTURES: &str = "captures = { access-token = \"/access_token\", refresh-token = \"/refresh_token\" }\nreveals = []";

#[tokio::test]
async fn tokens_are_taken_from_where_the_manifest_says() {
    let nested = "captures = { access-token = [\"/data/token\", \"/user/0/token\"], refresh-token = \"/data/renew\" }\n\
        reveals = [\"/data/life\", \"/data/rights/*\", \"/team\"]";
    let knobs = "[protocol.answer]\naccess-token = [\"/data/token\", \"/user/0/token\"]\nrefresh-token = \"/data/renew\"\n\
        expires-in = \"/data/life\"\nscope = \"/data/rights/*\"\n[extras.team]\nname = \"Team\"\npointer = \"/team\"";
    let body = r#"{"data":{"token":"a-2","renew":"r-2","life":"60","rights":["a","b"]},"team":"t-1"}"#;
    let found = tokens(&[(CAPTURES, nested)], knobs, body).await;
    assert_eq!((found.access.reveal(), found.refresh.unwrap().reveal()), (&b"a-2"[..], &b"r-2"[..]));
    assert_eq!((found.expires_in, found.scope.as_deref()), (Some(Duration::from_secs(60)), Some("a b")));
    assert_eq!(found.extras, [("team".to_owned(), "t-1".to_owned())]);
    let second = tokens(&[(CAPTURES, nested)], knobs, r#"{"user":[{"token":"a-3"}]}"#).await;
    assert_eq!((second.access.reveal(), second.refresh.is_none()), (&b"a-3"[..], true));
}

#[tokio::test]
async fn lifetimes_come_in_every_unit_and_have_a_default() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for (unit, written, low, high) in [
        ("seconds", "\"3600\"".to_owned(), 3600, 3600),
        ("seconds", "3599.5".to_owned(), 3599, 3599),
        ("milliseconds", "3600000".to_owned(), 3600, 3600),
        ("date", (now + 3600).to_string(), 3500, 3600),
        ("date-milliseconds", ((now + 3600) * 1000).to_string(), 3500, 3600),
        ("date", "1000".to_owned(), 1, 1),
    ] {
        let knobs = format!("[protocol.answer]\nexpires-unit = \"{unit}\"");
        let life = tokens(&[], &knobs, &format!(r#"{{"access_token":"a","expires_in":{written}}}"#)).await.expires_in.unwrap().as_secs();
        assert!((low..=high).contains(&life), "{unit} {written}: {life}");
    }
    for absent in [r#"{"access_token":"a"}"#, r#"{"access_token":"a","expires_in":null}"#, r#"{"access_token":"a","expires_in":0}"#] {
        assert_eq!(tokens(&[], "", absent).await.expires_in, None, "{absent}");
        let life = tokens(&[], "[protocol.answer]\ndefault-lifetime = 7200", absent).await.expires_in;
        assert_eq!(life, Some(Duration::from_secs(7200)), "{absent}");
    }
}

#[tokio::test]
async fn scopes_are_told_with_spaces_whatever_stands_between_them() {
    for (knobs, written, told) in [("", "a b", "a b"), ("", "a,b", "a b"), ("[protocol.scopes]\nseparator = \"|\"", "a|b", "a b")] {
        let found = tokens(&[], knobs, &format!(r#"{{"access_token":"a","scope":"{written}"}}"#)).await;
        assert_eq!(found.scope.as_deref(), Some(told), "{written}");
    }
}

#[tokio::test]
async fn an_error_behind_status_200_is_an_error() {
    let knobs = "[protocol.answer]\nsuccess = { \"/ok\" = \"true\" }\nerror = [\"/error\", \"/result\"]\n\
        [protocol.errors]\nbad_code = \"invalid-grant\"\n2000 = \"invalid-client\"\nslow = \"rate-limited\"\n\
        [protocol.descriptions]\n\"ask your admin\" = \"admin-approval-required\"";
    let open = "captures = { access-token = \"/access_token\", refresh-token = \"/refresh_token\" }\nreveals = [\"/ok\", \"/result\"]";
    for (status, body, kind) in [
        (200, r#"{"ok":false,"error":"bad_code"}"#, ErrorKind::InvalidGrant),
        (200, r#"{"ok":false,"access_token":"a"}"#, ErrorKind::Other),
        (200, r#"{"access_token":"a"}"#, ErrorKind::Other),
        (200, r#"{"ok":false,"result":2000}"#, ErrorKind::InvalidClient),
        (400, r#"{"ok":true,"error":"slow"}"#, ErrorKind::RateLimited),
        (400, r#"{"error":"invalid_grant"}"#, ErrorKind::InvalidGrant),
        (403, r#"{"error":"x","error_description":"Please ask your admin."}"#, ErrorKind::AdminApprovalRequired),
        (503, "", ErrorKind::TemporarilyUnavailable),
        (302, "", ErrorKind::Other),
    ] {
        let service = Service::always(status, &[], body);
        let provider = load(&service, &acme(&[(CAPTURES, open)], knobs)).await;
        assert_eq!(refused(provider.refresh(&client(), &current()).await).kind, kind, "{status} {body}");
    }
    let service = Service::always(200, &[], r#"{"ok":true,"result":0,"access_token":"a-2"}"#);
    let fine = load(&service, &acme(&[(CAPTURES, open)], knobs)).await.refresh(&client(), &current()).await.unwrap();
    assert_eq!(fine.access.reveal(), b"a-2");
}

#[tokio::test]
async fn an_answer_without_a_token_is_an_error_that_says_so() {
    for body in ["{}", "", "[]", r#"{"access_token":""}"#] {
        let error = refused(acme_at(&Service::always(200, &[], body), "").await.refresh(&client(), &current()).await);
        assert_eq!(error.description.as_deref(), Some("The service answered the token request without an access token"), "{body}");
    }
}

#[tokio::test]
async fn a_form_is_read_as_json_is() {
    let form = &[("content-type", "application/x-www-form-urlencoded")];
    let service = Service::always(200, form, "access_token=a-2&scope=a%2Cb&expires_in=60");
    let found = acme_at(&service, "").await.refresh(&client(), &current()).await.unwrap();
    assert_eq!((found.access.reveal(), found.scope.as_deref()), (&b"a-2"[..], Some("a b")));
}
