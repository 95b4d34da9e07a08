//! What a refresh that brings no tokens, or odd ones, means for the connection.

use std::time::{Duration, SystemTime};

use jeton_runtime::{Error as Trouble, ErrorKind, Remedy, ServiceError};
use jeton_vault::{Error, Status};

use crate::home::{Home, Kind, on_both_stores, save, tokens, work};
use crate::service::{Service, no, refresh_token, shared};

const MINUTE: Duration = Duration::from_secs(60);

on_both_stores! {
    invalid_grant_asks_for_a_sign_in_and_isnt_tried_again,
    a_token_that_is_good_is_handed_out_although_a_sign_in_is_due,
    invalid_grant_is_forgiven_where_the_stored_tokens_have_changed,
    trouble_that_passes_keeps_everything_and_is_tried_again,
    a_lost_answer_is_remembered_when_the_service_refuses_later,
    a_certificate_that_can_not_be_shown_leaves_nothing_in_doubt,
    a_service_that_asks_to_wait_is_left_alone_until_then,
    a_token_that_is_still_valid_bridges_the_trouble_but_not_for_who_wants_a_new_one,
    other_trouble_changes_nothing,
    a_token_without_an_end_is_valid_without_end,
    a_new_token_that_lives_shorter_than_wanted_is_handed_out_all_the_same,
    without_a_refresh_token_a_person_must_sign_in,
    a_revoked_connection_has_no_tokens_and_says_so,
}

async fn invalid_grant_asks_for_a_sign_in_and_isnt_tried_again(kind: Kind) {
    let home = Home::on(kind).await;
    let (vault, service) = (home.connected(0).await, Service::always(Err(no(ErrorKind::InvalidGrant))));
    for _ in 0..3 {
        let error = vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap_err();
        assert!(matches!(error, Error::Reauthorize { .. }), "{error}");
        assert_eq!(error.remedy(), Remedy::SignIn);
        assert!(error.to_string().contains("says the service") && error.to_string().contains("work"), "{error}");
        assert!(error.hint().unwrap().contains("jeton connect"));
    }
    assert_eq!(service.calls(), 1);
    let Status::Reauthorize { reason, since } = vault.connection(&work()).await.unwrap().status else { panic!() };
    assert!(reason.contains("says the service") && since.is_some());
    assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r0", "nothing was lost");

    // Told to, it tries once more; a new sign-in ends it.
    let service = Service::strict(Duration::ZERO);
    assert_eq!(vault.refresh(&work(), &shared(&service)).await.unwrap().secret.reveal(), b"a1");
    assert_eq!(vault.connection(&work()).await.unwrap().status, Status::Active);
}

async fn a_token_that_is_good_is_handed_out_although_a_sign_in_is_due(kind: Kind) {
    let home = Home::on(kind).await;
    let (vault, service) = (home.connected(3600).await, Service::always(Err(no(ErrorKind::InvalidGrant))));
    vault.refresh(&work(), &shared(&service)).await.unwrap_err();
    assert_eq!(vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap().secret.reveal(), b"a0");
    assert_eq!(service.calls(), 1);
}

async fn invalid_grant_is_forgiven_where_the_stored_tokens_have_changed(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(0).await;
    let during = vault.clone();
    let service = Service::new(move |_, _| {
        let vault = during.clone();
        async move {
            save(&vault, "work", &tokens(5, Some(3600)), true).await.unwrap();
            Err(no(ErrorKind::InvalidGrant))
        }
    });
    assert_eq!(vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap().secret.reveal(), b"a5");
    assert_eq!(vault.connection(&work()).await.unwrap().status, Status::Active);
}

async fn trouble_that_passes_keeps_everything_and_is_tried_again(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(0).await;
    for (trouble, pauses) in
        [(Trouble::Unreachable("no route to the service".to_owned()), false), (no(ErrorKind::TemporarilyUnavailable), true)]
    {
        let service = Service::always(Err(trouble.clone()));
        let error = vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap_err();
        // The second in a row is followed by a pause, so that nobody hammers at a service in trouble.
        let Error::Retry { retry_at, .. } = &error else { panic!("{error}") };
        assert_eq!(retry_at.is_some(), pauses, "{error}");
        assert_eq!(error.remedy(), Remedy::Retry);
        assert!(error.to_string().contains(&trouble.to_string()), "{error}");
        let Status::Retry { reason, .. } = vault.connection(&work()).await.unwrap().status else { panic!() };
        assert_eq!(reason, trouble.to_string());
    }
    let row = home.seen("SELECT lease_owner, intent_generation FROM connections").await;
    assert!(row.get::<Option<String>, _>(0).is_none());
    assert_eq!(row.get::<Option<i64>, _>(1), Some(1), "nobody knows whether the service rotated the token");

    let sleeper = Service::never();
    let error = vault.access_token(&work(), MINUTE, &shared(&sleeper)).await.unwrap_err();
    assert!(matches!(error, Error::Retry { .. }) && sleeper.calls() == 0, "{error}");
    home.run("UPDATE connections SET retry_at = 1").await;
    let service = Service::strict(Duration::ZERO);
    assert_eq!(vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap().secret.reveal(), b"a1");
    assert_eq!(home.seen("SELECT failures FROM connections").await.get::<i64, _>(0), 0);
    assert_eq!(vault.connection(&work()).await.unwrap().status, Status::Active);
}

async fn a_lost_answer_is_remembered_when_the_service_refuses_later(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(0).await;
    let lost = Service::always(Err(Trouble::Unreachable("the answer broke off".to_owned())));
    vault.access_token(&work(), MINUTE, &shared(&lost)).await.unwrap_err();
    let refused = Service::always(Err(no(ErrorKind::InvalidGrant)));
    let error = vault.access_token(&work(), MINUTE, &shared(&refused)).await.unwrap_err();
    assert!(error.to_string().contains("An earlier refresh got no answer"), "{error}");
    let once_more = vault.refresh(&work(), &shared(&refused)).await.unwrap_err();
    assert_eq!(once_more.to_string(), error.to_string());
}

