//! `jeton clients add | list | show | remove`

mod deregister;
mod register;
mod secret;

use std::collections::BTreeMap;
use std::path::Path;

use jeton_runtime::{Client, Identity, Manifest, Secret};
use jeton_vault::{ClientInfo, ClientName};
use serde_json::{Value, json};

use super::service_account;
use crate::args::{AddClient, Clients};
use crate::context::{Context, client_name};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::show_time::rfc3339;
use crate::terminal::{GOOD, STRONG, offered_secret, read_secret, styled};

/// Runs it.
pub async fn run(context: &Context, command: Clients) -> Result {
    match command {
        Clients::Add(arguments) => add(context, arguments).await,
        Clients::List => list(context).await,
        Clients::Show { name } => show(context, &name).await,
        Clients::Remove { name, deregister } => remove(context, &name, deregister).await,
        Clients::Secret(command) => secret::run(context, command).await,
    }
}

async fn add(context: &Context, arguments: AddClient) -> Result {
    let manifest = context.manifest(&arguments.provider)?;
    let name = client_name(arguments.name.as_deref().unwrap_or(&arguments.provider))?;
    let settings = pairs(&arguments.set, "--set")?;
    // What can be said without the secrets is said before anybody types them.
    if let Some(vault) = context.vault_if_any().await?
        && vault.client_info(&name).await.is_ok()
    {
        return Err(jeton_vault::Error::ClientExists(name.to_string()).into());
    }
    // Before the secrets: where both are piped in, the passphrase is the first line.
    context.key()?;
    let mut client = match &arguments.service_account {
        _ if arguments.register => return register::run(context, &manifest, &name, &arguments).await,
        Some(file) => service_account::read(&manifest, file)?,
        None => Client { id: arguments.id.as_deref().unwrap_or_default().trim().to_owned(), ..Client::default() },
    };
    client.settings.extend(settings);
    client.secrets.extend(secrets(&manifest, &arguments, &client)?);
    service_account::open_keys(&mut client, arguments.passphrase_file.as_deref())?;
    // Whoever has both at hand can still set it right.
    if let Some(identity) = Identity::of(&manifest, &client)? {
        identity.check()?;
    }
    if client.id.is_empty() {
        return Err(Failure::new("the client id is empty", "Copy it from the service's developer console").exit(Exit::Usage));
    }
    keep(context, &manifest, &name, &client).await
}

async fn keep(context: &Context, manifest: &Manifest, name: &ClientName, client: &Client) -> Result {
    manifest.settings_of(client).map_err(|error| Failure::from(error).exit(Exit::Usage))?;
    context.vault().await?.add_client(name, &manifest.id, client).await?;
    let terminal = context.terminal;
    terminal.note(format!("{} Kept the client {} of {}.", styled(GOOD, "✓"), styled(STRONG, name), manifest.name));
    terminal.note(format!("  Next: jeton connect {}", manifest.id));
    if terminal.json { show(context, name.as_str()).await } else { Ok(()) }
}

/// The secrets that the manifest asks for: from files, or from the person.
fn secrets(manifest: &Manifest, arguments: &AddClient, known: &Client) -> Result<BTreeMap<String, Secret>> {
    let files = pairs(&arguments.secret, "--secret")?;
    if let Some(unknown) = files.keys().find(|name| !manifest.secrets.contains_key(*name)) {
        let known: Vec<_> = manifest.secrets.keys().map(String::as_str).collect();
        return Err(
            Failure::new(format!("{} has no secret {unknown:?}", manifest.name), format!("It has: {}", known.join(", "))).exit(Exit::Usage)
        );
    }
    let mut secrets = BTreeMap::new();
    for (name, field) in manifest.secrets.iter().filter(|(name, _)| !known.secrets.contains_key(*name)) {
        if field.generated {
            let key = jeton_runtime::new_key()?;
            secrets.insert(name.clone(), Secret::new(name.clone(), key.reveal()));
            continue;
        }
        let file = match (files.get(name).map(Path::new), name.as_str()) {
            (None, "client-secret") => arguments.secret_file.as_deref(),
            (file, _) => file,
        };
        if file.is_some() || field.required {
            secrets.insert(name.clone(), read_secret(name, &field.name, file)?);
        } else if name == "client-secret" && files.is_empty() && arguments.service_account.is_none() {
            secrets.extend(offered_secret(name, &field.name)?.map(|secret| (name.clone(), secret)));
        }
    }
    Ok(secrets)
}

pub(super) fn pairs(texts: &[String], option: &str) -> Result<BTreeMap<String, String>> {
    let pair = |text: &String| match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Failure::new(format!("{option} {text:?} has no value"), format!("Write {option} NAME=VALUE")).exit(Exit::Usage)),
    };
    texts.iter().map(pair).collect()
}

async fn list(context: &Context) -> Result {
    let clients = match context.vault_if_any().await? {
        Some(vault) => vault.clients().await?,
        None => vec![],
    };
    if context.terminal.json {
        return context.terminal.value(&clients.iter().map(as_json).collect());
    }
    if clients.is_empty() {
        context.terminal.note("There is no client yet. `jeton providers show box --guide` says how to get one.");
        return Ok(());
    }
    let row = |client: &ClientInfo| vec![client.name.to_string(), client.provider.clone(), client.id.clone()];
    context.terminal.table(&["NAME", "PROVIDER", "CLIENT ID"], &clients.iter().map(row).collect::<Vec<_>>())
}

async fn show(context: &Context, name: &str) -> Result {
    let client = context.existing_vault().await?.client_info(&client_name(name)?).await?;
    if context.terminal.json {
        return context.terminal.value(&as_json(&client));
    }
    let terminal = context.terminal;
    terminal.result(format!("{} — {}", styled(STRONG, &client.name), client.provider))?;
    terminal.result(format!("  client id  {}", client.id))?;
    terminal.result(format!("  secrets    {}", if client.secrets.is_empty() { "none".to_owned() } else { client.secrets.join(", ") }))?;
    client.settings.iter().try_for_each(|(name, value)| terminal.result(format!("  {name:<10} {value}")))
}

async fn remove(context: &Context, name: &str, deregister: bool) -> Result {
    let (vault, client) = (context.existing_vault().await?, client_name(name)?);
    if deregister {
        deregister::run(context, &vault, &client).await?;
    }
    vault.remove_client(&client).await?;
    context.terminal.note(format!("{} Forgot the client {name}.", styled(GOOD, "✓")));
    Ok(())
}

fn as_json(client: &ClientInfo) -> Value {
    json!({
        "name": client.name.as_str(),
        "provider": client.provider,
        "client_id": client.id,
        "settings": client.settings,
        "secrets": client.secrets,
        "created_at": client.created_at.map(rfc3339),
        "updated_at": client.updated_at.map(rfc3339),
    })
}
