//! Servers of the hostile provider's own: none of their answers, and no lack of one, takes more than a call may take.

use std::time::Duration;

use jeton_hostile::{Service, client, component, current, runtime_with};
use jeton_runtime::{Error, Limits};

use crate::server::{Behaviour, provider_before};
use crate::{limit, told};

const LATE: &str = "the service didn't answer in time";
const LARGE: &str = "the service's answer is too large";

fn unreachable<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Unreachable(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn answer(headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{headers}\r\n").as_bytes(), body].concat()
}

/// The control: an ordinary answer arrives.
#[tokio::test]
pub(crate) async fn asks_once() {
    let body = br#"{"expanded":"as it was sent"}"#;
    let ordinary = answer(&format!("content-length: {}\r\n", body.len()), body);
    let (provider, _) = provider_before(Behaviour::Answer(ordinary), Limits::default()).await;
    assert_eq!(told(provider.refresh(&client(), &current()).await), r#"status 200, Some("as it was sent")"#);
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_after_a_requests_time() {
    let limits = Limits { request: Duration::from_millis(100), ..Limits::default() };
    for behaviour in [Behaviour::Silence, Behaviour::Drip] {
        let (provider, heads) = provider_before(behaviour, limits.clone()).await;
        assert_eq!(unreachable(provider.refresh(&client(), &current()).await), LATE);
        assert_eq!(heads.lock().unwrap().len(), 1, "it was asked");
    }
}

/// The call has a limit of its own, for a transport that doesn't keep to the request's.
#[tokio::test]
async fn a_call_that_waits_too_long_is_stopped_whatever_it_waits_for() {
    let service = Service::new(|_| std::future::pending());
    let limits = Limits { calls: 2, time: Duration::from_millis(100), ..Limits::default() };
    let provider = runtime_with(&service, limits).load(component!("time", "asks_once")).await.unwrap();
    // Without the limit it would never end.
    let outcome = tokio::time::timeout(Duration::from_secs(60), provider.refresh(&client(), &current())).await;
    assert_eq!(limit(outcome.unwrap()), "its call took longer than 100ms");
    assert_eq!(service.sent().len(), 1);
}

/// A gzip stream of `{"expanded":"aaaa…"}` whose text is 158 times as long as the stream.
fn gzip(matches: usize) -> Vec<u8> {
    let (mut bytes, mut bits, mut count) = (vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], 0_u8, 0);
    let mut put = |bit: bool| {
        bits |= u8::from(bit) << count;
        count += 1;
        if count == 8 {
            bytes.push(bits);
            (bits, count) = (0, 0);
        }
    };
    // The last block, with the fixed codes of RFC 1951, 3.2.6, which stand there from their highest bit.
    [true, true, false].into_iter().for_each(&mut put);
    let mut code = |value: u32, length: u32| (0..length).rev().for_each(|at| put(value >> at & 1 == 1));
    for byte in br#"{"expanded":"a"# {
        code(0x30 + u32::from(*byte), 8);
    }
    for _ in 0..matches {
        // 258 bytes of what stood one byte before.
        code(0xc5, 8);
        code(0, 5);
    }
    for byte in br#""}"# {
        code(0x30 + u32::from(*byte), 8);
    }
    code(0, 7);
    [false; 7].into_iter().for_each(put);
    // A checksum and a length that nobody will look at before the text.
    bytes.extend([0; 8]);
    bytes
}

/// It is read as the bytes that it is: neither JSON nor a form.
#[tokio::test]
async fn a_compressed_answer_is_not_expanded() {
    let bomb = gzip(40_000);
    assert!(bomb.len() < 70_000, "{}", bomb.len());
    for encoding in ["gzip", "x-gzip", "deflate", "br", "zstd"] {
        let headers = format!("content-encoding: {encoding}\r\ncontent-length: {}\r\n", bomb.len());
        let (provider, heads) = provider_before(Behaviour::Answer(answer(&headers, &bomb)), Limits::default()).await;
        assert_eq!(told(provider.refresh(&client(), &current()).await), "status 200, None", "{encoding}");
        let asked = heads.lock().unwrap().concat().to_ascii_lowercase();
        assert!(asked.starts_with("get /api/once ") && !asked.contains("accept-encoding"), "{asked}");
    }
}

#[tokio::test]
async fn a_huge_answer_ends_at_the_limit_announced_or_not() {
    let largest = Limits::default().answer;
    let announced = answer("content-length: 1099511627776\r\n", b"{");
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    let endless = answer("transfer-encoding: chunked\r\n", b"");
    let until_it_closes = answer("", &vec![b' '; largest + 1]);
    for behaviour in
        [Behaviour::Endless(announced, vec![b' '; 1 << 16]), Behaviour::Endless(endless, chunk), Behaviour::Answer(until_it_closes)]
    {
        let (provider, _) = provider_before(behaviour, Limits::default()).await;
        assert_eq!(unreachable(provider.refresh(&client(), &current()).await), LARGE);
    }
    let (provider, _) = provider_before(Behaviour::Answer(answer("", &vec![b' '; largest])), Limits::default()).await;
    assert_eq!(told(provider.refresh(&client(), &current()).await), "status 200, None", "the largest that is read");
}

/// A megabyte of zeros would be a million values of 32 bytes and more in the host's memory.
#[tokio::test]
async fn an_answer_of_very_many_values_is_not_parsed() {
    for (many, body) in [
        (true, format!("[{}0]", "0,".repeat(70_000))),
        (true, "[".repeat(70_000)),
        (true, format!("{{{}\"a\":0}}", "\"a\":0,".repeat(70_000))),
        (false, format!("[{}0]", "0,".repeat(10_000))),
    ] {
        let service = Service::always(200, &[], body);
        let provider =
            runtime_with(&service, Limits { calls: 2, ..Limits::default() }).load(component!("time", "asks_once")).await.unwrap();
        let outcome = provider.refresh(&client(), &current()).await;
        if many { assert_eq!(unreachable(outcome), LARGE) } else { assert_eq!(told(outcome), "status 200, None") }
    }
}
