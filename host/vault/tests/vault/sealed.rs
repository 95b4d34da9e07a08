//! What somebody finds who has the file, and what happens when they change it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use jeton_runtime::{Client, Secret};
use jeton_vault::{Error, KeySource, Vault};

use crate::home::{Home, Kind, on_both_stores, save, tokens, work};
use crate::service::{Service, shared};

on_both_stores! {
    no_secret_is_in_the_store_in_any_form,
    every_sealed_column_notices_a_changed_byte_and_the_rest_stays_readable,
    a_tampered_access_token_is_not_handed_out,
    rows_and_columns_cant_be_swapped,
    tokens_from_before_a_refresh_cant_be_put_back,
    a_token_cant_be_led_to_another_provider,
    a_clients_secrets_are_bound_to_the_client,
}

fn assert_tampered(error: &Error, parts: &[&str]) {
    assert!(matches!(error, Error::Tampered { .. }), "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(error.hint().unwrap().contains("backup") && error.hint().unwrap().contains("nothing was deleted"));
}

async fn no_secret_is_in_the_store_in_any_form(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    let private_key = vec![0xf7, 0x01, 0x80, 0x33, 0x9c, 0x00, 0xfe, 0x61, 0x5a, 0xd1, 0x02, 0x7e, 0x11, 0xab, 0xcd, 0x99];
    let mut client = Client { id: "app-2".to_owned(), ..Client::default() };
    client.secrets.insert("private-key".to_owned(), Secret::new("private-key", private_key.clone()));
    vault.add_client(&"other".parse().unwrap(), "box", &client).await.unwrap();
    let mut first = tokens(0, Some(0));
    first.access = Secret::new("access-token", "access-token-bytes-1");
    first.refresh = Some(Secret::new("refresh-token", "refresh-token-bytes-1"));
    first.extras = vec![("hint".to_owned(), "extra-value-bytes-1".to_owned())];
    save(&vault, "work", &first, false).await.unwrap();
    let mut next = tokens(1, Some(3600));
    next.access = Secret::new("access-token", "access-token-bytes-2");
    next.refresh = Some(Secret::new("refresh-token", "refresh-token-bytes-2"));
    vault.access_token(&work(), Duration::from_secs(60), &shared(&Service::always(Ok(next)))).await.unwrap();
    vault.keep("box", "nonce", "stored-value-bytes-1", Duration::from_secs(60)).await.unwrap();

    let key = std::fs::read_to_string(home.key()).unwrap();
    let bytes = home.bytes().await;
    assert!(bytes.windows(5).any(|window| window == b"app-2"), "what isn't secret is found, so the search works");
    let mut secrets: Vec<Vec<u8>> = ["access-token-bytes", "refresh-token-bytes", "extra-value-bytes", "stored-value-bytes"]
        .iter()
        .map(|text| text.as_bytes().to_vec())
        .collect();
    secrets.extend([private_key, b"the-client-secret".to_vec(), STANDARD.decode(key.trim()).unwrap()]);
    for secret in secrets {
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let forms = [
            secret.clone(),
            hex.to_uppercase().into_bytes(),
            hex.into_bytes(),
            STANDARD_NO_PAD.encode(&secret).into_bytes(),
            URL_SAFE_NO_PAD.encode(&secret).into_bytes(),
        ];
        for form in forms {
            assert!(!bytes.windows(form.len()).any(|window| window == form), "{}", String::from_utf8_lossy(&form));
        }
    }
}

async fn every_sealed_column_notices_a_changed_byte_and_the_rest_stays_readable(kind: Kind) {
    for (column, says) in [("access_token", "access token"), ("refresh_token", "refresh token"), ("extras", "extras")] {
        let home = Home::on(kind).await;
        let vault = home.connected(3600).await;
        let zero = kind.bytes("00");
        home.run(&format!("UPDATE connections SET {column} = substr({column}, 1, 30) || {zero} || substr({column}, 32)")).await;
        assert_tampered(&vault.tokens(&work()).await.unwrap_err(), &[says, "\"work\"", &home.store_name()]);
        assert_eq!(vault.connections().await.unwrap().len(), 1);
        assert_eq!(vault.connection(&work()).await.unwrap().account.unwrap().id, "7");
        // Signing in again is the way out.
        save(&vault, "work", &tokens(3, Some(3600)), true).await.unwrap();
        assert_eq!(vault.tokens(&work()).await.unwrap().access.unwrap().reveal(), b"a3");
    }
}

async fn a_tampered_access_token_is_not_handed_out(kind: Kind) {
    let home = Home::on(kind).await;
    let (vault, service) = (home.connected(3600).await, Service::never());
    home.run(&format!("UPDATE connections SET access_token = {}", kind.bytes("01020304"))).await;
    let error = vault.access_token(&work(), Duration::from_secs(60), &shared(&service)).await.unwrap_err();
    assert_tampered(&error, &["access token", "\"work\""]);
    assert_eq!(service.calls(), 0);
}

async fn rows_and_columns_cant_be_swapped(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(3600).await;
    save(&vault, "home", &tokens(9, Some(3600)), false).await.unwrap();
    home.run("UPDATE connections SET access_token = (SELECT access_token FROM connections WHERE name = 'home') WHERE name = 'work'").await;
    assert_tampered(&vault.tokens(&work()).await.unwrap_err(), &["\"work\""]);
    let untouched = vault.tokens(&"home".parse().unwrap()).await.unwrap();
    assert_eq!(untouched.access.unwrap().reveal(), b"a9");

    save(&vault, "work", &tokens(1, Some(3600)), true).await.unwrap();
    home.run("UPDATE connections SET access_token = refresh_token, refresh_token = access_token").await;
    assert_tampered(&vault.tokens(&work()).await.unwrap_err(), &["\"work\""]);
}

async fn tokens_from_before_a_refresh_cant_be_put_back(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    home.run("CREATE TABLE copy AS SELECT * FROM connections").await;
    vault.refresh(&work(), &shared(&Service::strict(Duration::ZERO))).await.unwrap();
    home.run("UPDATE connections SET refresh_token = (SELECT refresh_token FROM copy)").await;
    assert_tampered(&vault.tokens(&work()).await.unwrap_err(), &["refresh token"]);
}

async fn a_token_cant_be_led_to_another_provider(kind: Kind) {
    let home = Home::on(kind).await;
    let (vault, service) = (home.connected(3600).await, Service::never());
    home.run("UPDATE connections SET provider = 'evil'").await;
    let error = vault.access_token(&work(), Duration::from_secs(60), &shared(&service)).await.unwrap_err();
    assert_tampered(&error, &["\"work\""]);
}

async fn a_clients_secrets_are_bound_to_the_client(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    let (mine, other) = ("mine".parse().unwrap(), "other".parse().unwrap());
    vault.add_client(&other, "box", &Client::default()).await.unwrap();
    home.run("UPDATE clients SET secrets = (SELECT secrets FROM clients WHERE name = 'mine') WHERE name = 'other'").await;
    assert_tampered(&vault.client(&other).await.unwrap_err(), &["secrets", "\"other\""]);
    assert_eq!(vault.clients().await.unwrap().len(), 2);
    assert_eq!(vault.client(&mine).await.unwrap().secrets.len(), 1);
    vault.replace_client(&other, &crate::home::client()).await.unwrap();
    assert_eq!(vault.client(&other).await.unwrap().secrets.len(), 1);
}

#[tokio::test]
async fn a_row_of_another_store_doesnt_open_even_with_the_same_master_key() {
    let (home, other) = (Home::new(), Home::new());
    home.connected(3600).await;
    let vault = Vault::open(&other.store(), KeySource::File(home.key())).await.unwrap();
    vault.add_client(&"mine".parse().unwrap(), "box", &crate::home::client()).await.unwrap();
    let attach = format!(
        "ATTACH '{}' AS theirs; PRAGMA foreign_keys = off; INSERT INTO connections SELECT * FROM theirs.connections; \
         UPDATE connections SET data_key = (SELECT id FROM data_keys)",
        home.store().display()
    );
    other.run(&attach).await;
    assert_tampered(&vault.tokens(&work()).await.unwrap_err(), &["\"work\""]);
}
