//! What users granted, and the codes and tokens that came of it. Pure: the time comes in as an argument.
//!
//! Refresh tokens don't rotate. They die of old age, of being left unused, of newer ones, and of what users and admins do.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::refusal::Refusal;
use super::scopes;
use crate::Lifetimes;
use crate::mint::Mint;
use crate::pkce::Challenge;
use crate::shelf::{Missing, Shelf};

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
const HALF_A_YEAR: Duration = Duration::from_secs(180 * 24 * 3600);

/// Whom an access token acts as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Principal {
    User(String),
    ServiceAccount(String),
    /// A subject of another identity provider.
    Federated(String),
}

/// One grant, as it stood when it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) client: String,
    pub(super) project: String,
    pub(super) user: String,
    pub(super) scopes: Vec<String>,
    pub(super) testing: bool,
    pub(super) access_for: Option<Duration>,
}

#[derive(Debug)]
pub(super) struct Code {
    pub(super) grant: Grant,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<Challenge>,
    pub(super) nonce: Option<String>,
    pub(super) refresh: bool,
}

#[derive(Debug)]
struct Refresh {
    grant: Grant,
    /// Where its life ends however much it is used.
    last: Duration,
    /// The thumbprint of the key that it is bound to.
    key: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) client: String,
    pub(super) project: String,
    pub(super) principal: Principal,
    pub(super) scopes: Vec<String>,
    pub(super) until: Duration,
}

/// Fresh tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The access token.
    pub access_token: String,
    /// The refresh token, where there is one.
    pub refresh_token: Option<String>,
    /// What the answer says about the access token's life, in seconds.
    pub expires_in: u64,
    /// The same about the refresh token, where its end is known.
    pub refresh_token_expires_in: Option<u64>,
}

#[derive(Debug, Default)]
struct Consent {
    scopes: BTreeSet<String>,
    /// The clients that were given a refresh token.
    offline: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) struct Grants {
    pub(super) lifetimes: Lifetimes,
    pub(super) most_refresh_tokens: usize,
    consents: HashMap<(String, String), Consent>,
    codes: Shelf<Code>,
    refresh: Shelf<Refresh>,
    access: Shelf<Access>,
}

impl Grants {
    pub(super) fn new(mint: &Arc<Mint>) -> Self {
        let code = Duration::from_secs(600);
        Self {
            lifetimes: Lifetimes { code, access: Duration::from_secs(3600), refresh: HALF_A_YEAR },
            most_refresh_tokens: 100,
            consents: HashMap::new(),
            codes: Shelf::of("google-code", Arc::clone(mint)),
            refresh: Shelf::of("google-refresh", Arc::clone(mint)),
            access: Shelf::of("google-access", Arc::clone(mint)),
        }
    }

    /// Whether the user has granted the project all of these before.
    pub(super) fn has_consent(&self, project: &str, user: &str, scopes: &[String]) -> bool {
        let consent = self.consents.get(&(project.to_owned(), user.to_owned()));
        consent.is_some_and(|consent| scopes.iter().all(|scope| consent.scopes.contains(scope)))
    }

    /// Whether this client was given a refresh token for this user that the user's consent still stands behind.
    pub(super) fn was_offline(&self, grant: &Grant) -> bool {
        let consent = self.consents.get(&(grant.project.clone(), grant.user.clone()));
        consent.is_some_and(|consent| consent.offline.contains(&grant.client))
    }

    /// Remembers a consent, and returns all that the user ever granted the project.
    pub(super) fn consent(&mut self, grant: &Grant, offline: bool) -> Vec<String> {
        let consent = self.consents.entry((grant.project.clone(), grant.user.clone())).or_default();
        consent.scopes.extend(grant.scopes.iter().cloned());
        if offline {
            consent.offline.insert(grant.client.clone());
        }
        consent.scopes.iter().cloned().collect()
    }

    pub(super) fn code(&mut self, now: Duration, code: Code) -> String {
        self.codes.put(now.saturating_add(self.lifetimes.code), code)
    }

    /// What a code stands for, if it is this client's. Looking doesn't use it up.
    pub(super) fn look(&mut self, now: Duration, client: &str, code: &str) -> Result<&mut Code, Refusal> {
        match self.codes.get(now, code) {
            Ok(found) if found.grant.client == client => Ok(found),
            Err(Missing::Unknown) => Err(Refusal::MalformedCode),
            Ok(_) | Err(_) => Err(Refusal::BadCode),
        }
    }

