//! The answer of a token endpoint, headers and body as they come over the wire: only captured values become secrets, only what the
//! manifest reveals is shown, and no secret can be read in what is shown.
//!
//! An input is header lines, an empty line, and the body. A byte from 1 to 20 (but for tab, line feed and carriage return) stands for one of
//! the ways in which a service may write the client's secret.

#![no_main]

use std::sync::LazyLock;

use http::{HeaderMap, HeaderName, HeaderValue};
use jeton_fuzz::{TEN_YEARS, WITHHELD, assert_hidden, assert_presentable, echo, spellings};
use jeton_runtime::fuzzing::Answer;
use jeton_runtime::manifest::{Endpoint, REVEALED};
use jeton_runtime::{Manifest, Secret};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const SECRET: &[u8] = b"8Q~vK+t/\"=\xc3\xa4 z.!9x";

const CAPTURES: [&str; 4] = ["/access_token", "/refresh_token", "/nested/0/key", "/a~1b"];
const REVEALS: [&str; 3] = ["/team/id", "/nested/0/name", "/a~0b"];
const HEADERS: [&str; 9] =
    ["content-type", "date", "dpop-nonce", "retry-after", "www-authenticate", "x-ratelimit-reset", "x-request-id", "request-id", "x-own"];

static ENDPOINT: LazyLock<Endpoint> = LazyLock::new(|| {
    let manifest = r#"
        id = "acme"
        name = "Acme"
        version = "1.0.0"
        contract = "0.1"
        summary = "Anvils"
        grants = ["authorization-code"]
        [endpoints.token]
        url = "https://acme.com/token"
        captures = { access-token = "/access_token", refresh-token = "/refresh_token", key = "/nested/0/key", odd = "/a~1b" }
        reveals = ["/team/id", "/nested/0/name", "/a~0b"]
        headers = ["X-Own"]
    "#;
    Manifest::parse(manifest).unwrap().endpoints.remove("token").unwrap()
});

static SPELLINGS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| spellings(SECRET));

fuzz_target!(|input: &[u8]| {
    let input = spelled(input);
    let (head, body) = match input.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&input[..at], &input[at + 2..]),
        None => (&[][..], input.as_slice()),
    };
    let live = vec![Secret::new("client-secret", SECRET)];
    let answer = Answer::new(&ENDPOINT, headers(head), body, live);
    check_headers(&answer);
    let document = document(head, body);
    check_captured(&answer, &document);
    let mut pointers = vec![];
    leaves(&document, "", &mut pointers);
    for pointer in pointers.iter().map(String::as_str).chain(CAPTURES).chain(REVEALS).chain(REVEALED).take(200) {
        check_text(&answer, &document, pointer);
    }
});

fn spelled(input: &[u8]) -> Vec<u8> {
    let mut all = vec![];
    for byte in input {
        match byte {
            b'\t' | b'\n' | b'\r' => all.push(*byte),
            1..=20 => all.extend_from_slice(&SPELLINGS[usize::from(*byte) % SPELLINGS.len()]),
            byte => all.push(*byte),
        }
    }
    all
}

fn headers(head: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in head.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

/// The body, read once more: JSON, or what a form says.
fn document(head: &[u8], body: &[u8]) -> Value {
    if let Ok(value) = serde_json::from_slice(body) {
        return value;
    }
    let kind = headers(head).get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    if !kind.starts_with("application/x-www-form-urlencoded") && !kind.starts_with("text/plain") {
        return Value::Null;
    }
    Value::Object(form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), Value::from(value))).collect())
}

/// Every place in a document.
fn leaves(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(value, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| leaves(value, &format!("{at}/{index}"), all)),
        _ => {}
    }
}

fn hidden(answer: &Answer, shown: &str) {
    for secret in answer.live() {
        assert_hidden(shown, secret.reveal());
    }
}

fn check_headers(answer: &Answer) {
    for name in HEADERS.into_iter().chain(["X-OWN", "Set-Cookie", "location", "x-other", "authorization", "", "\u{e4}"]) {
        let Some(shown) = answer.header(name) else { continue };
        assert!(HEADERS.contains(&name.to_ascii_lowercase().as_str()), "{name} is shown");
        hidden(answer, &shown);
        if name == "retry-after" {
            assert!(shown.parse::<u64>().unwrap() <= TEN_YEARS);
        }
    }
}

fn check_captured(answer: &Answer, document: &Value) {
    for pointer in CAPTURES {
        let secret = answer.secret(pointer).map(Secret::reveal);
        let there = match document.pointer(pointer) {
            Some(Value::String(text)) if !text.is_empty() => text,
            Some(Value::Number(_) | Value::Bool(_)) => continue,
            _ => {
                assert!(secret.is_none(), "{pointer} isn't there");
                continue;
            }
        };
        let echo = there.as_bytes() != SECRET && echo(there.as_bytes(), SECRET).is_some();
        match secret {
            Some(secret) => assert!(secret == there.as_bytes() && !echo && !there.chars().any(char::is_control)),
            // Nothing shorter can hold the client's secret, in whatever spelling.
            None => assert!(there.chars().any(char::is_control) || there.len() >= SECRET.len(), "{pointer} isn't captured"),
        }
    }
    let captured = CAPTURES.into_iter().filter(|pointer| answer.secret(pointer).is_some()).count();
    assert_eq!(answer.live().len(), 1 + captured, "what is captured is live");
}

fn check_text(answer: &Answer, document: &Value, pointer: &str) {
    let open = REVEALS.contains(&pointer) || REVEALED.contains(&pointer);
    let shown = answer.text(pointer);
    assert!(open || shown.is_none(), "{pointer} is shown");
    assert!(CAPTURES.contains(&pointer) || answer.secret(pointer).is_none(), "{pointer} is given as a secret");
    if let Some(shown) = &shown {
        hidden(answer, shown);
    }
    // What is revealed and holds nothing secret is shown as it is.
    if let (true, Some(Value::String(text))) = (open, document.pointer(pointer)) {
        let shown = shown.unwrap();
        assert!(shown == *text || shown.contains(WITHHELD), "{text:?} became {shown:?}");
    }
    // A pointer that a component makes up is no news to it.
    let known = open || CAPTURES.contains(&pointer);
    for denial in answer.withheld(&ENDPOINT, pointer) {
        let said = format!("{denial} {}", denial.hint);
        assert_presentable(&said);
        if known {
            // Captured ones are left out: they may be the host's own words.
            assert_hidden(&said, SECRET);
        }
    }
}
