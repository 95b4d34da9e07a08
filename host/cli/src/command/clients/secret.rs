//! `jeton clients secret add | drop-old`: a new secret without an outage.

use jeton_vault::{Accepted, ClientName, Settled, Vault};

use crate::args::{AddSecret, ClientSecret};
use crate::context::{Context, client_name};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::terminal::{GOOD, STRONG, read_secret, styled};

pub(super) async fn run(context: &Context, command: ClientSecret) -> Result {
    match command {
        ClientSecret::Add(arguments) => add(context, arguments).await,
        ClientSecret::DropOld { name, untested } => drop_old(context, &client_name(&name)?, untested).await,
    }
}

async fn add(context: &Context, arguments: AddSecret) -> Result {
    let name = client_name(&arguments.name)?;
    let vault = context.existing_vault().await?;
    let info = vault.client_info(&name).await?;
    let manifest = context.manifest(&info.provider)?;
    let Some(field) = manifest.secrets.get(&arguments.kind) else {
        let known: Vec<_> = manifest.secrets.keys().map(String::as_str).collect();
        let what = format!("{} has no secret {:?}", manifest.name, arguments.kind);
        return Err(Failure::new(what, format!("It has: {}", known.join(", "))).exit(Exit::Usage));
    };
    let secret = read_secret(&arguments.kind, &field.name, arguments.secret_file.as_deref())?;
    let accepted = match arguments.untested {
        true => Accepted::Unknown("it wasn't asked".to_owned()),
        false => vault.try_secret(&name, &arguments.kind, &secret, &context.providers()).await?,
    };
    let (first, says) = match accepted {
        Accepted::Yes => (true, "The service accepts it; it is the one in use now.".to_owned()),
        Accepted::Unknown(why) => {
            (false, format!("Whether the service accepts it isn't known ({why}); it is used as soon as the service refuses the other."))
        }
        Accepted::No => {
            let hint = "Make it at the service first and copy it whole; --untested keeps it all the same";
            return Err(Failure::new(format!("the service doesn't accept this secret for the client {name}"), hint).exit(Exit::FixClient));
        }
    };
    vault.add_secret(&name, &arguments.kind, &secret, first).await?;
    let terminal = context.terminal;
    terminal.note(format!("{} The client {} has another {}. {says}", styled(GOOD, "✓"), styled(STRONG, &name), field.name));
    terminal.note(format!("  Next: end the old one at the service, then jeton clients secret drop-old {name}"));
    Ok(())
}

async fn drop_old(context: &Context, name: &ClientName, untested: bool) -> Result {
    let vault = context.existing_vault().await?;
    if !untested {
        settle(context, &vault, name).await?;
    }
    let dropped = vault.drop_spare_secrets(name).await?;
    context.terminal.note(match dropped {
        0 => format!("The client {} has one secret of each kind; nothing was dropped.", styled(STRONG, name)),
        1 => format!("{} Dropped a secret of the client {}; the one in use is kept.", styled(GOOD, "✓"), styled(STRONG, name)),
        many => format!("{} Dropped {many} secrets of the client {}; the one in use is kept.", styled(GOOD, "✓"), styled(STRONG, name)),
    });
    Ok(())
}

async fn settle(context: &Context, vault: &Vault, name: &ClientName) -> Result {
    let (what, exit) = match vault.settle_secret(name, &context.providers()).await? {
        Settled::Only | Settled::Found => return Ok(()),
        Settled::Refused => (format!("the service accepts none of the secrets of the client {name}"), Exit::FixClient),
        Settled::Unknown(why) => (format!("it can't be told which secret of the client {name} the service accepts: {why}"), Exit::Retry),
    };
    let hint = "Nothing was dropped. --untested drops all but the one that worked last";
    Err(Failure::new(what, hint).exit(exit))
}
