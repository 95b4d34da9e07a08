//! Every fault, as a client meets it.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use jeton_emulator::{Emulator, Error, Fault, Faults, Issued, Matcher, RetryAfter};

use crate::stage::{ME, TOKEN, emulator, header, json, text, tokens};

async fn refresh(emulator: &Emulator, pair: &Issued) -> Result<Response<Bytes>, Error> {
    let form =
        [("grant_type", "refresh_token"), ("refresh_token", &*pair.refresh_token), ("client_id", "an-app"), ("client_secret", "a-secret")];
    emulator.client().post(TOKEN, &form).await
}

/// One refresh under the fault, and whether the service rotated the token.
async fn under(fault: Fault) -> (Emulator, Result<Response<Bytes>, Error>, bool) {
    let emulator = emulator().await;
    let pair = tokens(&emulator);
    emulator.faults().inject(fault, Matcher::any().host("api.box.com").path("/oauth2/token").method("POST"), 1);
    let answer = refresh(&emulator, &pair).await;
    assert_eq!(emulator.faults().waiting(), 0);
    let rotated = !emulator.box_service().is_live(&pair.refresh_token);
    (emulator, answer, rotated)
}

#[tokio::test]
async fn drop_after_commit_rotates_and_says_nothing() {
    let (emulator, answer, rotated) = under(Fault::DropAfterCommit).await;
    assert!(matches!(answer, Err(Error::NoAnswer(_))) && rotated);
    let entry = emulator.journal().entries().pop().unwrap();
    assert_eq!((entry.status, entry.fault), (200, Some("drop-after-commit")));
}

#[tokio::test]
async fn drop_before_changes_nothing() {
    let (emulator, answer, rotated) = under(Fault::DropBefore).await;
    assert!(matches!(answer, Err(Error::NoAnswer(_))) && !rotated);
    let entry = emulator.journal().entries().pop().unwrap();
    assert_eq!((entry.status, entry.fault), (0, Some("drop-before")));
}

#[tokio::test]
async fn who_is_put_off_is_told_when_to_come_back_in_either_form() {
    let [seconds, date] = [RetryAfter::Seconds(7), RetryAfter::HttpDate(90)];
    for (faults, status, code) in [
        ([Fault::RateLimited(seconds), Fault::RateLimited(date)], 429, "rate_limit_exceeded"),
        ([Fault::Unavailable(seconds), Fault::Unavailable(date)], 503, "unavailable"),
    ] {
        let [seconds, date] = faults;
        let (_, answer, rotated) = under(seconds).await;
        let answer = answer.unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "retry-after"), rotated), (status, Some("7"), false));
        assert_eq!(json(&answer)["code"], code);

        let (_, answer, _) = under(date).await;
        let answer = answer.unwrap();
        let [at, now] = ["retry-after", "date"].map(|name| httpdate::parse_http_date(header(&answer, name).unwrap()).unwrap());
        assert!(at.duration_since(now).unwrap().abs_diff(Duration::from_secs(90)) <= Duration::from_secs(1));
    }
}

#[tokio::test]
async fn server_error_answers_in_the_shape_of_the_service() {
    for status in [500, 502, 503] {
        let (_, answer, rotated) = under(Fault::ServerError(status)).await;
        let answer = answer.unwrap();
        assert_eq!((answer.status().as_u16(), rotated), (status, false));
        assert_eq!((json(&answer)["type"].as_str(), json(&answer)["status"].as_u64()), (Some("error"), Some(status.into())));
    }
}

#[tokio::test]
async fn slow_answers_after_all() {
    let (_, answer, rotated) = under(Fault::Slow(Duration::from_millis(30))).await;
    assert!(answer.unwrap().status() == 200 && rotated);
}

#[tokio::test]
async fn a_client_that_leaves_a_slow_answer_has_rotated_all_the_same() {
    let emulator = emulator().await;
    let pair = tokens(&emulator);
    emulator.faults().inject(Fault::Slow(Duration::from_secs(60)), Matcher::any(), 1);
    let client = emulator.client().clone();
    let token = pair.refresh_token.clone();
    let request = tokio::spawn(async move {
        let form = [("grant_type", "refresh_token"), ("refresh_token", &*token), ("client_id", "an-app"), ("client_secret", "a-secret")];
        client.post(TOKEN, &form).await
    });
    while emulator.journal().entries().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    request.abort();
    assert!(!emulator.box_service().is_live(&pair.refresh_token));
}

