//! The query that a browser brings to the redirect URI: it belongs to a flow exactly if its one `state` is the flow's and nothing stands
//! there twice.
//!
//! The first line of an input is no part of the query: it is what the other flow, which must never take the query, has for a state.
//! A byte 1 stands for the flow's state, a byte 2 for the same in another spelling.

#![no_main]

use std::collections::BTreeSet;

use jeton_fuzz::assert_presentable;
use jeton_runtime::fuzzing::{code, revealed};
use jeton_runtime::{Flow, Secret};
use libfuzzer_sys::fuzz_target;

const STATE: &str = "zR3-aE_x7Kq0";
const OPEN: [&str; 4] = ["error", "error_description", "error_uri", "scope"];

fuzz_target!(|text: &str| {
    let (other, query) = text.split_once('\n').unwrap_or(("other", text));
    let query = query.replace('\u{1}', STATE).replace('\u{2}', "%7AR3%2daE_x7Kq%30");
    let query = query.as_str();
    let expected = expected(query);
    match flow(STATE).returned(query) {
        Ok(returned) => {
            let (expected_code, pairs) = expected.expect("a query was taken that isn't the flow's");
            assert_eq!(code(&returned).map(Secret::reveal), expected_code.as_deref());
            assert_eq!(returned.is_error(), pairs.iter().any(|(name, _)| name == "error"));
            let own = ["realm".to_owned()];
            let shown = revealed(&returned, &own);
            let open = |name: &String| OPEN.contains(&name.as_str()) || name == "realm";
            assert_eq!(shown, pairs.into_iter().filter(|(name, _)| open(name)).collect::<Vec<_>>());
        }
        Err(error) => {
            assert!(expected.is_none(), "{query:?} was refused: {error}");
            let said = error.to_string();
            assert_presentable(&said);
            assert!(!said.contains(STATE));
        }
    }
    // An answer is one flow's.
    assert!(other == STATE || flow(STATE).returned(query).is_err() || flow(other).returned(query).is_err(), "two flows take one answer");
});

fn flow(state: &str) -> Flow {
    jeton_runtime::fuzzing::flow("http://127.0.0.1:4000/callback", state).unwrap()
}

type Answer = (Option<Vec<u8>>, Vec<(String, String)>);

/// What a query says, by the rules of forms (URL Standard, 5.1), if it is the flow's.
fn expected(query: &str) -> Option<Answer> {
    if query.len() > 16 << 10 {
        return None;
    }
    let (mut names, mut code, mut state, mut pairs) = (BTreeSet::new(), None, None, vec![]);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        if !names.insert(name.clone()) {
            return None;
        }
        match name.as_str() {
            "code" => code = Some(value.into_bytes()),
            "state" => state = Some(value),
            _ => pairs.push((name, value)),
        }
    }
    (state.as_deref() == Some(STATE)).then_some((code, pairs))
}

fn decoded(text: &str) -> String {
    let (bytes, mut all, mut at) = (text.as_bytes(), vec![], 0);
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let (byte, length) = match (bytes[at], escape) {
            (b'%', Some(digits)) => (u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap(), 3),
            (b'+', _) => (b' ', 1),
            (byte, _) => (byte, 1),
        };
        all.push(byte);
        at += length;
    }
    String::from_utf8_lossy(&all).into_owned()
}
