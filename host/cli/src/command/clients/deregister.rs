//! `jeton clients remove --deregister`: the service deletes the registration that it made (RFC 7592, 2.3).

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue, Method, header};
use jeton_runtime::{Incoming, Manifest, Outgoing, presentable};
use jeton_vault::{ClientName, Vault};
use url::Url;
use zeroize::Zeroizing;

use super::register::{LARGEST, TIME};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Has the registration deleted. The client is kept where that fails, and where connections need it.
pub async fn run(context: &Context, vault: &Vault, name: &ClientName) -> Result {
    let info = vault.client_info(name).await?;
    let connections = vault.connections().await?.into_iter().filter(|connection| connection.client == *name);
    let connections: Vec<_> = connections.map(|connection| connection.name.to_string()).collect();
    if !connections.is_empty() {
        return Err(jeton_vault::Error::ClientInUse { name: name.to_string(), connections }.into());
    }
    let manifest = context.manifest(&info.provider)?;
    let client = vault.client(name).await?;
    let unknown = || {
        let hint = "Delete it in the service's console, then leave out --deregister";
        Failure::new(format!("Jeton doesn't know how the client {name} is managed: it didn't register it"), hint).exit(Exit::Usage)
    };
    let token = client.secrets.get("registration-access-token").ok_or_else(unknown)?;
    let url = client.settings.get("registration-client-uri").filter(|uri| !uri.is_empty()).ok_or_else(unknown)?;
    let url = at_the_register(&manifest.settings_of(&client)?, &manifest, url)?;
    let line = Zeroizing::new([b"Bearer ", token.reveal()].concat());
    let mut value = HeaderValue::from_bytes(&line).map_err(|_| unknown())?;
    value.set_sensitive(true);
    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
    let request = Outgoing { method: Method::DELETE, url, headers, body: "".into(), identity: None, time: TIME, largest: LARGEST };
    deleted(&context.send(request).await?)
}

/// The address came from the service, and the token goes there: it must be where clients are registered.
fn at_the_register(settings: &BTreeMap<String, String>, manifest: &Manifest, said: &str) -> Result<Url> {
    let register = manifest.endpoints.get("register").and_then(|endpoint| endpoint.url.fill(settings).ok());
    let url = Url::parse(said).ok().filter(|url| url.username().is_empty() && url.password().is_none());
    match (url, register) {
        (Some(url), Some(register)) if url.origin() == register.origin() => Ok(url),
        _ => {
            let what = format!("the registration is managed at {}, which isn't where clients are registered", presentable(said, 200));
            let hint = "Nothing was sent. Delete it in the service's console, then leave out --deregister";
            Err(Failure::new(what, hint).exit(Exit::Denied))
        }
    }
}

fn deleted(answer: &Incoming) -> Result {
    let (hint, exit) = match answer.status {
        200..=299 => return Ok(()),
        // RFC 7592, 2.3: a token that isn't good any more, which may mean that the client isn't there.
        401 | 403 | 404 => ("It may be gone already: look in the service's console, then leave out --deregister", Exit::FixClient),
        405 | 501 => ("It deletes none: do it in its console, then leave out --deregister", Exit::Other),
        429 | 500.. => ("Try again later; nothing was forgotten here", Exit::Retry),
        _ => ("Delete it in the service's console, then leave out --deregister", Exit::Other),
    };
    Err(Failure::new(format!("the service doesn't delete the registration: it answers with status {}", answer.status), hint).exit(exit))
}
