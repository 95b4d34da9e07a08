//! Providers' own values: apart from each other, for a while, and not too many.

use std::time::Duration;

use jeton_vault::Error;

use crate::home::{Home, Kind, on_both_stores};

const MINUTE: Duration = Duration::from_secs(60);

on_both_stores! {
    values_of_providers_are_kept_apart,
    a_value_ends_with_its_time,
    a_provider_cant_fill_the_store,
}

async fn values_of_providers_are_kept_apart(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    vault.keep("box", "region", "eu", MINUTE).await.unwrap();
    vault.keep("dropbox", "region", "us", MINUTE).await.unwrap();
    vault.keep("box", "region", "de", MINUTE).await.unwrap();
    let vault = home.open().await.unwrap();
    assert_eq!(vault.stored("box", "region").await.unwrap().as_deref(), Some("de"));
    assert_eq!(vault.stored("dropbox", "region").await.unwrap().as_deref(), Some("us"));
    // The runtime lends it to providers by its own trait.
    let lent: &dyn jeton_runtime::Storage = &vault;
    assert_eq!(lent.get("box", "region").await.unwrap().as_deref(), Some("de"));
    lent.delete("box", "region").await.unwrap();
    assert_eq!(vault.stored("box", "region").await.unwrap(), None);
    home.run("UPDATE storage SET provider = 'evil'").await;
    let error = vault.stored("evil", "region").await.unwrap_err();
    assert!(matches!(error, Error::Tampered { .. }), "{error}");
}

async fn a_value_ends_with_its_time(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    vault.keep("box", "short", "x", Duration::from_secs(0)).await.unwrap();
    assert_eq!(vault.stored("box", "short").await.unwrap(), None);
    vault.keep("box", "long", "x", MINUTE).await.unwrap();
    let row = home.seen("SELECT COUNT(*) FROM storage").await;
    assert_eq!(row.get::<i64, _>(0), 1, "what expired is gone");
}

async fn a_provider_cant_fill_the_store(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    let (long_name, long_value) = ("n".repeat(129), "v".repeat(4097));
    for (name, value) in [("", "x"), (&long_name, "x"), ("n", &long_value)] {
        assert!(matches!(vault.keep("box", name, value, MINUTE).await, Err(Error::StorageLimit(_))));
    }
    for number in 0..256 {
        vault.keep("box", &number.to_string(), "x", MINUTE).await.unwrap();
    }
    assert!(matches!(vault.keep("box", "one-more", "x", MINUTE).await, Err(Error::StorageLimit(_))));
    vault.keep("box", "7", "replaced", MINUTE).await.unwrap();
    vault.keep("dropbox", "one", "x", MINUTE).await.unwrap();
}
