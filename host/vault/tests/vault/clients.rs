//! Clients: added, told about, corrected, removed.

use jeton_runtime::Remedy;
use jeton_vault::{ClientName, Error};

use crate::home::{Home, Kind, client, on_both_stores};

on_both_stores! {
    a_client_comes_back_as_it_was,
    a_client_is_not_overwritten_by_another,
    a_client_that_is_used_stays_and_its_users_are_named,
    an_unknown_client_is_told_with_the_one_that_was_meant,
}

async fn a_client_comes_back_as_it_was(kind: Kind) {
    let home = Home::on(kind).await;
    home.vault().await;
    let vault = home.open().await.unwrap();
    let name: ClientName = "mine".parse().unwrap();
    let back = vault.client(&name).await.unwrap();
    assert_eq!((back.id, back.settings), (client().id, client().settings));
    let secret = &back.secrets["client-secret"];
    assert_eq!((secret.kind(), secret.reveal()), ("client-secret", &b"the-client-secret"[..]));

    let info = vault.client_info(&name).await.unwrap();
    assert_eq!((info.name, info.provider.as_str(), info.secrets), (name, "box", vec!["client-secret".to_owned()]));
    assert!(info.created_at.is_some());
    assert_eq!(vault.clients().await.unwrap().len(), 1);
}

async fn a_client_is_not_overwritten_by_another(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    let (name, mut other) = ("mine".parse().unwrap(), client());
    other.id = "app-2".to_owned();
    let error = vault.add_client(&name, "dropbox", &other).await.unwrap_err();
    assert!(matches!(error, Error::ClientExists(_)) && error.hint().is_some(), "{error}");
    assert_eq!(vault.client(&name).await.unwrap().id, "app-1");
    vault.replace_client(&name, &other).await.unwrap();
    assert_eq!(vault.client(&name).await.unwrap().id, "app-2");
}

async fn a_client_that_is_used_stays_and_its_users_are_named(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    let name = "mine".parse().unwrap();
    let error = vault.remove_client(&name).await.unwrap_err();
    assert!(matches!(error, Error::ClientInUse { .. }) && error.to_string().contains("work"), "{error}");
    vault.client(&name).await.unwrap();
    vault.remove(&crate::home::work()).await.unwrap();
    vault.remove_client(&name).await.unwrap();
    assert!(vault.clients().await.unwrap().is_empty());
}

async fn an_unknown_client_is_told_with_the_one_that_was_meant(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    let (typo, strange): (ClientName, ClientName) = ("mien".parse().unwrap(), "zzz".parse().unwrap());
    for error in [
        vault.client(&typo).await.err().unwrap(),
        vault.client_info(&typo).await.err().unwrap(),
        vault.remove_client(&typo).await.err().unwrap(),
        vault.replace_client(&typo, &client()).await.err().unwrap(),
    ] {
        assert!(error.to_string().contains("mien") && error.hint().unwrap().contains("\"mine\""), "{error}");
        assert_eq!(error.remedy(), Remedy::Other);
    }
    let error = vault.client(&strange).await.err().unwrap();
    assert!(error.hint().unwrap().contains("jeton clients list"));
}
