//! Rotation and lifetimes as tables of steps, without a server.

use super::*;

const NOW: Duration = Duration::from_secs(100);

fn grants(rotation: Rotation) -> Grants {
    Grants { rotation, ..Grants::new(Arc::new(Mint::new(1))) }
}

fn owner() -> Owner {
    Owner { client: "c".into(), user: "u".into(), scopes: Vec::new() }
}

#[test]
fn a_strict_refresh_token_works_once() {
    let mut grants = grants(Rotation::Strict);
    let first = grants.issue(NOW, Arc::new(owner()));
    let second = grants.refresh(NOW, "c", &first.refresh_token).unwrap();
    assert_eq!(grants.refresh(NOW, "c", &first.refresh_token), Err(Refusal::RefreshTokenExpired));
    assert!(grants.is_live(NOW, &second.refresh_token), "reuse of the old one doesn't harm the new one");
    assert_eq!(grants.live_refresh_tokens(NOW), 1);
}

#[test]
fn a_graceful_refresh_token_works_until_its_successor_is_used() {
    let mut grants = grants(Rotation::Grace);
    let first = grants.issue(NOW, Arc::new(owner()));
    let lost = grants.refresh(NOW, "c", &first.refresh_token).unwrap();
    let second = grants.refresh(NOW, "c", &first.refresh_token).unwrap();
    assert_eq!(grants.live_refresh_tokens(NOW), 2);
    assert_eq!(grants.refresh(NOW, "c", &lost.refresh_token), Err(Refusal::RefreshTokenExpired), "knocked out");
    let third = grants.refresh(NOW, "c", &second.refresh_token).unwrap();
    assert_eq!(grants.refresh(NOW, "c", &first.refresh_token), Err(Refusal::RefreshTokenExpired));
    assert!(grants.is_live(NOW, &second.refresh_token) && grants.is_live(NOW, &third.refresh_token));
    assert_eq!(grants.live_refresh_tokens(NOW), 2);
}

#[test]
fn lifetimes_end_at_their_second() {
    let mut grants = grants(Rotation::Strict);
    let seconds = |seconds| NOW + Duration::from_secs(seconds);
    let [early, late] = [grants.code(NOW, owner()), grants.code(NOW, owner())];
    let tokens = grants.redeem(seconds(30), "c", &early).unwrap();
    assert_eq!(grants.redeem(seconds(31), "c", &late), Err(Refusal::CodeExpired));
    assert!(grants.access(seconds(30 + 3599), &tokens.access_token).is_ok());
    assert_eq!(grants.access(seconds(30 + 3600), &tokens.access_token), Err(NoAccess::Expired));
    let sixty_days = 60 * 24 * 3600;
    assert!(grants.is_live(seconds(30 + sixty_days - 1), &tokens.refresh_token));
    assert_eq!(grants.refresh(seconds(30 + sixty_days), "c", &tokens.refresh_token), Err(Refusal::RefreshTokenExpired));
}

#[test]
fn revoking_the_current_pair_takes_the_kept_predecessor_along() {
    let mut grants = grants(Rotation::Grace);
    let first = grants.issue(NOW, Arc::new(owner()));
    let second = grants.refresh(NOW, "c", &first.refresh_token).unwrap();
    grants.revoke("c", &second.access_token).unwrap();
    assert_eq!(grants.live_refresh_tokens(NOW), 0);
    assert!(!grants.is_live(NOW, &second.access_token));
    assert!(grants.is_live(NOW, &first.access_token), "only the pair dies");
}

#[test]
fn used_up_pairs_are_forgotten_in_time_and_still_answered_for() {
    let mut grants = grants(Rotation::Strict);
    let first = grants.issue(NOW, Arc::new(owner()));
    let mut last = first.clone();
    for _ in 0..MOST_SPENT + 10 {
        last = grants.refresh(NOW, "c", &last.refresh_token).unwrap();
    }
    assert_eq!(grants.pairs.len(), MOST_SPENT + 1);
    assert_eq!(grants.refresh(NOW, "c", &first.refresh_token), Err(Refusal::RefreshTokenExpired));
    assert!(grants.is_live(NOW, &last.access_token));
}
