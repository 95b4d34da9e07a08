//! Connections: the tokens of one account, under a name.

use std::time::SystemTime;

use jeton_runtime::{Account, CurrentTokens, Grant, GrantKind, Tokens};

use crate::seal::random_id;
use crate::sealed_tokens::OPTIONS;
use crate::store::{ConnectionRow, Renamed, Sealed, Written};
use crate::vault::{Inner, Row, closest};
use crate::{ClientName, ConnectionName, Error, Result, Vault, account, clock, pairs};

/// A sign-in that succeeded, to be kept.
pub struct NewConnection<'a> {
    /// What it will be called.
    pub name: &'a ConnectionName,
    /// The client that it was made with. Its provider is the connection's.
    pub client: &'a ClientName,
    /// What was asked for.
    pub grant: &'a Grant,
    /// What the service gave.
    pub tokens: &'a Tokens,
    /// Whose they are, where the service tells.
    pub account: Option<&'a Account>,
    /// Whether it may take the place of a connection of this name, with whatever client and account that has.
    pub replace: bool,
}

/// What can be told about a connection without unsealing anything.
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    /// What it is called.
    pub name: ConnectionName,
    /// The id of its provider.
    pub provider: String,
    /// The client that it was made with.
    pub client: ClientName,
    /// How its tokens were obtained.
    pub grant: GrantKind,
    /// What was asked for.
    pub scopes: Vec<String>,
    /// What was granted, where the service says so.
    pub scope: Option<String>,
    /// Whose tokens they are, where the service tells.
    pub account: Option<Account>,
    /// Whether it has a refresh token.
    pub refreshable: bool,
    /// When the access token expires; `None`: never, or there is none.
    pub expires_at: Option<SystemTime>,
    /// When the refresh token expires, where the service says so.
    pub refresh_expires_at: Option<SystemTime>,
    /// How it stands.
    pub status: Status,
    /// When somebody first signed in under this name.
    pub created_at: Option<SystemTime>,
    /// When anything about it changed.
    pub updated_at: Option<SystemTime>,
}

/// How a connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// As it should.
    Active,
    /// The last refresh failed in a way that passes.
    Retry {
        /// Why.
        reason: String,
        /// Since when.
        since: Option<SystemTime>,
        /// Not before this, where the service said so.
        retry_at: Option<SystemTime>,
    },
    /// The service refuses the refresh token: a person must sign in again.
    Reauthorize {
        /// Why.
        reason: String,
        /// Since when.
        since: Option<SystemTime>,
    },
    /// It was revoked here.
    Revoked {
        /// Since when.
        since: Option<SystemTime>,
    },
}

impl Vault {
    /// Keeps a new connection. [`Error::ConnectionExists`] where the name is taken and `replace` isn't said.
    pub async fn save(&self, new: NewConnection<'_>) -> Result<()> {
        let client = self.0.find_client(new.client).await?;
        loop {
            let before = self.0.store.connection(new.name.as_str()).await?;
            let row = self.0.connection_row(&new, &client.provider, before.as_ref())?;
            let log = self.0.log("sign-in", "ok")?.about(&row.id, &row.name, &row.provider);
            let written = match before {
                Some(_) if !new.replace => return Err(Error::ConnectionExists(new.name.to_string())),
                Some(_) => self.0.store.replace_connection(&row, log).await?,
                None => self.0.store.insert_connection(&row, log).await?,
            };
            match written {
                Written::Done => {
                    self.0.seen.forget(&row.id);
                    return Ok(());
                }
                // Another process was faster: look again at what there is now.
                Written::Nothing => {}
                // The client is gone, or the key that it was sealed with.
                Written::Conflict => {
                    self.0.find_client(new.client).await?;
                    self.0.reload_keys().await?;
                }
            }
        }
    }

    /// Says whose the connection is, where that was learned after it was saved. What was known of the same account besides, and isn't
    /// mentioned, stays.
    pub async fn set_account(&self, name: &ConnectionName, account: &Account) -> Result<()> {
        loop {
            let Some(row) = self.0.store.connection(name.as_str()).await? else {
                return Err(self.0.unknown_connection(name.as_str()).await?);
            };
            let before = row.account_extras.as_deref().filter(|_| row.account_id.as_ref() == Some(&account.id));
            let extras = account::merged(before, &account.extras);
            if self.0.store.name_account(&row, account, extras.as_deref(), clock::now()).await? {
                return Ok(());
            }
        }
    }

    /// All connections, by name.
    pub async fn connections(&self) -> Result<Vec<ConnectionInfo>> {
        self.0.store.connections().await?.into_iter().map(|row| self.0.info(row)).collect()
    }

    /// What is known about one connection.
    pub async fn connection(&self, name: &ConnectionName) -> Result<ConnectionInfo> {
        self.0.info(self.0.find_connection(name).await?)
    }

    /// The tokens as they are, valid or not, for a provider's `revoke` and `identify`.
    pub async fn tokens(&self, name: &ConnectionName) -> Result<CurrentTokens> {
        let row = self.0.current(self.0.find_connection(name).await?).await?;
        self.0.unseal_tokens(&row)
    }

    /// What was asked for, to ask for it again. Without the subject token, which is used up.
    pub async fn grant(&self, name: &ConnectionName) -> Result<Grant> {
        self.0.grant(&self.0.find_connection(name).await?)
    }

