//! One refresh: lease, intent, provider, durable write, and only then the token.
//!
//! | step | what is on disk after it |
//! |---|---|
//! | begin | whose turn it is, and that the refresh token is about to be used |
//! | the provider's call | the same |
//! | finish | the new tokens; no lease, no intent |
//! | abandon | the old tokens, why, and the intent where the service may have acted all the same |

use std::sync::Arc;
use std::time::Duration;

use jeton_runtime::{Client, CurrentTokens, ErrorKind, Remedy, Tokens};
use tokio::time::sleep;

use super::{AccessToken, Providers, Want};
use crate::store::{ConnectionRow, Intent, Outcome};
use crate::vault::Inner;
use crate::{ClientName, Error, Result, clock};

/// How long others believe a lease. Longer than the runtime lets any refresh take.
const LEASE: i64 = 90;

/// The shortest and the longest pause between looks at a row that another process refreshes.
const PAUSES: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(80)];

/// Before each further try to write tokens that the service has given.
const WRITE_AGAIN: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(300), Duration::from_millis(900), Duration::from_millis(2700)];

/// A service may ask for patience, within reason.
const LONGEST_PATIENCE: Duration = Duration::from_secs(60 * 60);

pub(super) struct Attempt {
    pub(super) inner: Arc<Inner>,
    pub(super) providers: Arc<dyn Providers>,
    pub(super) id: String,
    /// What the connection was called when the attempt began.
    pub(super) name: String,
    pub(super) want: Want,
    /// Whose lease it is: another for every attempt, in this process or elsewhere.
    pub(super) owner: String,
}

impl Attempt {
    pub(super) async fn run(self) -> Result<AccessToken> {
        let [mut pause, longest] = PAUSES;
        loop {
            let Some(row) = self.inner.store.connection_by_id(&self.id).await? else {
                return Err(self.inner.unknown_connection(&self.name).await?);
            };
            if let Some(token) = self.inner.answer(&row, self.want)? {
                return Ok(token);
            }
            // All that can fail without the service comes before the lease.
            let client = self.inner.find_client(&ClientName::stored(row.client.clone())).await?;
            let client = self.inner.unseal_client(&client)?;
            let tokens = self.inner.unseal_tokens(&row)?;
            if self.begin(&row, &tokens).await? {
                if let Some(done) = self.ask(&row, &client, &tokens).await? {
                    return Ok(done);
                }
                // Somebody changed the tokens meanwhile: see what there is now.
                continue;
            }
            sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// Whether it is our turn. The generation in the comparison makes sure that `row` is what there was under the lease, too.
    async fn begin(&self, row: &ConnectionRow, tokens: &CurrentTokens) -> Result<bool> {
        let now = clock::now();
        if row.lease.as_ref().is_some_and(|(_, until)| *until > now) {
            // Without a write, so that those who wait don't get into the way of the one who works.
            return Ok(false);
        }
        let secret = tokens.refresh.as_ref().map(|secret| secret.reveal()).unwrap_or_default();
        let intent = Intent { generation: row.generation, fingerprint: self.inner.fingerprint(secret), at: now };
        self.inner.store.begin_refresh(row, &intent, &self.owner, now.saturating_add(LEASE)).await
    }

    async fn ask(&self, row: &ConnectionRow, client: &Client, tokens: &CurrentTokens) -> Result<Option<AccessToken>> {
        tracing::debug!(connection = row.name, provider = row.provider, generation = row.generation, "refreshing");
        match self.providers.refresh(&row.provider, client, tokens).await {
            Ok(new) => self.finish(row, tokens, new).await,
            Err(error) => self.abandon(row, error).await,
        }
    }

    /// `None` where the row has other tokens by now.
    async fn finish(&self, row: &ConnectionRow, before: &CurrentTokens, new: Tokens) -> Result<Option<AccessToken>> {
        let now = clock::now();
        let sealed = self.inner.seal_tokens(row, row.generation.saturating_add(1), before, &new, now)?;
        let mut pauses = WRITE_AGAIN.into_iter();
        let ours = loop {
            // The service has perhaps forgotten the old refresh token, and the new one is nowhere else than here.
            match (self.inner.store.finish_refresh(&row.id, row.generation, &sealed, now).await, pauses.next()) {
                (Ok(ours), _) => break ours,
                (Err(error), None) => return Err(error),
                (Err(error), Some(pause)) => {
                    tracing::warn!(connection = row.name, %error, "new tokens can't be written yet");
                    sleep(pause).await;
                }
            }
        };
        let expires_at = sealed.expires_at.and_then(clock::system_time);
        Ok(ours.then_some(AccessToken { secret: new.access, expires_at, scope: sealed.scope }))
    }

    /// Keeps the tokens and says why there are no new ones. `None` where the row has other tokens by now.
    async fn abandon(&self, row: &ConnectionRow, error: jeton_runtime::Error) -> Result<Option<AccessToken>> {
        let now = clock::now();
        let (outcome, error) = judge(row, error, now);
        tracing::debug!(connection = row.name, %error, "the refresh brought no tokens");
        if !self.inner.store.abandon_refresh(&row.id, row.generation, &self.owner, &outcome, now).await? {
            let changed = self.inner.store.connection_by_id(&self.id).await?;
            if changed.is_none_or(|changed| changed.generation != row.generation) {
                return Ok(None);
            }
        }
        match error {
            Error::Retry { .. } => self.inner.make_do(row, self.want, error).map(Some),
            _ => Err(error),
        }
    }
}

/// What an error means for the connection, and what the caller hears.
fn judge(row: &ConnectionRow, error: jeton_runtime::Error, now: i64) -> (Outcome, Error) {
    let name = row.name.clone();
    let (kind, patience) = match &error {
        jeton_runtime::Error::Service(service) => (Some(service.kind), service.retry_after),
        _ => (None, None),
    };
    // A service that is in trouble, or whose answer got lost, may have used up the refresh token.
    let keep_intent = match &error {
        jeton_runtime::Error::Service(service) => service.kind == ErrorKind::TemporarilyUnavailable,
        jeton_runtime::Error::Denied(_) | jeton_runtime::Error::Busy(_) => false,
        _ => true,
    };
    match (kind, error.remedy()) {
        (Some(ErrorKind::InvalidGrant | ErrorKind::InvalidToken), _) => {
            let mut reason = error.to_string();
            if row.intent.as_ref().is_some_and(|intent| intent.generation == row.generation) {
                reason.push_str(". An earlier refresh got no answer; the service may have replaced the refresh token then");
            }
            let status = Some(("reauthorize", reason.clone()));
            (Outcome { status, retry_at: None, keep_intent: false }, Error::Reauthorize { name, reason })
        }
        (_, Remedy::Retry) => {
            let reason = error.to_string();
            let retry_at = patience.map(|patience| clock::after(now, patience.min(LONGEST_PATIENCE)));
            let status = Some(("retry", reason.clone()));
            let heard = Error::Retry { name, reason, retry_at: retry_at.and_then(clock::system_time) };
            (Outcome { status, retry_at, keep_intent }, heard)
        }
        _ => (Outcome { status: None, retry_at: None, keep_intent }, Error::Provider { name, source: Box::new(error) }),
    }
}