#[tokio::test]
async fn truncated_breaks_off_after_some_bytes() {
    let (_, answer, rotated) = under(Fault::Truncated).await;
    assert!(matches!(&answer, Err(Error::NoAnswer(_))) && rotated, "{answer:?}");

    let emulator = emulator().await;
    emulator.faults().inject(Fault::Truncated, Matcher::any(), 1);
    let token = tokens(&emulator).access_token;
    let seen = crate::listener::raw(&emulator, "api.box.com", &get("/2.0/users/me", &token)).await;
    let (head, body) = seen.split_once("\r\n\r\n").unwrap();
    let announced: usize = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    assert!(!body.is_empty() && body.len() < announced, "{seen}");
}

fn get(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: api.box.com\r\nauthorization: Bearer {token}\r\n\r\n")
}

#[tokio::test]
async fn html_comes_with_status_200() {
    let (_, answer, rotated) = under(Fault::Html).await;
    let answer = answer.unwrap();
    assert_eq!((answer.status().as_u16(), header(&answer, "content-type"), rotated), (200, Some("text/html; charset=utf-8"), false));
    assert!(text(&answer).starts_with("<!doctype html>"));
}

#[tokio::test]
async fn huge_is_valid_json_of_unannounced_length() {
    let (_, answer, rotated) = under(Fault::Huge(3_000_000)).await;
    let answer = answer.unwrap();
    assert_eq!((answer.body().len(), header(&answer, "content-length"), rotated), (3_000_000, None, false));
    assert!(json(&answer)["padding"].is_string());
}

#[tokio::test]
async fn never_answers_keeps_the_connection_and_harms_no_other() {
    let emulator = emulator().await;
    emulator.faults().inject(Fault::NeverAnswers, Matcher::any(), 1);
    let client = emulator.client().clone();
    let waiting = tokio::spawn(async move { client.get(ME).await });
    while emulator.journal().entries().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(emulator.client().get(ME).await.unwrap().status(), 401);
    assert!(!waiting.is_finished());
    drop(emulator);
    assert!(waiting.await.unwrap().is_err(), "the emulator's end ends the wait");
}

#[tokio::test]
async fn redirect_to_leads_elsewhere() {
    let (_, answer, rotated) = under(Fault::RedirectTo { url: "https://evil.example/token".to_owned(), status: 307 }).await;
    let answer = answer.unwrap();
    assert_eq!((answer.status().as_u16(), header(&answer, "location"), rotated), (307, Some("https://evil.example/token"), false));
}

#[tokio::test]
async fn body_answers_exactly_what_is_ordered() {
    let bytes = Bytes::from_static(b"access_token=x\xff");
    let fault = Fault::Body { status: 200, content_type: "application/x-www-form-urlencoded".to_owned(), bytes: bytes.clone() };
    let (_, answer, rotated) = under(fault).await;
    let answer = answer.unwrap();
    assert_eq!((header(&answer, "content-type"), rotated), (Some("application/x-www-form-urlencoded"), false));
    assert_eq!(answer.body(), &bytes);
}

#[tokio::test]
async fn faults_strike_in_order_and_only_what_fits() {
    let emulator = emulator().await;
    emulator.faults().inject(Fault::ServerError(503), Matcher::any().path("/2.0/users/me"), 2);
    emulator.faults().inject(Fault::ServerError(500), Matcher::any(), Faults::FOREVER);
    let statuses = async |path: &str| emulator.client().get(&format!("https://api.box.com{path}")).await.unwrap().status().as_u16();
    assert_eq!(statuses("/2.0/folders/0/items").await, 500);
    assert_eq!([statuses("/2.0/users/me").await, statuses("/2.0/users/me").await, statuses("/2.0/users/me").await], [503, 503, 500]);
    emulator.faults().clear();
    assert_eq!(statuses("/2.0/users/me").await, 401);
}
