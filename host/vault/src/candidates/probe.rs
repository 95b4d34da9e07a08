//! Which of a client's secrets the service accepts, asked without anything that could be used up.

use std::sync::Arc;

use jeton_runtime::{Client, CurrentTokens, ErrorKind, Secret};
use tokio::time::timeout;

use crate::seal::random_id;
use crate::vault::Inner;
use crate::{ClientName, Providers, Result, Vault};

/// What a service says about a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It accepts it.
    Yes,
    /// It refuses the client with it.
    No,
    /// It can't be told, for this reason.
    Unknown(String),
}

/// What came of looking for the secret that the service accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// There is only one, and the service wasn't asked.
    Only,
    /// It is the first now.
    Found,
    /// The service refuses the client with each of them.
    Refused,
    /// It can't be told, for this reason. The order is as it was.
    Unknown(String),
}

impl Vault {
    /// Puts the secret first that the service accepts, where the client has several, and no code or token is used for it.
    ///
    /// To be called before a code is exchanged, which works once. Safe to drop: the order is as it was, or as it should be.
    pub async fn settle_secret(&self, client: &ClientName, providers: &Arc<dyn Providers>) -> Result<Settled> {
        let row = self.0.find_client(client).await?;
        let all = self.0.unseal_candidates(&row)?;
        if all.len() < 2 {
            return Ok(Settled::Only);
        }
        for candidate in &all {
            match self.0.ask(&row.provider, candidate, providers).await? {
                Accepted::Yes => {
                    self.0.prefer_candidate(&row.name, candidate).await?;
                    return Ok(Settled::Found);
                }
                Accepted::No => {}
                Accepted::Unknown(why) => return Ok(Settled::Unknown(why)),
            }
        }
        Ok(Settled::Refused)
    }

    /// Whether the service accepts this secret for the client. Nothing is kept.
    ///
    /// It is asked with a made-up secret too: some services refuse nobody at this point, and from those nothing can be learned.
    pub async fn try_secret(&self, client: &ClientName, name: &str, secret: &Secret, providers: &Arc<dyn Providers>) -> Result<Accepted> {
        let row = self.0.find_client(client).await?;
        let Some(mut candidate) = self.0.unseal_candidates(&row)?.into_iter().next() else { return Ok(Accepted::No) };
        candidate.secrets.insert(name.to_owned(), secret.clone());
        let accepted = self.0.ask(&row.provider, &candidate, providers).await?;
        if accepted != Accepted::Yes {
            return Ok(accepted);
        }
        candidate.secrets.insert(name.to_owned(), Secret::new(name.to_owned(), random_id()?));
        Ok(match self.0.ask(&row.provider, &candidate, providers).await? {
            Accepted::No => Accepted::Yes,
            Accepted::Yes => Accepted::Unknown("the service doesn't tell a wrong secret from a right one".to_owned()),
            unknown => unknown,
        })
    }
}

impl Inner {
    async fn ask(&self, provider: &str, client: &Client, providers: &Arc<dyn Providers>) -> Result<Accepted> {
        let refresh = Secret::new("refresh-token", random_id()?);
        let tokens = CurrentTokens { access: None, refresh: Some(refresh), scope: None, extras: vec![] };
        let most = self.options.refresh_timeout;
        Ok(match timeout(most, providers.refresh(provider, client, &tokens)).await {
            Ok(Err(jeton_runtime::Error::Service(error))) if error.kind == ErrorKind::InvalidClient => Accepted::No,
            Ok(Err(jeton_runtime::Error::Certificate { .. })) => Accepted::No,
            Ok(Err(jeton_runtime::Error::Service(error))) if matches!(error.kind, ErrorKind::InvalidGrant | ErrorKind::InvalidToken) => {
                Accepted::Yes
            }
            Ok(Err(error)) => Accepted::Unknown(error.to_string()),
            Ok(Ok(_)) => Accepted::Unknown("the service accepts a refresh token that was made up".to_owned()),
            Err(_) => Accepted::Unknown(format!("no answer came within {} seconds", most.as_secs())),
        })
    }
}
