//! What a person pastes after signing in elsewhere: the address, its query, or the code alone.
//!
//! A byte 1 stands for the flow's state.

#![no_main]

use jeton_fuzz::assert_presentable;
use jeton_runtime::fuzzing::code;
use jeton_runtime::{Flow, Secret};
use libfuzzer_sys::fuzz_target;

const STATE: &str = "zR3-aE_x7Kq0";
const REDIRECT_URI: &str = "http://127.0.0.1:47800/callback";

fuzz_target!(|text: &str| {
    round_trip(text);
    let text = text.replace('\u{1}', STATE);
    let flow = flow();
    match flow.pasted(&text) {
        Ok(returned) => {
            let text = text.trim();
            let pairs = text.contains("code=") || text.contains("error=");
            let address = text.contains("://") || text.contains('?') || pairs;
            let alone = code(&returned).is_some_and(|code| code.reveal() == text.as_bytes());
            if alone && !address {
                // Taken without a state, so it is nothing but a code.
                assert!((1..=4096).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()));
                assert!(!text.contains(['"', '\'', '<', '>', '&', '=', '\\']) && !returned.is_error());
            } else {
                // Taken for its state: as the listener would have taken its query.
                let whole = text
                    .split(['&', '=', '#', '?'])
                    .next()
                    .is_some_and(|head| !head.contains("://") && !text[head.len()..].starts_with('?'));
                let query = match text.split_once('?').filter(|_| !whole) {
                    Some((address, rest)) => {
                        assert!(address.is_empty() || is_expected(address), "{address:?} is not the redirect URI");
                        rest.split('#').next().unwrap_or_default()
                    }
                    None => text,
                };
                let states = form_urlencoded::parse(query.as_bytes()).filter(|(name, value)| name == "state" && value == STATE).count();
                assert_eq!(states, 1, "{text:?} has no state of this flow");
                let listened = flow.returned(query).unwrap();
                assert_eq!(code(&returned).map(Secret::reveal), code(&listened).map(Secret::reveal));
            }
        }
        Err(error) => {
            let said = error.to_string();
            assert_presentable(&said);
            assert!(!said.contains(STATE));
        }
    }
});

/// Any code comes through, in an address as a browser shows it.
fn round_trip(text: &str) {
    let text = text.get(..text.floor_char_boundary(4096)).unwrap_or_default();
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("code", text).append_pair("state", STATE).finish();
    for (redirect_uri, address) in [
        (REDIRECT_URI, format!("{REDIRECT_URI}?{query}")),
        ("https://helper.example/oauth/callback/", format!("  https://helper.example/oauth/callback/?{query}#_=_\r\n")),
        (REDIRECT_URI, format!("\t{query}\n")),
    ] {
        let flow = jeton_runtime::fuzzing::flow(redirect_uri, STATE).unwrap();
        let returned = flow.pasted(&address).unwrap();
        assert_eq!(code(&returned).unwrap().reveal(), text.as_bytes());
        assert!(flow.pasted(&address.replace(STATE, "another")).is_err());
    }
}

/// The redirect URI as browsers read it; some leave the scheme out where they show it.
fn is_expected(address: &str) -> bool {
    let whole = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    let url = url::Url::parse(&whole).unwrap();
    let origin = (url.scheme(), url.host_str(), url.port());
    origin == ("http", Some("127.0.0.1"), Some(47800)) && url.path() == "/callback" && url.fragment().is_none()
}

fn flow() -> Flow {
    jeton_runtime::fuzzing::flow(REDIRECT_URI, STATE).unwrap()
}
