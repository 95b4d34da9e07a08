//! The master key in the operating system's keyring: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows.
//!
//! The keyring is asked on a thread of its own, since the system's answer may be a dialogue that waits for a person.

use keyring::{Entry, Error as Trouble};
use zeroize::Zeroizing;

use super::{KeySource, MasterKey};
use crate::Result;

pub(super) async fn load(source: &KeySource, service: &str, account: &str) -> Result<Option<MasterKey>> {
    let text = ask(source, service, account, |entry| match entry.get_secret() {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(Trouble::NoEntry) => Ok(None),
        Err(error) => Err(error),
    })
    .await?;
    let Some(text) = text else { return Ok(None) };
    match MasterKey::from_text(&text) {
        Some(key) => Ok(Some(key)),
        None => Err(source.error("is not a key: 32 bytes in base64 are expected".to_owned(), "Put the entry back from a backup")),
    }
}

pub(super) async fn create(source: &KeySource, service: &str, account: &str, key: MasterKey) -> Result<MasterKey> {
    let text = key.to_text();
    ask(source, service, account, move |entry| match entry.get_secret() {
        Err(Trouble::NoEntry) => entry.set_secret(text.as_bytes()),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    })
    .await?;
    // What the keyring really keeps, for it has no "only if there is none".
    match load(source, service, account).await? {
        Some(key) => Ok(key),
        None => Err(source.error("was not kept by the keyring".to_owned(), "Use a key file instead")),
    }
}

async fn ask<T: Send + 'static>(
    source: &KeySource,
    service: &str,
    account: &str,
    question: impl FnOnce(&Entry) -> Result<T, Trouble> + Send + 'static,
) -> Result<T> {
    let (service, account) = (service.to_owned(), account.to_owned());
    let answer = tokio::task::spawn_blocking(move || {
        if let Err(error) = Entry::store_status() {
            return Err(error.to_string());
        }
        Entry::new(&service, &account).and_then(|entry| question(&entry)).map_err(|error| error.to_string())
    })
    .await
    .unwrap_or_else(|error| Err(error.to_string()));
    answer.map_err(|what| {
        source.error(format!("the keyring doesn't answer: {what}"), "Unlock the keyring, or use a key file on a machine without one")
    })
}
