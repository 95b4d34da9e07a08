//! `jeton connect`: tokens are obtained by one of OAuth's grants, and kept.

mod browser;
mod device;
pub mod exchange;
mod machine;
mod untied;

use std::time::SystemTime;

pub use browser::PASTE_PORT;
use exchange::Source;
use jeton_runtime::{Account, Client, Flow, Grant, GrantKind, Manifest, Provider, Returned, Step, Tokens};
use jeton_vault::{ClientName, ConnectionName, NewConnection, Settled, Vault};

use tokio::sync::oneshot;

use super::clients::pairs;
use super::connection_view;
use crate::args::Connect;
use crate::context::{Context, client_name, connection_name};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::page::Outcome;
use crate::show_time::relative;
use crate::terminal::{GOOD, STRONG, Terminal, styled};

/// A browser that waits to be told how it went.
type Page = oneshot::Sender<Outcome>;

/// A connection that is being made.
struct Connecting<'a> {
    context: &'a Context,
    arguments: &'a Connect,
    vault: Vault,
    provider: Provider,
    client_name: ClientName,
    client: Client,
    name: ConnectionName,
    grant: Grant,
}

/// Runs it.
pub async fn run(context: &Context, arguments: Connect) -> Result {
    let known = context.manifest(&arguments.provider)?;
    let name = connection_name(arguments.name.as_deref().unwrap_or(&arguments.provider))?;
    let kind = grant_kind(&known, &arguments)?;
    if kind == GrantKind::AuthorizationCode {
        context.own_redirect(&known)?;
    }
    let (vault, client_name) = match &arguments.service_account {
        Some(file) => machine::client_from_file(context, &known, &name, file, arguments.replace).await?,
        None => client_of(context, &arguments).await?,
    };
    // Before the person signs in, not after.
    if !arguments.replace && vault.connection(&name).await.is_ok() {
        let hint = "Take another name with --name, or sign in again with --replace";
        return Err(Failure::from(jeton_vault::Error::ConnectionExists(name.to_string())).hint(hint));
    }
    settle_secret(context, &vault, &client_name).await?;
    let client = vault.client(&client_name).await?;
    let provider = context.provider(&known.id).await?;
    let grant = grant(context, &vault, kind, &arguments).await?;
    let connecting = Connecting { context, arguments: &arguments, vault, provider, client_name, client, name, grant };
    let account = match kind {
        GrantKind::AuthorizationCode if arguments.paste => connecting.by_paste().await?,
        GrantKind::AuthorizationCode => connecting.by_browser().await?,
        GrantKind::DeviceCode => connecting.by_device().await?,
        GrantKind::ClientCredentials | GrantKind::JwtBearer | GrantKind::TokenExchange => connecting.by_nobody().await?,
    };
    connecting.report(account).await
}

/// The grant that was asked for, or the first one that the provider has.
fn grant_kind(manifest: &Manifest, arguments: &Connect) -> Result<GrantKind> {
    let asked = [
        (arguments.device, GrantKind::DeviceCode),
        (arguments.client_credentials, GrantKind::ClientCredentials),
        (arguments.jwt || arguments.service_account.is_some(), GrantKind::JwtBearer),
        (arguments.exchange.is_some(), GrantKind::TokenExchange),
        (arguments.paste || arguments.no_browser, GrantKind::AuthorizationCode),
    ];
    let asked = asked.into_iter().find_map(|(said, kind)| said.then_some(kind));
    let usual = manifest.grants.iter().copied().find(|kind| *kind != GrantKind::TokenExchange);
    let kind = asked.or(usual).unwrap_or(GrantKind::AuthorizationCode);
    if manifest.grants.contains(&kind) {
        return Ok(kind);
    }
    let known: Vec<_> = manifest.grants.iter().map(|kind| kind.name()).collect();
    Err(Failure::new(format!("{} doesn't know the grant {kind}", manifest.name), format!("It knows: {}", known.join(", ")))
        .exit(Exit::Usage))
}

async fn grant(context: &Context, vault: &Vault, kind: GrantKind, arguments: &Connect) -> Result<Grant> {
    // `--scope ""` asks for nothing, which not every service takes for an answer.
    let scopes = arguments.scope.iter().filter(|scope| !scope.is_empty()).cloned().collect();
    let mut grant = Grant::new(kind, scopes);
    grant.subject.clone_from(&arguments.subject);
    grant.options = pairs(&arguments.option, "--option")?.into_iter().collect();
    for (name, value) in [("as-user", &arguments.as_user), ("as-admin", &arguments.as_admin)] {
        grant.options.extend(value.clone().map(|value| (name.to_owned(), value)));
    }
    if let Some(source) = &arguments.exchange {
        let source = Source::parse(source).map_err(|error| Failure::from(error).exit(Exit::Usage))?;
        grant.subject_token = Some(source.token(vault, &context.providers()).await?);
    }
    Ok(grant)
}

/// A code works once: where the client has several secrets, the one that the service accepts is found before.
async fn settle_secret(context: &Context, vault: &Vault, client: &ClientName) -> Result {
    match vault.settle_secret(client, &context.providers()).await? {
        Settled::Only | Settled::Found => {}
        Settled::Refused => {
            let what = format!("the service accepts none of the secrets of the client {client}");
            return Err(Failure::new(what, format!("Add the right one: jeton clients secret add {client}")).exit(Exit::FixClient));
        }
        Settled::Unknown(why) => tracing::warn!(%client, why, "it can't be told which of the client's secrets the service accepts"),
    }
    Ok(())
}

