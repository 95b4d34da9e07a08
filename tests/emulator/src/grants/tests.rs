//! Rotation and lifetimes as tables of steps, without a server.

use super::*;

const NOW: Duration = Duration::from_secs(100);

fn grants(rotation: Rotation) -> Grants {
    Grants { rotation, ..Grants::new(Arc::new(Mint::new(1))) }
}

fn owner() -> Owner {
    Owner { client: "c".into(), user: "u".into(), scopes: Vec::new(), details: () }
}

fn token(minted: &Minted) -> &str {
    minted.refresh.as_deref().unwrap()
}

#[test]
fn a_strict_refresh_token_works_once() {
    let mut grants = grants(Rotation::Strict);
    let first = grants.issue(NOW, Arc::new(owner()));
    let second = grants.refresh(NOW, "c", token(&first), None).unwrap();
    assert_eq!(grants.refresh(NOW, "c", token(&first), None), Err(BadGrant::Expired));
    assert!(grants.is_live(NOW, token(&second)), "reuse of the old one doesn't harm the new one");
    assert_eq!(grants.live_refresh_tokens(NOW), 1);
}

#[test]
fn a_guarded_refresh_token_that_is_shown_again_ends_its_grant_alone() {
    let mut grants = grants(Rotation::Guarded);
    let [first, other] = [grants.issue(NOW, Arc::new(owner())), grants.issue(NOW, Arc::new(owner()))];
    let second = grants.refresh(NOW, "c", token(&first), None).unwrap();
    assert_eq!(grants.refresh(NOW, "another", token(&first), None), Err(BadGrant::Unknown));
    assert!(grants.is_live(NOW, token(&second)), "who isn't the client ends nothing");
    assert_eq!(grants.refresh(NOW, "c", token(&first), None), Err(BadGrant::Expired));
    assert!(!grants.is_live(NOW, token(&second)) && !grants.is_live(NOW, &second.access));
    assert_eq!(grants.refresh(NOW, "c", token(&second), None), Err(BadGrant::Expired));
    assert!(grants.is_live(NOW, token(&other)));
}

#[test]
fn a_graceful_refresh_token_works_until_its_successor_is_used() {
    let mut grants = grants(Rotation::Grace);
    let first = grants.issue(NOW, Arc::new(owner()));
    let lost = grants.refresh(NOW, "c", token(&first), None).unwrap();
    let second = grants.refresh(NOW, "c", token(&first), None).unwrap();
    assert_eq!(grants.live_refresh_tokens(NOW), 2);
    assert_eq!(grants.refresh(NOW, "c", token(&lost), None), Err(BadGrant::Expired), "knocked out");
    let third = grants.refresh(NOW, "c", token(&second), None).unwrap();
    assert_eq!(grants.refresh(NOW, "c", token(&first), None), Err(BadGrant::Expired));
    assert!(grants.is_live(NOW, token(&second)) && grants.is_live(NOW, token(&third)));
    assert_eq!(grants.live_refresh_tokens(NOW), 2);
}

#[test]
fn lifetimes_end_at_their_second() {
    let mut grants = grants(Rotation::Strict);
    let seconds = |seconds| NOW + Duration::from_secs(seconds);
    let [early, late] = [grants.code(NOW, owner()), grants.code(NOW, owner())];
    let owner = grants.redeem(seconds(30), "c", &early).unwrap();
    let tokens = grants.issue(seconds(30), owner);
    assert_eq!(grants.redeem(seconds(31), "c", &late), Err(BadGrant::Expired));
    assert!(grants.access(seconds(30 + 3599), &tokens.access).is_ok());
    assert_eq!(grants.access(seconds(30 + 3600), &tokens.access), Err(NoAccess::Expired));
    let sixty_days = 60 * 24 * 3600;
    assert!(grants.is_live(seconds(30 + sixty_days - 1), token(&tokens)));
    assert_eq!(grants.refresh(seconds(30 + sixty_days), "c", token(&tokens), None), Err(BadGrant::Expired));
}

#[test]
fn revoking_the_current_pair_takes_the_kept_predecessor_along() {
    let mut grants = grants(Rotation::Grace);
    let first = grants.issue(NOW, Arc::new(owner()));
    let second = grants.refresh(NOW, "c", token(&first), None).unwrap();
    grants.revoke("c", &second.access, Cascade::Pair).unwrap();
    assert_eq!(grants.live_refresh_tokens(NOW), 0);
    assert!(!grants.is_live(NOW, &second.access));
    assert!(grants.is_live(NOW, &first.access), "only the pair dies");
}

#[test]
fn used_up_pairs_are_forgotten_in_time_and_still_answered_for() {
    let mut grants = grants(Rotation::Strict);
    let first = grants.issue(NOW, Arc::new(owner()));
    let mut last = first.clone();
    for _ in 0..MOST_SPENT + 10 {
        last = grants.refresh(NOW, "c", token(&last), None).unwrap();
    }
    assert_eq!(grants.pairs.len(), MOST_SPENT + 1);
    assert_eq!(grants.refresh(NOW, "c", token(&first), None), Err(BadGrant::Expired));
    assert!(grants.is_live(NOW, &last.access));
}

#[test]
fn a_refresh_token_that_never_rotates_gives_access_tokens_until_the_grant_is_revoked() {
    let mut grants = grants(Rotation::Never);
    let first = grants.issue(NOW, Arc::new(owner()));
    let [second, third] = [(); 2].map(|()| grants.refresh(NOW, "c", token(&first), None).unwrap());
    assert_eq!((&second.refresh, &third.refresh), (&None, &None));
    grants.revoke("c", &second.access, Cascade::Grant).unwrap();
    assert!([&first.access, &second.access, &third.access].into_iter().all(|token| !grants.is_live(NOW, token)));
    assert_eq!(grants.refresh(NOW, "c", token(&first), None), Err(BadGrant::Expired));
}

#[test]
fn fewer_scopes_for_one_access_token_leave_the_grant_as_it_is() {
    let mut grants = grants(Rotation::Strict);
    let wide = Owner { scopes: vec!["a".into(), "b".into()], ..owner() };
    let narrow = Owner { scopes: vec!["a".into()], ..owner() };
    let first = grants.issue(NOW, Arc::new(wide.clone()));
    let second = grants.refresh(NOW, "c", token(&first), Some(Arc::new(narrow.clone()))).unwrap();
    assert_eq!(*grants.access(NOW, &second.access).unwrap(), narrow);
    assert_eq!(*grants.refreshable(NOW, "c", token(&second)).unwrap(), wide);
}