/// Nothing was sent, so no answer can have been lost.
async fn a_certificate_that_can_not_be_shown_leaves_nothing_in_doubt(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(0).await;
    let unfit = Service::always(Err(Trouble::Certificate { what: "it ended".to_owned(), hint: "renew it".to_owned() }));
    let error = vault.access_token(&work(), MINUTE, &shared(&unfit)).await.unwrap_err();
    assert_eq!(error.remedy(), Remedy::FixClient);
    let refused = Service::always(Err(no(ErrorKind::InvalidGrant)));
    let error = vault.access_token(&work(), MINUTE, &shared(&refused)).await.unwrap_err();
    assert!(!error.to_string().contains("An earlier refresh"), "{error}");
}

async fn a_service_that_asks_to_wait_is_left_alone_until_then(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(0).await;
    let wait = Some(Duration::from_secs(120));
    let trouble = ServiceError { kind: ErrorKind::RateLimited, code: None, description: None, retry_after: wait };
    let service = Service::always(Err(Trouble::Service(trouble)));
    for _ in 0..3 {
        let error = vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap_err();
        let Error::Retry { retry_at: Some(at), .. } = &error else { panic!("{error}") };
        let left = at.duration_since(SystemTime::now()).unwrap();
        assert!(left > Duration::from_secs(110) && left <= Duration::from_secs(120), "{left:?}");
        assert!(error.hint().unwrap().contains("seconds"));
    }
    assert_eq!(service.calls(), 1);
    home.run("UPDATE connections SET retry_at = 1").await;
    let service = Service::strict(Duration::ZERO);
    vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap();
}

async fn a_token_that_is_still_valid_bridges_the_trouble_but_not_for_who_wants_a_new_one(kind: Kind) {
    let home = Home::on(kind).await;
    let (vault, service) = (home.connected(30).await, Service::always(Err(no(ErrorKind::TemporarilyUnavailable))));
    assert_eq!(vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap().secret.reveal(), b"a0");
    assert_eq!(service.calls(), 1);
    assert!(matches!(vault.refresh(&work(), &shared(&service)).await, Err(Error::Retry { .. })));
}

async fn other_trouble_changes_nothing(kind: Kind) {
    let home = Home::on(kind).await;
    let (vault, service) = (home.connected(0).await, Service::always(Err(no(ErrorKind::InvalidClient))));
    let error = vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap_err();
    assert!(matches!(error, Error::Provider { .. }), "{error}");
    assert_eq!(error.remedy(), Remedy::FixClient);
    assert!(error.to_string().contains("work") && error.hint().unwrap().contains("developer console"));
    assert_eq!(vault.connection(&work()).await.unwrap().status, Status::Active);
    let row = home.seen("SELECT generation, lease_owner, intent_generation FROM connections").await;
    assert_eq!((row.get(0), row.get(1), row.get(2)), (1_i64, None::<String>, None::<i64>));

    // The registration is corrected, and the connection works again.
    vault.replace_client(&"mine".parse().unwrap(), &crate::home::client()).await.unwrap();
    let service = Service::strict(Duration::ZERO);
    assert_eq!(vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap().secret.reveal(), b"a1");
}

async fn a_token_without_an_end_is_valid_without_end(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    save(&vault, "work", &tokens(0, None), false).await.unwrap();
    let token = vault.access_token(&work(), Duration::MAX, &shared(&Service::never())).await.unwrap();
    assert_eq!((token.secret.reveal(), token.expires_at), (&b"a0"[..], None));
}

async fn a_new_token_that_lives_shorter_than_wanted_is_handed_out_all_the_same(kind: Kind) {
    let home = Home::on(kind).await;
    let (vault, service) = (home.connected(5).await, Service::always(Ok(tokens(1, Some(20)))));
    let token = vault.access_token(&work(), Duration::from_secs(7200), &shared(&service)).await.unwrap();
    assert_eq!(token.secret.reveal(), b"a1");
    assert_eq!(service.calls(), 1);
}

async fn without_a_refresh_token_a_person_must_sign_in(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    let mut first = tokens(0, Some(30));
    first.refresh = None;
    save(&vault, "work", &first, false).await.unwrap();
    let service = Service::never();
    assert!(!vault.connection(&work()).await.unwrap().refreshable);
    let token = vault.access_token(&work(), Duration::from_secs(10), &shared(&service)).await.unwrap();
    assert_eq!(token.secret.reveal(), b"a0");
    let error = vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap_err();
    assert!(error.to_string().contains("no refresh token"), "{error}");
    assert_eq!((error.remedy(), service.calls()), (Remedy::SignIn, 0));
}

async fn a_revoked_connection_has_no_tokens_and_says_so(kind: Kind) {
    let home = Home::on(kind).await;
    let (vault, service) = (home.connected(3600).await, Service::never());
    vault.mark_revoked(&work()).await.unwrap();
    let vault = home.again().await;
    for error in [
        vault.access_token(&work(), MINUTE, &shared(&service)).await.unwrap_err(),
        vault.refresh(&work(), &shared(&service)).await.unwrap_err(),
    ] {
        assert!(error.to_string().contains("revoked"), "{error}");
        assert_eq!(error.remedy(), Remedy::SignIn);
    }
    assert!(matches!(vault.connection(&work()).await.unwrap().status, Status::Revoked { since: Some(_) }));
    let left = vault.tokens(&work()).await.unwrap();
    assert!(left.access.is_none() && left.refresh.is_none());
}
