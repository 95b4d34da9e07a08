//! Codes and tokens. Pure: the time comes in as an argument.
//!
//! A refresh gives a new refresh token, and the old one lives on. Those of single page apps all end with the first.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::app::Platform;
use super::refusal::Refusal;
use super::tenant::{Authority, Cloud};
use crate::Lifetimes;
use crate::mint::Mint;
use crate::pkce::Challenge;
use crate::shelf::{Missing, Shelf};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What a user granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) client: String,
    pub(super) user: String,
    /// The tenant of the user's account.
    pub(super) tenant: String,
    pub(super) cloud: Cloud,
    pub(super) scopes: Vec<String>,
    pub(super) platform: Platform,
}

#[derive(Debug)]
pub(super) struct Code {
    pub(super) grant: Grant,
    pub(super) authority: Authority,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<Challenge>,
    pub(super) nonce: Option<String>,
    pub(super) claims: Option<String>,
}

#[derive(Clone, Debug)]
struct Refresh {
    grant: Grant,
    until: Duration,
}

/// What an access token is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Access {
    /// `None` if the app acts for itself.
    pub(super) user: Option<String>,
    pub(super) cloud: Cloud,
    pub(super) resource: String,
    pub(super) scopes: Vec<String>,
    /// The claims that were asked for, as they were sent.
    pub(super) claims: Option<String>,
}

/// A fresh pair of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The access token.
    pub access_token: String,
    /// The refresh token, where `offline_access` was granted.
    pub refresh_token: Option<String>,
    /// What the answer says about the access token's life, in seconds.
    pub expires_in: u64,
}

#[derive(Debug)]
pub(super) struct Grants {
    pub(super) lifetimes: Lifetimes,
    consents: HashSet<(String, String, String)>,
    codes: Shelf<Code>,
    refresh: Shelf<Refresh>,
    access: Shelf<Access>,
}

impl Grants {
    pub(super) fn new(mint: &Arc<Mint>) -> Self {
        let [code, access, refresh] = [600, 3600, 90 * 24 * 3600].map(Duration::from_secs);
        Self {
            lifetimes: Lifetimes { code, access, refresh },
            consents: HashSet::new(),
            codes: Shelf::of("microsoft-code", Arc::clone(mint)),
            refresh: Shelf::of("microsoft-refresh", Arc::clone(mint)),
            access: Shelf::of("microsoft-access", Arc::clone(mint)),
        }
    }

    pub(super) fn has_consent(&self, client: &str, user: &str, scopes: &[String]) -> bool {
        scopes.iter().all(|scope| self.consents.contains(&(client.to_owned(), user.to_owned(), scope.clone())))
    }

    pub(super) fn consent(&mut self, grant: &Grant) {
        let key = |scope: &String| (grant.client.clone(), grant.user.clone(), scope.clone());
        self.consents.extend(grant.scopes.iter().map(key));
    }

    pub(super) fn code(&mut self, now: Duration, code: Code) -> String {
        self.codes.put(now.saturating_add(self.lifetimes.code), code)
    }

    /// What a code stands for, if it is this client's. Looking doesn't use it up.
    pub(super) fn look(&mut self, now: Duration, client: &str, code: &str) -> Result<&mut Code, Refusal> {
        match self.codes.get(now, code) {
            Ok(found) if found.grant.client == client => Ok(found),
            Err(Missing::Ended) => Err(Refusal::aadsts(54005)),
            Err(Missing::Expired) => Err(Refusal::aadsts(70008)),
            Ok(_) | Err(Missing::Unknown) => Err(Refusal::aadsts(70000)),
        }
    }

    pub(super) fn use_up(&mut self, code: &str) {
        self.codes.end(code);
    }

    /// A refresh token, if the user granted offline access. One of a single page app inherits the end of its predecessor.
    pub(super) fn refresh_token(&mut self, now: Duration, grant: &Grant, predecessor: Option<Duration>) -> Option<String> {
        let offline = grant.scopes.iter().any(|scope| scope == "offline_access");
        let until = match (grant.platform, predecessor) {
            (Platform::Spa, Some(end)) => end,
            (Platform::Spa, None) => now.saturating_add(DAY),
            _ => now.saturating_add(self.lifetimes.refresh),
        };
        offline.then(|| self.refresh.put(until, Refresh { grant: grant.clone(), until }))
    }

    /// The grant behind a refresh token, and the token's end. It stays as it is.
    pub(super) fn refresh(&mut self, now: Duration, client: &str, token: &str) -> Result<(Grant, Duration), Refusal> {
        let spa = self.refresh.recall(token).is_some_and(|refresh| refresh.grant.platform == Platform::Spa);
        match self.refresh.get(now, token) {
            Ok(refresh) if refresh.grant.client == client => Ok((refresh.grant.clone(), refresh.until)),
            Err(Missing::Expired) => Err(Refusal::aadsts(if spa { 700_084 } else { 700_082 })),
            Err(Missing::Ended) => Err(Refusal::aadsts(50173)),
            Ok(_) | Err(Missing::Unknown) => Err(Refusal::aadsts(70000)),
        }
    }

    pub(super) fn access(&mut self, now: Duration, access: Access) -> Issued {
        let life = self.lifetimes.access;
        Issued {
            access_token: self.access.put(now.saturating_add(life), access),
            refresh_token: None,
            // Microsoft says 3599 for an hour.
            expires_in: life.as_secs().saturating_sub(1),
        }
    }

    pub(super) fn owner(&mut self, now: Duration, token: &str) -> Result<Access, Missing> {
        self.access.get(now, token).cloned()
    }

    /// Ends all sessions of a user. Access tokens live on.
    pub(super) fn revoke_sessions(&mut self, now: Duration, user: &str) -> usize {
        self.refresh.end_all(now, |refresh| refresh.grant.user == user)
    }

    pub(super) fn expire_access_tokens(&mut self, now: Duration) -> usize {
        self.access.expire_all(now)
    }

    pub(super) fn is_live(&mut self, now: Duration, token: &str) -> bool {
        self.access.get(now, token).is_ok() || self.refresh.get(now, token).is_ok()
    }

    pub(super) fn live_refresh_tokens(&self, now: Duration) -> usize {
        self.refresh.live(now, |_| true).len()
    }
}
