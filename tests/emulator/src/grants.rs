//! Codes and tokens: what lives, what is used up, and how refresh tokens rotate. Pure: the time comes in as an argument.
//!
//! An access and a refresh token that were issued together are a pair and share a serial number. A pair whose refresh token is used up
//! lasts for its access token's sake only; of those the latest ten thousand are kept, so that a benchmark can refresh for hours.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::mint::Mint;
use crate::{Lifetimes, Rotation};

const ACCESS: &str = "access";
const REFRESH: &str = "refresh";
const CODE: &str = "code";
const MOST_SPENT: usize = 10_000;

/// Fresh tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Minted {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    /// How long the access token lives; [`Duration::MAX`] for ever.
    pub(crate) lives: Duration,
}

/// Who granted what to whom. The details are what else a service keeps with a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner<D = ()> {
    pub(crate) client: Arc<str>,
    pub(crate) user: Arc<str>,
    pub(crate) scopes: Vec<String>,
    pub(crate) details: D,
}

/// Why a code or a refresh token gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadGrant {
    /// Never heard of, or another client's.
    Unknown,
    /// Too old, used up or revoked. Of a code: too old.
    Expired,
}

/// What is to be revoked belongs to another client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotYours;

/// Why an access token isn't accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAccess {
    Invalid,
    Expired,
}

/// What dies with a revoked token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cascade {
    /// The pair that it belongs to.
    Pair,
    /// Everything that came of the same consent.
    Grant,
}

#[derive(Debug)]
pub(crate) struct Grants<D = ()> {
    pub(crate) rotation: Rotation,
    pub(crate) lifetimes: Lifetimes,
    mint: Arc<Mint>,
    last_code: u64,
    last_pair: u64,
    last_grant: u64,
    codes: HashMap<u64, Code<D>>,
    pairs: HashMap<u64, Pair<D>>,
    chains: HashMap<u64, Chain<D>>,
    spent: VecDeque<u64>,
}

#[derive(Debug)]
struct Code<D> {
    owner: Arc<Owner<D>>,
    until: Duration,
}

/// Each half is live until its time; `Duration::ZERO` means that it was used up or revoked, or never was.
#[derive(Debug)]
struct Pair<D> {
    owner: Arc<Owner<D>>,
    grant: u64,
    access_until: Duration,
    refresh_until: Duration,
}

/// The pairs of one grant whose refresh tokens may still be live. The owner is the grant's; an access token's may have fewer scopes.
#[derive(Debug)]
struct Chain<D> {
    owner: Arc<Owner<D>>,
    current: u64,
    previous: Option<u64>,
}

