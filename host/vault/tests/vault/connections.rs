//! Connections: kept, told about, renamed, replaced, removed.

use jeton_runtime::{Account, Grant, GrantKind};
use jeton_vault::{ConnectionName, Error, NewConnection, Status};

use crate::home::{Home, Kind, account, on_both_stores, save, tokens, work};
use crate::service::{Service, refresh_token, shared};

on_both_stores! {
    a_connection_comes_back_as_it_was,
    what_is_known_of_an_account_grows_and_stays_with_it,
    an_accounts_extras_are_none_of_the_tokens,
    a_name_that_is_taken_is_replaced_only_on_request,
    a_sign_in_ends_every_bad_status,
    a_renamed_connection_keeps_its_tokens,
    an_unknown_connection_is_told_with_the_one_that_was_meant,
    a_connection_needs_a_client_that_exists,
}

async fn a_connection_comes_back_as_it_was(kind: Kind) {
    let home = Home::on(kind).await;
    home.connected(3600).await;
    let vault = home.open().await.unwrap();
    let info = vault.connection(&work()).await.unwrap();
    assert_eq!((info.provider.as_str(), info.client.as_str(), info.grant), ("box", "mine", GrantKind::AuthorizationCode));
    assert_eq!((info.scopes, info.scope.as_deref()), (vec!["root_readonly".to_owned()], Some("read")));
    assert_eq!((info.account, info.status, info.refreshable), (Some(account()), Status::Active, true));
    assert!(info.expires_at.is_some() && info.refresh_expires_at.is_none() && info.created_at.is_some());
    let tokens = vault.tokens(&work()).await.unwrap();
    assert_eq!(tokens.access.as_ref().unwrap().reveal(), b"a0");
    assert_eq!(tokens.refresh.as_ref().unwrap().kind(), "refresh-token");
    assert_eq!(tokens.extras, [("instance".to_owned(), "eu-1".to_owned())]);
    let grant = vault.grant(&work()).await.unwrap();
    assert_eq!((grant.kind, grant.options), (GrantKind::AuthorizationCode, vec![("prompt".to_owned(), "consent".to_owned())]));
}

fn known(id: &str, extras: &[(&str, &str)]) -> Account {
    let extras = extras.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Account { id: id.to_owned(), extras, ..account() }
}

async fn what_is_known_of_an_account_grows_and_stays_with_it(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(3600).await;
    for (said, kept) in [
        (known("7", &[("drive-type", "personal")]), known("7", &[("drive-id", "d-7"), ("drive-type", "personal")])),
        (known("7", &[("drive-id", "d-8")]), known("7", &[("drive-id", "d-8"), ("drive-type", "personal")])),
        (known("7", &[]), known("7", &[("drive-id", "d-8"), ("drive-type", "personal")])),
        // Somebody else has other drives.
        (known("9", &[("drive-type", "business")]), known("9", &[("drive-type", "business")])),
        (known("7", &[]), known("7", &[])),
    ] {
        vault.set_account(&work(), &said).await.unwrap();
        assert_eq!(home.again().await.connection(&work()).await.unwrap().account, Some(kept));
    }
    let error = vault.set_account(&"wrok".parse().unwrap(), &account()).await.unwrap_err();
    assert!(matches!(error, Error::UnknownConnection { .. }), "{error}");
}

/// A provider that tells of an account can't change where the connection's requests go.
async fn an_accounts_extras_are_none_of_the_tokens(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    vault.set_account(&work(), &known("7", &[("instance", "evil"), ("drive-id", "d-9")])).await.unwrap();
    let before = vault.tokens(&work()).await.unwrap().extras;
    assert_eq!(before, [("instance".to_owned(), "eu-1".to_owned())]);
    vault.refresh(&work(), &shared(&Service::strict(std::time::Duration::ZERO))).await.unwrap();
    assert_eq!(vault.tokens(&work()).await.unwrap().extras, before);
    let account = vault.connection(&work()).await.unwrap().account.unwrap();
    assert!(account.extras.contains(&("drive-id".to_owned(), "d-9".to_owned())), "a refresh leaves it alone");
}

async fn a_name_that_is_taken_is_replaced_only_on_request(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    let created = vault.connection(&work()).await.unwrap().created_at;
    let error = save(&vault, "work", &tokens(1, Some(5)), false).await.unwrap_err();
    assert!(matches!(error, Error::ConnectionExists(_)), "{error}");
    assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r0");
    save(&vault, "work", &tokens(1, Some(5)), true).await.unwrap();
    assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r1");
    assert_eq!(vault.connection(&work()).await.unwrap().created_at, created);
    assert_eq!(vault.connections().await.unwrap().len(), 1);
}

async fn a_sign_in_ends_every_bad_status(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    vault.mark_revoked(&work()).await.unwrap();
    save(&vault, "work", &tokens(1, Some(3600)), true).await.unwrap();
    assert_eq!(vault.connection(&work()).await.unwrap().status, Status::Active);
    assert_eq!(vault.tokens(&work()).await.unwrap().access.unwrap().reveal(), b"a1");
}

async fn a_renamed_connection_keeps_its_tokens(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    save(&vault, "home", &tokens(9, Some(5)), false).await.unwrap();
    let (office, taken): (ConnectionName, _) = ("office".parse().unwrap(), "home".parse().unwrap());
    assert!(matches!(vault.rename(&work(), &taken).await, Err(Error::ConnectionExists(name)) if name == "home"));
    vault.rename(&work(), &office).await.unwrap();
    assert_eq!(refresh_token(&vault.tokens(&office).await.unwrap()), "r0");
    assert!(matches!(vault.tokens(&work()).await, Err(Error::UnknownConnection { .. })));
}

async fn an_unknown_connection_is_told_with_the_one_that_was_meant(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    let typo: ConnectionName = "wrok".parse().unwrap();
    for error in [
        vault.connection(&typo).await.err().unwrap(),
        vault.tokens(&typo).await.err().unwrap(),
        vault.rename(&typo, &"new".parse().unwrap()).await.err().unwrap(),
        vault.remove(&typo).await.err().unwrap(),
        vault.mark_revoked(&typo).await.err().unwrap(),
    ] {
        assert!(error.to_string().contains("wrok") && error.hint().unwrap().contains("\"work\""), "{error}");
    }
    vault.remove(&work()).await.unwrap();
    assert!(vault.connections().await.unwrap().is_empty());
    assert!(vault.connection(&typo).await.err().unwrap().hint().unwrap().contains("jeton connect"));
}

async fn a_connection_needs_a_client_that_exists(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    let (name, client, grant) = (work(), "none".parse().unwrap(), Grant::new(GrantKind::DeviceCode, vec![]));
    let tokens = tokens(0, None);
    let new = NewConnection { name: &name, client: &client, grant: &grant, tokens: &tokens, account: None, replace: false };
    assert!(matches!(vault.save(new).await, Err(Error::UnknownClient { .. })));
}