    /// Gives a connection another name. A refresh that is under way goes on.
    pub async fn rename(&self, name: &ConnectionName, to: &ConnectionName) -> Result<()> {
        let row = self.0.find_connection(name).await?;
        let log = self.0.log("rename", "ok")?.about(&row.id, to.as_str(), &row.provider).detail(format!("it was {name}"));
        match self.0.store.rename_connection(name.as_str(), to.as_str(), clock::now(), log).await? {
            Renamed::Done => Ok(()),
            Renamed::Taken => Err(Error::ConnectionExists(to.to_string())),
            Renamed::Unknown => Err(self.0.unknown_connection(name.as_str()).await?),
        }
    }

    /// Forgets a connection and its tokens. The service isn't told.
    pub async fn remove(&self, name: &ConnectionName) -> Result<()> {
        let row = self.0.find_connection(name).await?;
        let log = self.0.log("remove", "ok")?.about(&row.id, &row.name, &row.provider);
        match self.0.store.remove_connection(name.as_str(), log).await? {
            true => Ok(()),
            false => Err(self.0.unknown_connection(name.as_str()).await?),
        }
    }

    /// Erases the tokens, after the service has revoked them, and keeps the rest for a new sign-in.
    pub async fn mark_revoked(&self, name: &ConnectionName) -> Result<()> {
        let row = self.0.find_connection(name).await?;
        let log = self.0.log("revoke", "ok")?.about(&row.id, &row.name, &row.provider);
        match self.0.store.revoke_connection(name.as_str(), "it was revoked", clock::now(), log).await? {
            true => Ok(()),
            false => Err(self.0.unknown_connection(name.as_str()).await?),
        }
    }
}

impl Inner {
    pub(crate) async fn find_connection(&self, name: &ConnectionName) -> Result<ConnectionRow> {
        match self.store.connection(name.as_str()).await? {
            Some(row) => {
                self.know(&row.sealed.data_key).await?;
                Ok(row)
            }
            None => Err(self.unknown_connection(name.as_str()).await?),
        }
    }

    pub(crate) async fn unknown_connection(&self, name: &str) -> Result<Error> {
        let known = self.store.connection_names().await?;
        Ok(Error::UnknownConnection { name: name.to_owned(), closest: closest(name, known.into_iter()) })
    }

    fn connection_row(&self, new: &NewConnection<'_>, provider: &str, before: Option<&ConnectionRow>) -> Result<ConnectionRow> {
        let now = clock::now();
        let generation = before.map_or(1, |before| before.generation.saturating_add(1));
        let mut row = ConnectionRow {
            id: before.map_or_else(random_id, |before| Ok(before.id.clone()))?,
            name: new.name.to_string(),
            provider: provider.to_owned(),
            client: new.client.to_string(),
            grant_kind: new.grant.kind.name().to_owned(),
            scopes: serde_json::json!(new.grant.scopes).to_string(),
            subject: new.grant.subject.clone(),
            account_id: new.account.map(|account| account.id.clone()),
            account_login: new.account.and_then(|account| account.login.clone()),
            account_name: new.account.and_then(|account| account.name.clone()),
            account_extras: new.account.and_then(|account| account::merged(None, &account.extras)),
            sealed: Sealed::default(),
            generation,
            status: "active".to_owned(),
            status_reason: None,
            status_at: now,
            retry_at: None,
            failures: 0,
            lease: None,
            intent: None,
            created_at: before.map_or(now, |before| before.created_at),
            updated_at: now,
        };
        let options = pairs::encode(new.grant.options.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        row.sealed = self.seal_tokens(
            &row,
            generation,
            &options,
            &CurrentTokens::default(),
            new.tokens,
            clock::given_at(now, new.tokens.answered_at),
        )?;
        Ok(row)
    }

    /// What was asked for.
    pub(crate) fn grant(&self, row: &ConnectionRow) -> Result<Grant> {
        let tampered = |column| self.tampered(&Row::Connection(&row.name), column);
        let options = pairs::decode_text(&self.unseal_options(row)?).ok_or_else(|| tampered(OPTIONS))?;
        let kind = row.grant_kind.parse().map_err(|()| tampered("grant_kind"))?;
        let scopes = serde_json::from_str(&row.scopes).unwrap_or_default();
        Ok(Grant { kind, scopes, subject: row.subject.clone(), subject_token: None, options })
    }

    fn info(&self, row: ConnectionRow) -> Result<ConnectionInfo> {
        let grant = row.grant_kind.parse().map_err(|()| self.tampered(&Row::Connection(&row.name), "grant_kind"))?;
        let (since, reason) = (clock::system_time(row.status_at), row.status_reason.unwrap_or_default());
        let status = match row.status.as_str() {
            "retry" => Status::Retry { reason, since, retry_at: row.retry_at.and_then(clock::system_time) },
            "reauthorize" => Status::Reauthorize { reason, since },
            "revoked" => Status::Revoked { since },
            _ => Status::Active,
        };
        let (login, name) = (row.account_login, row.account_name);
        let extras = account::read(row.account_extras.as_deref());
        Ok(ConnectionInfo {
            name: ConnectionName::stored(row.name),
            provider: row.provider,
            client: ClientName::stored(row.client),
            grant,
            scopes: serde_json::from_str(&row.scopes).unwrap_or_default(),
            scope: row.sealed.scope,
            account: row.account_id.map(|id| Account { id, login, name, extras }),
            refreshable: row.sealed.refresh.is_some(),
            expires_at: row.sealed.expires_at.and_then(clock::system_time),
            refresh_expires_at: row.sealed.refresh_expires_at.and_then(clock::system_time),
            status,
            created_at: clock::system_time(row.created_at),
            updated_at: clock::system_time(row.updated_at),
        })
    }
}