    pub(super) fn use_up(&mut self, code: &str) {
        self.codes.end(code);
    }

    /// Tokens of a grant. `key` binds the refresh token.
    pub(super) fn issue(&mut self, now: Duration, grant: Grant, refresh: bool, key: Option<String>) -> Issued {
        let mut issued = self.access(now, &grant.client, &grant.project, Principal::User(grant.user.clone()), &grant.scopes);
        if refresh {
            let week = (grant.testing && !grant.scopes.iter().all(|scope| scopes::is_identity(scope))).then_some(WEEK);
            let known_end = [week, grant.access_for].into_iter().flatten().min();
            let last = known_end.map_or(Duration::MAX, |life| now.saturating_add(life));
            issued.refresh_token_expires_in = known_end.map(|life| life.as_secs());
            self.make_room(now, &grant);
            let until = last.min(now.saturating_add(self.lifetimes.refresh));
            issued.refresh_token = Some(self.refresh.put(until, Refresh { grant, last, key }));
        }
        issued
    }

    /// The oldest tokens of the same user and client go, without a word.
    fn make_room(&mut self, now: Duration, grant: &Grant) {
        let same = self.refresh.live(now, |other| other.grant.client == grant.client && other.grant.user == grant.user);
        let too_many = (same.len() + 1).saturating_sub(self.most_refresh_tokens);
        same.iter().take(too_many).for_each(|oldest| self.refresh.end(oldest));
    }

    /// The grant behind a refresh token, and the key it is bound to. Using it keeps it from dying of neglect.
    pub(super) fn refresh(&mut self, now: Duration, client: &str, token: &str) -> Result<(Grant, Option<String>), Refusal> {
        let unused = now.saturating_add(self.lifetimes.refresh);
        let refresh = self.refresh.get(now, token).map_err(|_| Refusal::DeadToken)?;
        if refresh.grant.client != client {
            return Err(Refusal::DeadToken);
        }
        let (grant, key, until) = (refresh.grant.clone(), refresh.key.clone(), refresh.last.min(unused));
        self.refresh.until(token, until);
        Ok((grant, key))
    }

    /// An access token alone.
    pub(super) fn access(&mut self, now: Duration, client: &str, project: &str, principal: Principal, scopes: &[String]) -> Issued {
        let (client, project, scopes) = (client.to_owned(), project.to_owned(), scopes.to_vec());
        self.access_for(now, self.lifetimes.access, Access { client, project, principal, scopes, until: Duration::ZERO })
    }

    /// An access token that lives for so long.
    pub(super) fn access_for(&mut self, now: Duration, life: Duration, access: Access) -> Issued {
        let until = now.saturating_add(life);
        Issued {
            access_token: self.access.put(until, Access { until, ..access }),
            refresh_token: None,
            // Google says 3599 for an hour.
            expires_in: life.as_secs().saturating_sub(1),
            refresh_token_expires_in: None,
        }
    }

    pub(super) fn owner(&mut self, now: Duration, token: &str) -> Option<Access> {
        self.access.get(now, token).ok().cloned()
    }

    /// Ends all that the user granted the project of this token, and forgets the consent.
    pub(super) fn revoke(&mut self, now: Duration, token: &str) -> bool {
        let of_refresh = self.refresh.get(now, token).ok().map(|refresh| (refresh.grant.project.clone(), refresh.grant.user.clone()));
        let of_access = self.access.get(now, token).ok().map(|access| (access.project.clone(), access.principal.clone()));
        let (project, user) = match (of_refresh, of_access) {
            (Some((project, user)), _) | (None, Some((project, Principal::User(user)))) => (project, user),
            (None, Some(_)) => {
                self.access.end(token);
                return true;
            }
            (None, None) => return false,
        };
        let principal = Principal::User(user.clone());
        self.access.end_all(now, |access| access.project == project && access.principal == principal);
        self.refresh.end_all(now, |refresh| refresh.grant.project == project && refresh.grant.user == user);
        self.consents.remove(&(project, user));
        true
    }

    /// Ends the refresh tokens that a changed password ends.
    pub(super) fn password_changed(&mut self, now: Duration, user: &str) -> usize {
        self.refresh.end_all(now, |refresh| refresh.grant.user == user && refresh.grant.scopes.iter().any(|scope| scopes::is_gmail(scope)))
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
