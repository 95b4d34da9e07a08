//! The JSON file that a service's console gives for a service account, read by the manifest's `[service-account]`.

use std::path::Path;

use jeton_runtime::{Client, Manifest, Secret, private_key};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::terminal::read_secret;

/// A passphrase that came with the key, until the key is opened.
const PASSPHRASE: &str = "private-key-passphrase";

/// The client that the file describes. Its keys may still be encrypted: see [`open_keys`].
pub fn read(manifest: &Manifest, file: &Path) -> Result<Client> {
    let Some(account) = &manifest.service_account else {
        let hint = format!("`jeton providers show {}` says how to sign in", manifest.id);
        return Err(Failure::new(format!("{} has no service accounts that come as a file", manifest.name), hint).exit(Exit::Usage));
    };
    let wrong = |what: String| {
        Failure::new(what, format!("Name the JSON file that {} gave you for the service account", manifest.name)).exit(Exit::Usage)
    };
    let text = Zeroizing::new(std::fs::read(file).map_err(|error| wrong(format!("can't read {}: {error}", file.display())))?);
    // What can't be read isn't quoted: it may be a key.
    let json: Value = serde_json::from_slice(&text).map_err(|_| wrong(format!("{} is no JSON", file.display())))?;
    let at = |pointer: &String| {
        json.pointer(pointer).and_then(|value| value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|n| n.to_string())))
    };
    let missing = |pointer: &String| wrong(format!("{} has no {}", file.display(), pointer.trim_start_matches('/').replace('/', ".")));

    let mut client = Client { id: at(&account.id).ok_or_else(|| missing(&account.id))?, ..Client::default() };
    for (name, pointer) in &account.secrets {
        match at(pointer).map(Zeroizing::new) {
            Some(value) => drop(client.secrets.insert(name.clone(), Secret::new(name.clone(), value.as_bytes()))),
            None if manifest.secrets.get(name).is_some_and(|field| field.required) => return Err(missing(pointer)),
            None => {}
        }
    }
    for (name, pointer) in &account.settings {
        client.settings.extend(at(pointer).map(|value| (name.clone(), value)));
    }
    if let Some(passphrase) = account.passphrase.as_ref().and_then(at).map(Zeroizing::new) {
        client.secrets.insert(PASSPHRASE.to_owned(), Secret::new(PASSPHRASE, passphrase.as_bytes()));
    }
    Ok(client)
}

/// Decrypts private keys with their passphrase, which isn't kept: the vault seals them.
pub fn open_keys(client: &mut Client, passphrase_file: Option<&Path>) -> Result {
    let mut passphrase = client.secrets.remove(PASSPHRASE);
    for secret in client.secrets.values_mut().filter(|secret| private_key::is_encrypted(secret)) {
        let given = match passphrase.take() {
            Some(given) => given,
            None => read_secret("passphrase", "passphrase of the private key", passphrase_file)?,
        };
        *secret = Secret::new(secret.kind().to_owned(), private_key::decrypt(secret, &given)?.reveal());
        passphrase = Some(given);
    }
    Ok(())
}