/// The client to connect through: the one that is named, or the only one of this provider.
async fn client_of(context: &Context, arguments: &Connect) -> Result<(Vault, ClientName)> {
    let id = &arguments.provider;
    let none = || {
        let hint = format!("Register one first: jeton providers show {id} --guide");
        Failure::new(format!("there is no client of {id} yet"), hint).exit(Exit::FixClient)
    };
    let vault = context.vault_if_any().await?.ok_or_else(none)?;
    if let Some(name) = &arguments.client {
        let info = vault.client_info(&client_name(name)?).await?;
        if info.provider != *id {
            return Err(Failure::new(
                format!("the client {name} is one of {}, not of {id}", info.provider),
                "`jeton clients list` shows them",
            )
            .exit(Exit::Usage));
        }
        return Ok((vault, info.name));
    }
    let mut clients = vault.clients().await?.into_iter().filter(|client| client.provider == *id);
    match (clients.next(), clients.next()) {
        (Some(one), None) => Ok((vault, one.name)),
        (None, _) => Err(none()),
        (Some(one), Some(other)) => {
            let what = format!("there are several clients of {id}");
            Err(Failure::new(what, format!("Choose one: --client {}, --client {}, …", one.name, other.name)).exit(Exit::Usage))
        }
    }
}

impl Connecting<'_> {
    fn terminal(&self) -> Terminal {
        self.context.terminal
    }

    /// Exchanges the code, keeps what came of it, and tells the browser, if one waits.
    async fn finish(&self, flow: &Flow, returned: &Returned, mut page: Option<Page>) -> Result<Option<Account>> {
        let done = match self.redeem(flow, returned).await {
            Ok(tokens) if returned.is_tied() => self.done(tokens).await,
            Ok(tokens) => self.done_if_agreed(tokens, &mut page).await,
            Err(failure) => Err(failure),
        };
        if let Some(page) = page {
            let _ = page.send(match &done {
                Ok(account) => Outcome::Connected {
                    name: self.name.to_string(),
                    provider: self.provider.manifest().name.clone(),
                    account: account.as_ref().map(called),
                },
                Err(failure) => Outcome::Failed(failure.to_string()),
            });
        }
        done
    }

    async fn redeem(&self, flow: &Flow, returned: &Returned) -> Result<Tokens> {
        self.not_anothers(returned)?;
        match self.provider.resume(&self.client, flow, returned).await? {
            Step::Done(tokens) => Ok(tokens),
            _ => Err(unexpected()),
        }
    }

    /// A provider that names no issuer can't compare it. Whoever made it may have sent the browser on to a service that another provider
    /// is for, and would be given that one's code (RFC 9700, 4.4).
    fn not_anothers(&self, returned: &Returned) -> Result {
        let manifest = self.provider.manifest();
        let (Some(issuer), None) = (returned.issuer(), &manifest.issuer) else { return Ok(()) };
        for id in self.context.ids()? {
            let other = self.context.manifest(&id).ok().filter(|other| other.issuer.as_deref() == Some(issuer));
            if let Some(other) = other {
                let what = format!("the answer comes from {}, not from {}", other.name, manifest.name);
                let hint = format!("Nothing was sent. {} sent you there: ask its author why", manifest.name);
                return Err(Failure::new(what, hint).exit(Exit::Denied));
            }
        }
        Ok(())
    }

    /// Keeps the tokens, first thing. Whose they are is asked afterwards.
    async fn done(&self, tokens: Tokens) -> Result<Option<Account>> {
        self.keep(&tokens, None).await?;
        match self.provider.identify(&self.client, &untied::current(&tokens)).await {
            Ok(account) => {
                self.vault.set_account(&self.name, &account).await?;
                Ok(Some(account))
            }
            Err(error) => {
                self.terminal().note(format!("The tokens are kept, but whose they are couldn't be asked: {error}"));
                Ok(None)
            }
        }
    }

    async fn keep(&self, tokens: &Tokens, account: Option<&Account>) -> Result {
        let mut grant = self.grant.clone();
        if let Some(source) = &self.arguments.exchange {
            grant.options.push((exchange::OPTION.to_owned(), Source::parse(source)?.written()));
        }
        let new =
            NewConnection { name: &self.name, client: &self.client_name, grant: &grant, tokens, account, replace: self.arguments.replace };
        Ok(self.vault.save(new).await?)
    }

    async fn report(&self, account: Option<Account>) -> Result {
        let terminal = self.terminal();
        let whose = account.map(|account| format!(" as {}", connection_view::account(&account))).unwrap_or_default();
        terminal.note(format!(
            "{} Connected {} to {}{whose}.",
            styled(GOOD, "✓"),
            styled(STRONG, &self.name),
            self.provider.manifest().name
        ));
        let connection = self.vault.connection(&self.name).await?;
        let missing = connection_view::not_granted(&connection);
        if !missing.is_empty() {
            terminal.note(format!("  Not granted: {}. To be asked again: jeton connect … --replace", missing.join(", ")));
        }
        if let Some(end) = connection.refresh_expires_at {
            let end = relative(end, SystemTime::now());
            terminal.note(format!("  {} ends this sign-in {end}: then sign in again, with --replace", self.provider.manifest().name));
        }
        terminal.note(format!("  Next: jeton token {}", self.name));
        if terminal.json {
            return terminal.value(&connection_view::as_json(&connection));
        }
        Ok(())
    }
}

/// In a word, for a page.
fn called(account: &Account) -> String {
    account.login.clone().unwrap_or_else(|| account.id.clone())
}

fn unexpected() -> Failure {
    Failure::new("the provider wants a step that jeton connect doesn't know", "Report it to the provider's author")
}
