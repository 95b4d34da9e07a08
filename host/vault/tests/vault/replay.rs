//! A whole row from before, put back as it was.

use std::time::Duration;

use jeton_vault::Error;

use crate::home::{Home, Kind, on_both_stores, save, tokens, work};
use crate::service::{Service, refresh_token, shared};

async fn a_whole_row_from_before_is_refused_by_whoever_has_seen_a_later_one(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    home.run("CREATE TABLE copy AS SELECT * FROM connections").await;
    let service = Service::strict(Duration::ZERO);
    vault.refresh(&work(), &shared(&service)).await.unwrap();
    assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r1");
    home.run("DELETE FROM connections; INSERT INTO connections SELECT * FROM copy").await;
    for error in [
        vault.tokens(&work()).await.err().unwrap(),
        vault.access_token(&work(), Duration::ZERO, &shared(&service)).await.err().unwrap(),
        vault.refresh(&work(), &shared(&service)).await.err().unwrap(),
    ] {
        assert!(matches!(error, Error::Replayed { .. }) && error.to_string().contains("\"work\""), "{error}");
        assert!(error.hint().unwrap().contains("restart"));
    }
    assert_eq!(service.calls(), 1, "the old refresh token wasn't used");
    assert_eq!(vault.connections().await.unwrap().len(), 1, "the rest is told");
    // Whoever hasn't seen it can't tell: SECURITY.md says so.
    assert_eq!(refresh_token(&home.again().await.tokens(&work()).await.unwrap()), "r0");
    // Signing in again is the way out.
    save(&vault, "work", &tokens(5, Some(3600)), true).await.unwrap();
    assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r5");
}

on_both_stores!(a_whole_row_from_before_is_refused_by_whoever_has_seen_a_later_one);
