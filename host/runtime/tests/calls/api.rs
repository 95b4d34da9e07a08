//! `authenticate` and `judge`: the requests that an embedder sends itself, before and after.

use std::time::Duration;

use jeton_runtime::{ApiAnswer, CurrentTokens, Error, ErrorKind, Verdict};

use crate::service::{Service, answer};
use crate::{ACCESS, box_at, client, current, refused};

#[tokio::test]
async fn a_request_is_signed_with_the_access_token_and_the_options() {
    let provider = box_at(&Service::silent()).await;
    let bearer = ("authorization".to_owned(), format!("Bearer {ACCESS}"));
    for (options, added) in [
        (&[][..], &[][..]),
        (&[("as-user", "22")], &[("As-User", "22")]),
        (&[("notifications", "off"), ("as-user", "22")], &[("Box-Notifications", "off"), ("As-User", "22")]),
    ] {
        let owned =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>();
        let headers = provider.authenticate(&client(), &current(), &owned(options)).await.unwrap();
        assert!(!format!("{headers:?}").contains(ACCESS), "{headers:?}");
        let headers: Vec<_> = headers.iter().map(|header| (header.name.clone(), header.value.reveal_text().unwrap().to_owned())).collect();
        assert_eq!(headers, [vec![bearer.clone()], owned(added)].concat());
    }
}

#[tokio::test]
async fn an_option_that_box_does_not_know_is_named() {
    let provider = box_at(&Service::silent()).await;
    let error = refused(provider.authenticate(&client(), &current(), &vec![("as-admin".into(), "1".into())]).await);
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert!(error.description.unwrap().starts_with("the option as-admin: there are as-user, "));
}

#[tokio::test]
async fn a_header_that_can_not_be_sent_is_not_handed_out() {
    let provider = box_at(&Service::silent()).await;
    let split = vec![("as-user".to_owned(), "1\r\nhost: evil.example".to_owned())];
    let error = provider.authenticate(&client(), &current(), &split).await.unwrap_err();
    assert_eq!(error.to_string(), "the provider box returned a header that can't be sent");
    let none = CurrentTokens::default();
    let error = provider.authenticate(&client(), &none, &vec![]).await.unwrap_err();
    assert!(matches!(&error, Error::Provider { .. }) && error.to_string().contains("there is none"), "{error}");
}

fn api(status: u16, headers: &[(&'static str, &str)], body: &str) -> ApiAnswer {
    let incoming = answer(status, headers, body);
    ApiAnswer { endpoint: "api".to_owned(), status, headers: incoming.headers, body: incoming.body.to_vec() }
}

#[tokio::test]
async fn an_answer_of_the_api_is_judged_by_what_it_means_for_the_connection() {
    const EXPIRED: &str = r#"Bearer realm="Service", error="invalid_token", error_description="The access token provided has expired.""#;
    const SCOPE: &str = r#"Bearer realm="Service", error="insufficient_scope""#;
    let provider = box_at(&Service::silent()).await;
    for (answer, verdict) in [
        (api(200, &[], r#"{"type":"folder","id":"0"}"#), Verdict::Ok),
        (api(204, &[], ""), Verdict::Ok),
        (api(302, &[("location", "https://dl.boxcloud.com/")], ""), Verdict::Ok),
        (api(401, &[("www-authenticate", EXPIRED)], ""), Verdict::Expired),
        (api(401, &[], ""), Verdict::Expired),
        (api(403, &[], r#"{"code":"insufficient_scope"}"#), Verdict::InsufficientScope),
        (api(403, &[("www-authenticate", SCOPE)], ""), Verdict::InsufficientScope),
        (api(403, &[], r#"{"code":"access_denied_insufficient_permissions"}"#), Verdict::Other),
        (api(404, &[], r#"{"code":"insufficient_scope"}"#), Verdict::Other),
        (api(429, &[("retry-after", "12")], r#"{"code":"rate_limit_exceeded"}"#), Verdict::RateLimited(Some(Duration::from_secs(12)))),
        (api(429, &[], ""), Verdict::RateLimited(None)),
        (api(500, &[], "<html>"), Verdict::Other),
        (api(503, &[("retry-after", "12")], ""), Verdict::RateLimited(Some(Duration::from_secs(12)))),
        (api(503, &[], ""), Verdict::Other),
    ] {
        let shown = format!("{answer:?}");
        assert_eq!(provider.judge(answer, &current()).await.unwrap(), verdict, "{shown}");
    }
}

#[tokio::test]
async fn an_answer_of_an_endpoint_that_the_manifest_lacks_is_not_judged() {
    let answer = ApiAnswer { endpoint: "download".to_owned(), ..api(200, &[], "") };
    let error = box_at(&Service::silent()).await.judge(answer, &current()).await.unwrap_err();
    assert_eq!((error.to_string().as_str(), error.hint().unwrap().contains("[endpoints]")), ("Box has no endpoint `download`", true));
}
