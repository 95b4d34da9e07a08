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
    source.parse(&text, "Put the entry back from a backup").map(Some)
}

/// Makes the entry. Whether it has this key now: one that exists is left as it is.
pub(super) async fn put(source: &KeySource, service: &str, account: &str, key: &MasterKey) -> Result<bool> {
    let text = key.to_line();
    ask(source, service, account, move |entry| match entry.get_secret() {
        Err(Trouble::NoEntry) => entry.set_secret(text.trim_end().as_bytes()),
        Ok(found) => {
            drop(Zeroizing::new(found));
            Ok(())
        }
        Err(error) => Err(error),
    })
    .await?;
    // What the keyring really keeps, for it has no "only if there is none".
    match load(source, service, account).await? {
        Some(kept) => Ok(kept.id() == key.id()),
        None => Err(source.error("was not kept by the keyring".to_owned(), "Use a key file instead")),
    }
}

/// Puts the key in the place of the one in the entry.
pub(super) async fn set(source: &KeySource, service: &str, account: &str, key: &MasterKey) -> Result<()> {
    let text = key.to_line();
    ask(source, service, account, move |entry| entry.set_secret(text.trim_end().as_bytes())).await
}

/// Removes the entry, if there is one.
pub(super) async fn remove(source: &KeySource, service: &str, account: &str) -> Result<()> {
    ask(source, service, account, |entry| match entry.delete_credential() {
        Ok(()) | Err(Trouble::NoEntry) => Ok(()),
        Err(error) => Err(error),
    })
    .await
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
