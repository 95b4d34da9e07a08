//! Texts that a component returns, on their way to a terminal, a page, a file or a log.

use std::io;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jeton_hostile::{Service, component};
use jeton_runtime::{Error, Grant, GrantKind, Step};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::stage::{CLIENT_SECRET, REFRESH, Stage, client, ordered, shared};

/// What the log holds.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Without the secret, and without what a terminal would obey.
fn check(place: &str, shown: &str, secret: &str) {
    assert!(shown.contains("[withheld]"), "{place}: {shown:?}");
    assert!(shared(shown, secret) < 14, "{place}: {shown:?}");
    assert!(!shown.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)), "{place}: {shown:?}");
}

/// The texts of a component that has learnt a secret, it doesn't matter how: scrubbed and made presentable before anybody gets them.
#[tokio::test]
pub async fn smuggles_a_text() {
    let body = "{\"access_token\":\"a\",\"device_code\":\"device\",\"user_code\":\"WDJB\"}";
    let stage = Stage::new(&Service::always(200, &[], body), component!("secrets", "smuggles_a_text")).await;
    let (lines, provider) = (Lines::default(), &stage.provider);
    let writer = lines.clone();
    let log = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG).with_ansi(false);
    let _guard = log.with_writer(move || writer.clone()).finish().set_default();
    for secret in [REFRESH, CLIENT_SECRET] {
        let percent: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for spelling in [secret.to_owned(), percent, STANDARD.encode(secret), secret.to_ascii_uppercase()] {
            let text = format!("\u{1b}]0;{spelling}\u{7}\r\n\u{202e}\u{9b}2J");
            let told = ordered(&[("text", &text)]);

            let tokens = provider.refresh(&client(), &told).await.unwrap();
            check("scope", &tokens.scope.unwrap(), &spelling);
            check("extras", &tokens.extras[0].0, &spelling);
            check("extras", &tokens.extras[0].1, &spelling);

            let account = provider.identify(&client(), &told).await.unwrap();
            for (place, shown) in [("id", account.id), ("login", account.login.unwrap()), ("name", account.name.unwrap())] {
                check(place, &shown, &spelling);
            }
            check("extras", &account.extras[0].1, &spelling);

            lines.0.lock().unwrap().clear();
            let error = provider.revoke(&client(), &told).await.unwrap_err();
            check("error", &error.to_string(), &spelling);
            check("debug", &format!("{error:?}"), &spelling);
            let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            let written: Vec<_> = logged.lines().filter(|line| line.contains("withheld")).collect();
            assert_eq!(written.len(), 4, "a line for each level: {logged}");
            written.iter().for_each(|line| check("log", line, &spelling));
            assert!(shared(&logged, &spelling) < 14, "{logged}");

            let error = provider.authenticate(&client(), &told, &vec![]).await.unwrap_err();
            assert!(matches!(&error, Error::Provider { what, .. } if what.starts_with("broke off: ")), "{error:?}");
            check("panic", &error.to_string(), &spelling);
        }
    }
    let grant = Grant::new(GrantKind::DeviceCode, vec![format!("\u{1b}[31m{CLIENT_SECRET}")]);
    let redirect = "http://127.0.0.1:4000/callback".to_owned();
    let Step::EnterCode(prompt) = provider.begin(&client(), &grant, &redirect).await.unwrap() else { panic!() };
    check("user code", &prompt.user_code, CLIENT_SECRET);
}
