//! From the contract's records to the host's types and back, with everything that a component returns checked on the way.

use std::time::Duration;

use wasmtime::component::Resource;

use crate::bindings::exports::jeton::provider::provider as wit;
use crate::call::{Call, Run};
use crate::model::{Account, CurrentTokens, Grant, GrantKind, Tokens, Verdict};
use crate::{Error, Secret};

/// Ten years: no service means more, and larger numbers are nonsense that overflows somewhere.
pub(crate) const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Scopes are addresses at some services, and a dozen of them are one text.
const LONGEST_SCOPE: usize = 8000;

pub(crate) fn lifetime(seconds: u64) -> Duration {
    Duration::from_secs(seconds).min(LONGEST)
}

/// Between two polls.
pub(crate) fn pause(seconds: u64) -> Duration {
    lifetime(seconds.max(1))
}

pub(crate) fn grant(run: &mut Run, grant: &Grant) -> Result<wit::Grant, Error> {
    Ok(wit::Grant {
        kind: match grant.kind {
            GrantKind::AuthorizationCode => wit::GrantKind::AuthorizationCode,
            GrantKind::DeviceCode => wit::GrantKind::DeviceCode,
            GrantKind::ClientCredentials => wit::GrantKind::ClientCredentials,
            GrantKind::JwtBearer => wit::GrantKind::JwtBearer,
            GrantKind::TokenExchange => wit::GrantKind::TokenExchange,
        },
        scopes: grant.scopes.clone(),
        subject: grant.subject.clone(),
        subject_token: grant.subject_token.as_ref().map(|token| run.borrow(token)).transpose()?,
        options: grant.options.clone(),
    })
}

pub(crate) fn current(run: &mut Run, tokens: &CurrentTokens) -> Result<wit::CurrentTokens, Error> {
    run.fill(|name, _| tokens.extras.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()))?;
    Ok(wit::CurrentTokens {
        access: tokens.access.as_ref().map(|token| run.borrow(token)).transpose()?,
        refresh: tokens.refresh.as_ref().map(|token| run.borrow(token)).transpose()?,
        scope: tokens.scope.clone(),
        extras: tokens.extras.clone(),
    })
}

impl Call {
    fn breach(&self, what: impl Into<String>) -> Error {
        Error::Provider { provider: self.loaded.manifest.id.clone(), what: what.into() }
    }

    /// A secret that a component returns must be what it is returned as: a client secret is no access token.
    pub(crate) fn take(&mut self, handle: Resource<Secret>, kind: &str) -> Result<Secret, Error> {
        let secret = self.table.delete(handle).map_err(|_| self.breach("returned a handle that it doesn't hold"))?;
        if secret.kind() != kind {
            return Err(self.breach(format!("returned the {} as {kind}", secret.kind())));
        }
        Ok(secret)
    }

    pub(crate) fn tokens(&mut self, tokens: wit::Tokens) -> Result<Tokens, Error> {
        let access = self.take(tokens.access, "access-token")?;
        let refresh = tokens.refresh.map(|handle| self.take(handle, "refresh-token")).transpose()?;
        let id_token = tokens.id_token.map(|handle| self.take(handle, "id-token")).transpose()?;
        Ok(Tokens {
            access,
            refresh,
            id_token,
            expires_in: tokens.expires_in.map(lifetime),
            refresh_expires_in: tokens.refresh_expires_in.map(lifetime),
            answered_at: self.answered_at,
            scope: tokens.scope.map(|scope| self.shown_up_to(&scope, LONGEST_SCOPE)),
            extras: self.acceptable(self.extras(tokens.extras)?),
        })
    }

    /// Without what the manifest says that it can't be. That is no reason to lose tokens: what isn't kept fills no URL.
    fn acceptable(&self, mut extras: Vec<(String, String)>) -> Vec<(String, String)> {
        let known = &self.loaded.manifest.extras;
        extras.retain(|(name, value)| known.get(name).is_none_or(|extra| extra.accept(value).is_some()));
        extras
    }

    pub(crate) fn account(&self, account: wit::Account) -> Result<Account, Error> {
        Ok(Account {
            id: self.shown(&account.id),
            login: account.login.map(|login| self.shown(&login)),
            name: account.name.map(|name| self.shown(&name)),
            extras: self.extras(account.extras)?,
        })
    }

    pub(crate) fn extras(&self, extras: Vec<(String, String)>) -> Result<Vec<(String, String)>, Error> {
        if extras.len() > 32 {
            return Err(self.breach("returned more than 32 extras"));
        }
        Ok(extras.into_iter().map(|(name, value)| (self.shown(&name), self.shown(&value))).collect())
    }
}

pub(crate) fn verdict(verdict: wit::Verdict) -> Verdict {
    match verdict {
        wit::Verdict::Ok => Verdict::Ok,
        wit::Verdict::Expired => Verdict::Expired,
        wit::Verdict::Revoked => Verdict::Revoked,
        wit::Verdict::InsufficientScope => Verdict::InsufficientScope,
        wit::Verdict::RateLimited(seconds) => Verdict::RateLimited(seconds.map(lifetime)),
        wit::Verdict::Other => Verdict::Other,
    }
}