impl<D> Grants<D> {
    pub(crate) fn new(mint: Arc<Mint>) -> Self {
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
    pub(crate) fn code(&mut self, now: Duration, owner: Owner<D>) -> String {
        if self.codes.len() >= MOST_SPENT {
            self.codes.retain(|_, code| now <= code.until);
        }
        self.last_code += 1;
        let until = now.saturating_add(self.lifetimes.code);
        self.codes.insert(self.last_code, Code { owner: Arc::new(owner), until });
        self.mint.name(CODE, self.last_code)
    }

    /// Whom a code stands for. It is used up by that; one that is shown by another client stays good for its own.
    pub(crate) fn redeem(&mut self, now: Duration, client: &str, code: &str) -> Result<Arc<Owner<D>>, BadGrant> {
        let serial = self.mint.serial(CODE, code).ok_or(BadGrant::Unknown)?;
        if self.codes.get(&serial).is_none_or(|code| &*code.owner.client != client) {
            return Err(BadGrant::Unknown);
        }
        let code = self.codes.remove(&serial).ok_or(BadGrant::Unknown)?;
        if now > code.until { Err(BadGrant::Expired) } else { Ok(code.owner) }
    }

    /// The first pair of a new grant.
    pub(crate) fn issue(&mut self, now: Duration, owner: Arc<Owner<D>>) -> Minted {
        self.last_grant += 1;
        let issued = self.pair(now, self.last_grant, Arc::clone(&owner));
        self.chains.insert(self.last_grant, Chain { owner, current: self.last_pair, previous: None });
        issued
    }

    /// An access token without a refresh token, as a grant of its own.
    pub(crate) fn issue_access(&mut self, now: Duration, owner: Arc<Owner<D>>, lives: Duration) -> Minted {
        self.last_grant += 1;
        self.access_only(now, self.last_grant, owner, lives)
    }

    /// Whose refresh token this is, if it would be accepted.
    ///
    /// A refresh token that the emulator made and doesn't know any more was used up or revoked, so it has expired, too.
    pub(crate) fn refreshable(&self, now: Duration, client: &str, token: &str) -> Result<Arc<Owner<D>>, BadGrant> {
        self.chain(now, client, token).map(|(_, _, chain)| Arc::clone(&chain.owner))
    }

    /// The next tokens of a grant; the access token is for `access` if that is given.
    pub(crate) fn refresh(&mut self, now: Duration, client: &str, token: &str, access: Option<Arc<Owner<D>>>) -> Result<Minted, BadGrant> {
        self.presented(client, token);
        let (used, grant, chain) = self.chain(now, client, token)?;
        let owner = Arc::clone(&chain.owner);
        let live = [Some(chain.current), chain.previous];
        let access = access.unwrap_or_else(|| Arc::clone(&owner));
        if self.rotation == Rotation::Never {
            return Ok(self.access_only(now, grant, access, self.lifetimes.access));
        }
        let keep = (self.rotation == Rotation::Grace).then_some(used);
        for serial in live.into_iter().flatten().filter(|serial| Some(*serial) != keep) {
            self.spend(serial);
        }
        let issued = self.pair(now, grant, access);
        self.chains.insert(grant, Chain { owner, current: self.last_pair, previous: keep });
        self.forget_spent();
        Ok(issued)
    }

    fn chain(&self, now: Duration, client: &str, token: &str) -> Result<(u64, u64, &Chain<D>), BadGrant> {
        let serial = self.mint.serial(REFRESH, token).ok_or(BadGrant::Unknown)?;
        let pair = self.pairs.get(&serial).ok_or(BadGrant::Expired)?;
        if &*pair.owner.client != client {
            return Err(BadGrant::Unknown);
        }
        let chain = self.chains.get(&pair.grant).filter(|_| now < pair.refresh_until).ok_or(BadGrant::Expired)?;
        Ok((serial, pair.grant, chain))
    }

    /// A client has shown a refresh token to the token endpoint: [`Rotation::Guarded`] ends the grant if it was used before.
    pub(crate) fn presented(&mut self, client: &str, token: &str) {
        let serial = self.mint.serial(REFRESH, token);
        let pair = serial.and_then(|serial| self.pairs.get(&serial)).filter(|pair| &*pair.owner.client == client);
        let reused = pair.is_some_and(|pair| pair.refresh_until == Duration::ZERO && self.chains.contains_key(&pair.grant));
        if reused && self.rotation == Rotation::Guarded {
            // It is this client's.
            let _ = self.revoke(client, token, Cascade::Grant);
        }
    }

    /// Kills what the token belongs to. The predecessor that [`Rotation::Grace`] keeps goes with its successor. A token that isn't known is
    /// no error (RFC 7009 section 2.2).
    pub(crate) fn revoke(&mut self, client: &str, token: &str, cascade: Cascade) -> Result<(), NotYours> {
        let Some(serial) = self.serial(token) else { return Ok(()) };
        let Some(pair) = self.pairs.get_mut(&serial) else { return Ok(()) };
        if &*pair.owner.client != client {
            return Err(NotYours);
        }
        pair.access_until = Duration::ZERO;
        let grant = pair.grant;
        if cascade == Cascade::Grant {
            self.pairs.values_mut().filter(|pair| pair.grant == grant).for_each(|pair| pair.access_until = Duration::ZERO);
        }
        match self.chains.get(&grant).map(|chain| (chain.current, chain.previous)) {
            Some((current, previous)) if current == serial || cascade == Cascade::Grant => {
                self.chains.remove(&grant);
                self.spend(current);
                previous.into_iter().for_each(|previous| self.spend(previous));
            }
            Some((_, Some(previous))) if previous == serial => {
                if let Some(chain) = self.chains.get_mut(&grant) {
                    chain.previous = None;
                }
                self.spend(previous);
            }
            _ => {}
        }
        Ok(())
    }

    /// The client that a token was issued to, as long as the token is known.
    pub(crate) fn client_of(&self, token: &str) -> Option<Arc<str>> {
        Some(Arc::clone(&self.pairs.get(&self.serial(token)?)?.owner.client))
    }

    /// Whose access token this is.
    pub(crate) fn access(&self, now: Duration, token: &str) -> Result<Arc<Owner<D>>, NoAccess> {
        self.access_until(now, token).map(|(owner, _)| owner)
    }

    /// Whose access token this is, and how long it will live.
    pub(crate) fn access_until(&self, now: Duration, token: &str) -> Result<(Arc<Owner<D>>, Duration), NoAccess> {
        let serial = self.mint.serial(ACCESS, token).ok_or(NoAccess::Invalid)?;
        let pair = self.pairs.get(&serial).ok_or(NoAccess::Expired)?;
        match pair.access_until {
            Duration::ZERO => Err(NoAccess::Invalid),
            until if now >= until => Err(NoAccess::Expired),
            until => Ok((Arc::clone(&pair.owner), until.saturating_sub(now))),
        }
    }

    pub(crate) fn expire_access_tokens(&mut self, now: Duration) -> usize {
        let live = self.pairs.values_mut().filter(|pair| now < pair.access_until);
        live.map(|pair| pair.access_until = now).count()
    }

    /// All tokens, as if everybody had taken the access back.
    pub(crate) fn end_all(&mut self) {
        for pair in self.pairs.values_mut() {
            (pair.access_until, pair.refresh_until) = (Duration::ZERO, Duration::ZERO);
        }
        self.chains.clear();
    }

    pub(crate) fn expire(&mut self, now: Duration, token: &str) -> bool {
        let refresh = token.starts_with("emulated-refresh-");
        let Some(pair) = self.serial(token).and_then(|serial| self.pairs.get_mut(&serial)) else { return false };
        let until = if refresh { &mut pair.refresh_until } else { &mut pair.access_until };
        let was_live = now < *until;
        if was_live {
            *until = now;
        }
        was_live
    }

    pub(crate) fn is_live(&self, now: Duration, token: &str) -> bool {
        let refresh = self.mint.serial(REFRESH, token).and_then(|serial| self.pairs.get(&serial));
        refresh.is_some_and(|pair| now < pair.refresh_until) || self.access(now, token).is_ok()
    }

    pub(crate) fn live_refresh_tokens(&self, now: Duration) -> usize {
        self.pairs.values().filter(|pair| now < pair.refresh_until).count()
    }

    fn serial(&self, token: &str) -> Option<u64> {
        self.mint.serial(ACCESS, token).or_else(|| self.mint.serial(REFRESH, token))
    }

    fn pair(&mut self, now: Duration, grant: u64, owner: Arc<Owner<D>>) -> Minted {
        let Lifetimes { access, refresh, .. } = self.lifetimes;
        let mut minted = self.half(now, grant, owner, (access, now.saturating_add(refresh)));
        minted.refresh = Some(self.mint.name(REFRESH, self.last_pair));
        minted
    }

    fn access_only(&mut self, now: Duration, grant: u64, owner: Arc<Owner<D>>, lives: Duration) -> Minted {
        let minted = self.half(now, grant, owner, (lives, Duration::ZERO));
        self.spent.push_back(self.last_pair);
        self.forget_spent();
        minted
    }

    fn half(&mut self, now: Duration, grant: u64, owner: Arc<Owner<D>>, (lives, refresh_until): (Duration, Duration)) -> Minted {
        self.last_pair += 1;
        self.pairs.insert(self.last_pair, Pair { owner, grant, access_until: now.saturating_add(lives), refresh_until });
        Minted { access: self.mint.name(ACCESS, self.last_pair), refresh: None, lives }
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
