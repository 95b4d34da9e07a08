//! The virtual clock in what the services say.

use std::time::{Duration, SystemTime};

use jeton_emulator::Emulator;

use crate::stage::{ME, emulator, header, tokens};

async fn date(emulator: &Emulator) -> SystemTime {
    let answer = emulator.client().get(ME).await.unwrap();
    assert_eq!(answer.headers().get_all("date").iter().count(), 1);
    httpdate::parse_http_date(header(&answer, "date").unwrap()).unwrap()
}

#[tokio::test]
async fn the_date_header_follows_the_clock_and_its_skew() {
    let emulator = emulator().await;
    emulator.clock().freeze();
    let start = date(&emulator).await;
    emulator.clock().advance(Duration::from_secs(86_400));
    assert_eq!(date(&emulator).await, start + Duration::from_secs(86_400));
    emulator.clock().set_skew(-300);
    assert_eq!(date(&emulator).await, start + Duration::from_secs(86_100));
    emulator.clock().set_skew(0);
    assert_eq!(date(&emulator).await, start + Duration::from_secs(86_400));
}

#[tokio::test]
async fn a_wrong_date_ages_no_token() {
    let emulator = emulator().await;
    let token = tokens(&emulator).access_token;
    emulator.clock().set_skew(100_000);
    assert!(emulator.box_service().is_live(&token));
    emulator.clock().advance(Duration::from_secs(3600));
    assert!(!emulator.box_service().is_live(&token));
}
