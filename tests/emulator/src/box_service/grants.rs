//! Codes and tokens: what lives, what is used up, and how refresh tokens rotate. Pure: the time comes in as an argument.
//!
//! An access and a refresh token that were issued together are a pair and share a serial number. A pair whose refresh token is used up
//! lasts for its access token's sake only; of those the latest ten thousand are kept, so that a benchmark can refresh for hours.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::refusal::Refusal;
use super::settings::{Lifetimes, Rotation};
use crate::mint::Mint;

const ACCESS: &str = "access";
const REFRESH: &str = "refresh";
const CODE: &str = "code";
const MOST_SPENT: usize = 10_000;

/// A fresh pair of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
    /// Seconds that the access token lives.
    pub expires_in: u64,
}

/// Who granted what to whom.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) client: Arc<str>,
    pub(super) user: Arc<str>,
    pub(super) scopes: Vec<String>,
}

/// Why an access token isn't accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAccess {
    Invalid,
    Expired,
}

#[derive(Debug)]
pub(super) struct Grants {
    pub(super) rotation: Rotation,
    pub(super) lifetimes: Lifetimes,
    mint: Arc<Mint>,
    last_code: u64,
    last_pair: u64,
    last_grant: u64,
    codes: HashMap<u64, Code>,
    pairs: HashMap<u64, Pair>,
    chains: HashMap<u64, Chain>,
    spent: VecDeque<u64>,
}

#[derive(Debug)]
struct Code {
    owner: Arc<Owner>,
    until: Duration,
}

/// Each half is live until its time; `Duration::ZERO` means that it was used up or revoked.
#[derive(Debug)]
struct Pair {
    owner: Arc<Owner>,
    grant: u64,
    access_until: Duration,
    refresh_until: Duration,
}

/// The pairs of one grant whose refresh tokens may still be live.
#[derive(Debug)]
struct Chain {
    current: u64,
    previous: Option<u64>,
}

impl Grants {
    pub(super) fn new(mint: Arc<Mint>) -> Self {
        Self {
            rotation: Rotation::Strict,
            lifetimes: Lifetimes::default(),
            mint,
            last_code: 0,
            last_pair: 0,
            last_grant: 0,
            codes: HashMap::new(),
            pairs: HashMap::new(),
            chains: HashMap::new(),
            spent: VecDeque::new(),
        }
    }

    /// A code for a consent that was just given.
    pub(super) fn code(&mut self, now: Duration, owner: Owner) -> String {
        if self.codes.len() >= MOST_SPENT {
            self.codes.retain(|_, code| now <= code.until);
        }
        self.last_code += 1;
        let until = now.saturating_add(self.lifetimes.code);
        self.codes.insert(self.last_code, Code { owner: Arc::new(owner), until });
        self.mint.name(CODE, self.last_code)
    }

    /// Tokens for a code, once. A code that is shown by another client stays good for its own.
    pub(super) fn redeem(&mut self, now: Duration, client: &str, code: &str) -> Result<Issued, Refusal> {
        let serial = self.mint.serial(CODE, code).ok_or(Refusal::UnknownCode)?;
        if self.codes.get(&serial).is_none_or(|code| &*code.owner.client != client) {
            return Err(Refusal::UnknownCode);
        }
        let code = self.codes.remove(&serial).ok_or(Refusal::UnknownCode)?;
        if now > code.until {
            return Err(Refusal::CodeExpired);
        }
        Ok(self.issue(now, code.owner))
    }

    /// The first pair of a new grant.
    pub(super) fn issue(&mut self, now: Duration, owner: Arc<Owner>) -> Issued {
        self.last_grant += 1;
        let issued = self.pair(now, self.last_grant, owner);
        self.chains.insert(self.last_grant, Chain { current: self.last_pair, previous: None });
        issued
    }

    /// The next pair of a grant.
    ///
    /// A refresh token that the emulator made and doesn't know any more was used up or revoked, so it "has expired", too.
    pub(super) fn refresh(&mut self, now: Duration, client: &str, token: &str) -> Result<Issued, Refusal> {
        let used = self.mint.serial(REFRESH, token).ok_or(Refusal::InvalidRefreshToken)?;
        let pair = self.pairs.get(&used).ok_or(Refusal::RefreshTokenExpired)?;
        if &*pair.owner.client != client {
            return Err(Refusal::InvalidRefreshToken);
        }
        let chain = self.chains.get(&pair.grant).filter(|_| now < pair.refresh_until).ok_or(Refusal::RefreshTokenExpired)?;
        let keep = (self.rotation == Rotation::Grace).then_some(used);
        let live = [Some(chain.current), chain.previous];
        let (grant, owner) = (pair.grant, Arc::clone(&pair.owner));
        for serial in live.into_iter().flatten().filter(|serial| Some(*serial) != keep) {
            self.spend(serial);
        }
        let issued = self.pair(now, grant, owner);
        self.chains.insert(grant, Chain { current: self.last_pair, previous: keep });
        self.forget_spent();
        Ok(issued)
    }

