//! A valid access token, with at most one refresh for everybody who wants it.
//!
//! Here is what a caller does: take the stored token while it is good, otherwise join the refresh that is under way, or begin it. The
//! refresh itself is in [`attempt`], a task of its own, so that it comes to its end whatever becomes of those who wait for it.

mod attempt;
mod outcome;
mod turn;

use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use jeton_runtime::{Client, CurrentTokens, Grant, GrantKind, Secret, TokenType, Tokens};

use crate::seal::random_id;
use crate::store::ConnectionRow;
use crate::vault::Inner;
use crate::{ConnectionName, Error, Result, Vault, clock};
use attempt::Attempt;

/// Who refreshes tokens: the runtime, or whatever an embedder puts in its place.
pub trait Providers: Send + Sync {
    /// Asks the provider's service for new tokens.
    ///
    /// The vault calls this once for a refresh token that is used up by it, and never again before the outcome is on disk. It must end,
    /// within a minute: other processes wait no longer for it.
    fn refresh<'a>(
        &'a self,
        provider: &'a str,
        client: &'a Client,
        tokens: &'a CurrentTokens,
    ) -> BoxFuture<'a, Result<Tokens, jeton_runtime::Error>>;

    /// Asks for tokens anew, by a grant that needs no person: client credentials, a service account's assertion. It has no refresh token, so
    /// this is how it is refreshed.
    fn obtain<'a>(
        &'a self,
        provider: &'a str,
        client: &'a Client,
        grant: &'a Grant,
    ) -> BoxFuture<'a, Result<Tokens, jeton_runtime::Error>> {
        let (_, _) = (client, grant);
        let what = format!("tokens of {provider} can't be obtained anew here");
        let hint = "Implement Providers::obtain for grants without a refresh token".to_owned();
        Box::pin(async move { Err(jeton_runtime::Error::Unfit { what, hint }) })
    }

    /// After how long without a refresh the provider's service forgets a refresh token, where that is known. For [`Vault::keep_alive`].
    fn idle_limit(&self, provider: &str) -> Option<Duration> {
        let _ = provider;
        None
    }

    /// How long before an access token's end the provider's service refreshes it, where it refuses to do so earlier.
    fn refresh_window(&self, provider: &str) -> Option<Duration> {
        let _ = provider;
        None
    }
}

/// An access token that was on disk before it was handed out.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The token, of the kind `access-token`.
    pub secret: Secret,
    /// How it is shown.
    pub token_type: TokenType,
    /// When it expires; `None`: never, or nobody knows.
    pub expires_at: Option<SystemTime>,
    /// What it is good for, where the service says so.
    pub scope: Option<String>,
}

/// A refresh that is under way, for those who join it.
pub(crate) type Refreshing = Shared<BoxFuture<'static, Result<AccessToken>>>;

/// What a caller is content with.
#[derive(Clone, Copy)]
enum Want {
    /// A token that is valid for so many seconds.
    Valid(i64),
    /// Tokens that are newer than this generation.
    Newer(i64),
    /// The same, unless somebody has found meanwhile that a refresh is of no use at the moment.
    Due(i64),
}

impl Vault {
    /// The connection's access token, valid for at least `min_valid` where the service gives any that long. Refreshes it if need be.
    ///
    /// However many ask at once, the service sees one refresh, and its tokens are on disk before anyone gets them. To drop this future
    /// is safe: a refresh that it began goes on and is kept. Needs a tokio runtime.
    ///
    /// [`Error::Reauthorize`] where a person must sign in again, [`Error::Retry`] where the service can't be used at the moment.
    pub async fn access_token(&self, name: &ConnectionName, min_valid: Duration, providers: &Arc<dyn Providers>) -> Result<AccessToken> {
        let row = self.0.current(self.0.find_connection(name).await?).await?;
        if let Some(token) = self.0.answer(&row, Want::Valid(clock::after(0, min_valid)))? {
            return Ok(token);
        }
        let window = providers.refresh_window(&row.provider);
        let want = Want::Valid(clock::after(0, window.map_or(min_valid, |window| window.min(min_valid))));
        match self.0.answer(&row, want)? {
            Some(token) => Ok(token),
            None => self.join(row.id, want, name, providers).await,
        }
    }

    /// Refreshes the tokens now, however valid they are, and even if the last refresh failed. Joins a refresh that is under way.
    ///
    /// As safe to drop as [`Vault::access_token`].
    pub async fn refresh(&self, name: &ConnectionName, providers: &Arc<dyn Providers>) -> Result<AccessToken> {
        let row = self.0.current(self.0.find_connection(name).await?).await?;
        self.join(row.id, Want::Newer(row.generation), name, providers).await
    }

