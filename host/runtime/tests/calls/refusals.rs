//! Box says no: which kind of no it is, and who must act.

use std::time::Duration;

use jeton_runtime::{ErrorKind, Remedy, ServiceError};

use crate::service::Service;
use crate::{CLIENT_SECRET, REFRESH, box_at, client, current, refused};

async fn refresh(status: u16, headers: &'static [(&'static str, &'static str)], body: &str) -> ServiceError {
    refused(box_at(&Service::always(status, headers, body)).await.refresh(&client(), &current()).await)
}

#[tokio::test]
async fn every_error_that_box_is_known_for_says_who_must_act() {
    use ErrorKind::*;
    for (code, description, kind, remedy) in [
        ("invalid_grant", "Refresh token has expired", InvalidGrant, Remedy::SignIn),
        ("invalid_grant", "Invalid refresh token", InvalidGrant, Remedy::SignIn),
        ("invalid_grant", "The authorization code has expired", InvalidGrant, Remedy::SignIn),
        ("invalid_grant", "Auth code doesn't exist or is invalid for the client", InvalidGrant, Remedy::SignIn),
        ("invalid_grant", "Grant credentials are invalid", InvalidClient, Remedy::FixClient),
        ("invalid_grant", "Please check the 'sub' claim.", InvalidClient, Remedy::FixClient),
        ("invalid_client", "The client credentials are invalid", InvalidClient, Remedy::FixClient),
        ("invalid_client", "The client credentials are not valid", InvalidClient, Remedy::FixClient),
        ("unauthorized_client", "This app is not authorized by the enterprise admin", AdminApprovalRequired, Remedy::FixClient),
        ("unauthorized_client", "The grant type is unauthorized for this client_id", InvalidClient, Remedy::FixClient),
        ("invalid_request", "The grant type is unauthorized for this client_id", InvalidClient, Remedy::FixClient),
        (
            "invalid_request",
            "Cannot obtain token based on the enterprise configuration for your app",
            AdminApprovalRequired,
            Remedy::FixClient,
        ),
        ("invalid_request", "Invalid grant_type parameter or parameter missing", Other, Remedy::Other),
        ("redirect_uri_mismatch", "The redirect URI does not match", RedirectMismatch, Remedy::FixClient),
        ("invalid_scope", "The scope is not allowed", InsufficientScope, Remedy::SignIn),
        ("temporarily_unavailable", "Try again", TemporarilyUnavailable, Remedy::Retry),
        ("server_error", "Oops", TemporarilyUnavailable, Remedy::Retry),
        ("slow_down", "Slower", RateLimited, Remedy::Retry),
        ("something_new", "Nobody knows", Other, Remedy::Other),
    ] {
        let error = refresh(400, &[], &format!(r#"{{"error":"{code}","error_description":"{description}"}}"#)).await;
        assert_eq!((error.kind, error.kind.remedy()), (kind, remedy), "{code}: {description}");
        // Behind the service's own words there is perhaps what to do about it.
        assert_eq!(error.code.as_deref(), Some(code));
        assert!(error.description.as_deref().unwrap().starts_with(description), "{error}");
        assert!(error.to_string().ends_with(&format!(" ({code})")), "{error}");
    }
}

#[tokio::test]
async fn an_error_without_a_code_tells_the_status() {
    for (status, body) in [(400, ""), (401, "<html>"), (404, "{}"), (418, "[1]"), (302, "{\"error_description\":null}")] {
        let error = refresh(status, &[], body).await;
        assert_eq!((error.kind, error.code.as_deref()), (ErrorKind::Other, None), "{status}");
        assert_eq!(error.description, Some(format!("The service answered with status {status}")));
    }
}

#[tokio::test]
async fn an_error_that_calls_itself_a_success_is_an_error() {
    let error = refresh(200, &[], r#"{"access_token":"a","error":"invalid_grant"}"#).await;
    assert_eq!((error.kind, error.code.as_deref()), (ErrorKind::InvalidGrant, Some("invalid_grant")));
}

#[tokio::test]
async fn a_rate_limit_says_how_long_to_wait_where_box_does() {
    const DATE: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    for (headers, wait) in [
        (&[("retry-after", "30")][..], Some(30)),
        (&[DATE, ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")], Some(30)),
        (&[("retry-after", "soon")], None),
        (&[("retry-after", "-5")], None),
        (&[("retry-after", "18446744073709551615")], Some(10 * 365 * 24 * 60 * 60)),
        (&[], None),
    ] {
        let error = refresh(429, headers, "").await;
        assert_eq!((error.kind, error.kind.remedy()), (ErrorKind::RateLimited, Remedy::Retry));
        assert_eq!(error.retry_after, wait.map(Duration::from_secs), "{headers:?}");
    }
}

#[tokio::test]
async fn a_service_that_is_down_is_no_reason_to_sign_in_again() {
    for (status, body) in [(500, ""), (502, "<html>Bad gateway</html>"), (503, "{}"), (504, r#"{"error":"invalid_grant"}"#), (599, "")] {
        let error = refresh(status, &[("retry-after", "7")], body).await;
        assert_eq!((error.kind, error.kind.remedy()), (ErrorKind::TemporarilyUnavailable, Remedy::Retry), "{status} {body}");
        assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
    }
}

#[tokio::test]
async fn a_secret_that_is_echoed_is_withheld() {
    let encoded: String = form_urlencoded::byte_serialize(REFRESH.as_bytes()).collect();
    for echo in [CLIENT_SECRET, REFRESH, &encoded] {
        let error = refresh(400, &[], &format!(r#"{{"error":"is {echo}","error_description":"Invalid refresh token: {echo}."}}"#)).await;
        assert_eq!(error.description.as_deref(), Some("Invalid refresh token: [withheld]."), "{echo}");
        assert_eq!(error.code.as_deref(), Some("is [withheld]"), "{echo}");
    }
    let error = refresh(400, &[], r#"{"error":"x","access_token":"fresh-token","error_description":"but fresh-token is good"}"#).await;
    assert_eq!(error.description.as_deref(), Some("but [withheld] is good"));
}

#[tokio::test]
async fn a_text_of_the_service_is_one_plain_line_of_bounded_length() {
    let error = refresh(400, &[], r#"{"error":"a\u001b[31mb","error_description":"one\r\ntwo\u202ethree"}"#).await;
    assert_eq!(error.code.as_deref(), Some("a\u{fffd}[31mb"));
    assert_eq!(error.description.as_deref(), Some("one\u{fffd}\u{fffd}two\u{fffd}three"));
    let error = refresh(400, &[], &format!(r#"{{"error":"x","error_description":"{}"}}"#, "y".repeat(100_000))).await;
    assert_eq!(error.description.unwrap().chars().count(), 501);
}