    /// Kills the pair that the token belongs to. The predecessor that [`Rotation::Grace`] keeps goes with its successor. A token that isn't
    /// known is no error (RFC 7009 section 2.2).
    pub(super) fn revoke(&mut self, client: &str, token: &str) -> Result<(), Refusal> {
        let Some(serial) = self.serial(token) else { return Ok(()) };
        let Some(pair) = self.pairs.get_mut(&serial) else { return Ok(()) };
        if &*pair.owner.client != client {
            return Err(Refusal::InvalidClient);
        }
        pair.access_until = Duration::ZERO;
        let grant = pair.grant;
        match self.chains.get(&grant).map(|chain| (chain.current, chain.previous)) {
            Some((current, previous)) if current == serial => {
                self.chains.remove(&grant);
                self.spend(current);
                previous.into_iter().for_each(|previous| self.spend(previous));
            }
            Some((current, Some(previous))) if previous == serial => {
                self.chains.insert(grant, Chain { current, previous: None });
                self.spend(previous);
            }
            _ => {}
        }
        Ok(())
    }

    /// Whose access token this is.
    pub(super) fn access(&self, now: Duration, token: &str) -> Result<Arc<Owner>, NoAccess> {
        let serial = self.mint.serial(ACCESS, token).ok_or(NoAccess::Invalid)?;
        let pair = self.pairs.get(&serial).ok_or(NoAccess::Expired)?;
        match pair.access_until {
            Duration::ZERO => Err(NoAccess::Invalid),
            until if now >= until => Err(NoAccess::Expired),
            _ => Ok(Arc::clone(&pair.owner)),
        }
    }

    pub(super) fn expire_access_tokens(&mut self, now: Duration) -> usize {
        let live = self.pairs.values_mut().filter(|pair| now < pair.access_until);
        live.map(|pair| pair.access_until = now).count()
    }

    pub(super) fn expire(&mut self, now: Duration, token: &str) -> bool {
        let refresh = token.starts_with("emulated-refresh-");
        let Some(pair) = self.serial(token).and_then(|serial| self.pairs.get_mut(&serial)) else { return false };
        let until = if refresh { &mut pair.refresh_until } else { &mut pair.access_until };
        let was_live = now < *until;
        if was_live {
            *until = now;
        }
        was_live
    }

    pub(super) fn is_live(&self, now: Duration, token: &str) -> bool {
        let refresh = self.mint.serial(REFRESH, token).and_then(|serial| self.pairs.get(&serial));
        refresh.is_some_and(|pair| now < pair.refresh_until) || self.access(now, token).is_ok()
    }

    pub(super) fn live_refresh_tokens(&self, now: Duration) -> usize {
        self.pairs.values().filter(|pair| now < pair.refresh_until).count()
    }

    fn serial(&self, token: &str) -> Option<u64> {
        self.mint.serial(ACCESS, token).or_else(|| self.mint.serial(REFRESH, token))
    }

    fn pair(&mut self, now: Duration, grant: u64, owner: Arc<Owner>) -> Issued {
        self.last_pair += 1;
        let Lifetimes { access, refresh, .. } = self.lifetimes;
        let pair = Pair { owner, grant, access_until: now.saturating_add(access), refresh_until: now.saturating_add(refresh) };
        self.pairs.insert(self.last_pair, pair);
        Issued {
            access_token: self.mint.name(ACCESS, self.last_pair),
            refresh_token: self.mint.name(REFRESH, self.last_pair),
            expires_in: access.as_secs(),
        }
    }

    fn spend(&mut self, serial: u64) {
        if let Some(pair) = self.pairs.get_mut(&serial) {
            pair.refresh_until = Duration::ZERO;
            self.spent.push_back(serial);
        }
    }

    fn forget_spent(&mut self) {
        while self.spent.len() > MOST_SPENT {
            if let Some(serial) = self.spent.pop_front() {
                self.pairs.remove(&serial);
            }
        }
    }
}

#[cfg(test)]
mod tests;
