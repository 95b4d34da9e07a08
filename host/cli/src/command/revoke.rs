//! `jeton revoke`: ends a connection at the service.

use jeton_runtime::{Error, ErrorKind, Manifest, ServiceError, presentable};
use jeton_vault::ConnectionName;

use crate::context::{Context, connection_name};
use crate::failure::{Failure, Result};
use crate::terminal::{GOOD, STRONG, styled};

/// Runs it. The tokens are forgotten here only after the service has revoked them, or says that it doesn't know them any more.
pub async fn run(context: &Context, name: &str) -> Result {
    let name = connection_name(name)?;
    let vault = context.existing_vault().await?;
    let (_, provider, client) = context.connection(&vault, &name).await?;
    let tokens = vault.tokens(&name).await?;
    if tokens.access.is_some() || tokens.refresh.is_some() {
        match provider.revoke(&client, &tokens).await {
            Err(Error::Service(error)) if matches!(error.kind, ErrorKind::InvalidGrant | ErrorKind::InvalidToken) => {}
            Err(Error::Service(error)) if error.kind == ErrorKind::Unsupported => {
                return Err(unsupported(error, provider.manifest(), &name));
            }
            other => other?,
        }
    }
    vault.mark_revoked(&name).await?;
    let (provider, name) = (&provider.manifest().name, styled(STRONG, &name));
    context.terminal.note(format!("{} Revoked {name} at {provider}. Its tokens are erased here.", styled(GOOD, "✓")));
    Ok(())
}

/// The service lets no app end a connection, or not this one: a person can.
fn unsupported(error: ServiceError, manifest: &Manifest, name: &ConnectionName) -> Failure {
    let service = presentable(&manifest.name, 80);
    let place = match &manifest.way_out {
        Some(place) => presentable(place, 200),
        None => format!("in the settings of the account at {service}"),
    };
    let forget = format!("forget the connection here: jeton remove {name} --force");
    let there = format!("Take the app's access back there: {place}. Then {forget}");
    match (&error.code, error.description.as_deref()) {
        // What a provider says that doesn't do it at all.
        (None, Some("revoke")) => Failure::new(format!("{service} lets no app revoke its tokens"), there),
        // Its own words have the place.
        (None, Some(_)) => Failure::new(Error::Service(error).to_string(), format!("Do that, then {forget}")),
        _ => Failure::new(Error::Service(error).to_string(), there),
    }
}