    /// Refreshes tokens of this generation, unless somebody did, or tried in vain.
    pub(crate) async fn refresh_due(
        &self,
        id: String,
        generation: i64,
        name: &ConnectionName,
        providers: &Arc<dyn Providers>,
    ) -> Result<()> {
        self.join(id, Want::Due(generation), name, providers).await.map(drop)
    }

    async fn join(&self, id: String, want: Want, name: &ConnectionName, providers: &Arc<dyn Providers>) -> Result<AccessToken> {
        let refreshing = {
            let mut all = self.0.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
            match all.get(&id) {
                Some(refreshing) => refreshing.clone(),
                None => {
                    let entry = Entry { inner: self.0.clone(), id: id.clone() };
                    let (inner, providers) = (self.0.clone(), providers.clone());
                    let attempt = Attempt { inner, providers, id: id.clone(), name: name.to_string(), want, owner: random_id()? };
                    let task = tokio::spawn(async move {
                        // Moved in, so that the entry is gone when the task is, however it ends.
                        let _entry = entry;
                        attempt.run().await
                    });
                    let interrupted = Error::Interrupted(name.to_string());
                    let refreshing = task.map(|ended| ended.unwrap_or(Err(interrupted))).boxed().shared();
                    all.insert(id, refreshing.clone());
                    refreshing
                }
            }
        };
        refreshing.await
    }
}

/// The place in [`Inner::refreshing`], given up after the outcome is on disk: whoever comes later finds it there.
struct Entry {
    inner: Arc<Inner>,
    id: String,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.inner.refreshing.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

impl Inner {
    /// What the row alone says: a token, an error, or `None` where only a refresh can tell.
    fn answer(&self, row: &ConnectionRow, want: Want) -> Result<Option<AccessToken>> {
        let now = clock::now();
        let enough = match want {
            Want::Valid(seconds) => valid(row, now, seconds),
            Want::Newer(generation) | Want::Due(generation) => row.generation > generation && valid(row, now, 1),
        };
        if enough {
            return self.hand_out(row);
        }
        let reason = row.status_reason.clone().unwrap_or_default();
        let (name, provider) = (row.name.clone(), row.provider.clone());
        match (row.status.as_str(), want) {
            // Has no tokens left to try.
            ("revoked", _) | ("reauthorize", Want::Valid(_) | Want::Due(_)) => Err(Error::Reauthorize { name, provider, reason }),
            ("retry", Want::Valid(_) | Want::Due(_)) if row.retry_at.is_some_and(|at| at > now) => {
                let error = Error::Retry { name, reason, retry_at: row.retry_at.and_then(clock::system_time) };
                self.make_do(row, want, error).map(Some)
            }
            _ if row.sealed.refresh.is_none() && !needs_nobody(row) => {
                let reason = "the access token has expired, and the service gave no refresh token".to_owned();
                Err(Error::Reauthorize { name, provider, reason })
            }
            _ => Ok(None),
        }
    }

    /// The token that is left, where that is better than `error`: shorter than wanted, but valid.
    fn make_do(&self, row: &ConnectionRow, want: Want, error: Error) -> Result<AccessToken> {
        if matches!(want, Want::Newer(_) | Want::Due(_)) || !valid(row, clock::now(), 1) {
            return Err(error);
        }
        tracing::warn!(connection = row.name, %error, "handing out the access token that is left");
        self.hand_out(row)?.ok_or(error)
    }

    fn hand_out(&self, row: &ConnectionRow) -> Result<Option<AccessToken>> {
        let Some(secret) = self.unseal_access(row)? else { return Ok(None) };
        let token_type = TokenType::of(&self.unseal_extras(row)?);
        let expires_at = row.sealed.expires_at.and_then(clock::system_time);
        Ok(Some(AccessToken { secret, token_type, expires_at, scope: row.sealed.scope.clone() }))
    }
}

/// Whether its grant can be repeated without a person.
fn needs_nobody(row: &ConnectionRow) -> bool {
    [GrantKind::ClientCredentials, GrantKind::JwtBearer, GrantKind::TokenExchange].iter().any(|kind| kind.name() == row.grant_kind)
}

fn valid(row: &ConnectionRow, now: i64, seconds: i64) -> bool {
    row.sealed.access.is_some() && lasts(row.sealed.expires_at, now, seconds)
}

/// Whether what expires then (`None`: never) is valid for so many seconds.
pub(crate) fn lasts(expires_at: Option<i64>, now: i64, seconds: i64) -> bool {
    expires_at.is_none_or(|at| at > now && at.saturating_sub(now) >= seconds)
}
