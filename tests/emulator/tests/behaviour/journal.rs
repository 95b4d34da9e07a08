//! What the emulator remembers of its requests.

use jeton_emulator::{JournalSize, Options};

use crate::stage::{ME, emulator, refresh, started, tokens};

#[tokio::test]
async fn a_request_is_written_down_with_all_that_a_test_may_ask_for() {
    let emulator = emulator().await;
    emulator.clock().freeze();
    let pair = tokens(&emulator);
    refresh(&emulator, &pair.refresh_token).await;
    emulator.client().get_with_token(&format!("{ME}?fields=name"), &pair.access_token).await.unwrap();
    let [token, api] = emulator.journal().entries().try_into().unwrap();
    assert_eq!((token.method.as_str(), token.host.as_str(), token.path.as_str()), ("POST", "api.box.com", "/oauth2/token"));
    assert_eq!((token.grant_type.as_deref(), token.status, token.fault), (Some("refresh_token"), 200, None));
    assert!(token.form.contains(&("refresh_token".to_owned(), pair.refresh_token)));
    assert_eq!(token.at, emulator.clock().now());
    assert_eq!((api.method.as_str(), api.query.as_deref(), api.status), ("GET", Some("fields=name"), 200));
    assert_eq!(api.authorization, Some(format!("Bearer {}", pair.access_token)));
    assert_eq!(emulator.journal().count(|entry| entry.path == "/oauth2/token"), 1);
    emulator.journal().clear();
    assert!(emulator.journal().entries().is_empty() && emulator.journal().endpoints().is_empty());
}

#[tokio::test]
async fn the_journal_keeps_the_latest_and_counts_all() {
    for (journal, kept) in [(JournalSize::Latest(2), 2), (JournalSize::Off, 0)] {
        let emulator = started(Options { journal, ..Options::default() }).await;
        for _ in 0..3 {
            emulator.client().get(ME).await.unwrap();
        }
        assert_eq!(emulator.journal().entries().len(), kept);
        assert_eq!(emulator.journal().endpoints().get("GET api.box.com/2.0/users/me"), Some(&3));
    }
}
