//! One refresh: lease, intent, provider, durable write, and only then the token.
//!
//! | step | what is on disk after it |
//! |---|---|
//! | begin | whose turn it is, and that the refresh token is about to be used |
//! | the provider's call | the same, with a beat that shows that the owner lives |
//! | finish | the new tokens; no lease, no intent |
//! | abandon | the old tokens, why, and the intent where the service may have acted all the same |

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use jeton_runtime::{Client, CurrentTokens, ErrorKind, TokenType, Tokens};
use tokio::time::{Instant, sleep, timeout};

use super::outcome::judge;
use super::turn::Turn;
use super::{AccessToken, Providers, Want};
use crate::store::{ConnectionRow, Intent, Written};
use crate::vault::Inner;
use crate::{ClientName, Error, Result, clock, sealed_tokens};

/// The first and the longest pause before a further try to write tokens that the service has given.
const WRITE_AGAIN: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(5)];

/// What became of new tokens.
enum Wrote {
    /// They are on disk.
    Done,
    /// The row has other tokens by now, for another reason than below.
    Changed,
    /// One that was overtaken by this attempt has come back and written what it got for the same refresh token. The row as it is now.
    Twice(Box<ConnectionRow>),
}

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
        // Before the row is read, so that no change of it is missed.
        let mut watch = self.inner.store.watch().await;
        let mut turn = Turn::new(self.inner.options.lease, &self.owner);
        loop {
            let Some(row) = self.inner.store.connection_by_id(&self.id).await? else {
                return Err(self.inner.unknown_connection(&self.name).await?);
            };
            self.inner.know(&row.sealed.data_key).await?;
            let row = self.inner.current(row).await?;
            if let Some(token) = self.inner.answer(&row, self.want)? {
                return Ok(token);
            }
            if !turn.may_begin(row.lease.as_ref(), Instant::now()) {
                watch.changed(&self.id, self.inner.options.lease / 4).await;
                continue;
            }
            // All that can fail without the service comes before the lease.
            let client = self.inner.find_client(&ClientName::stored(row.client.clone())).await?;
            let clients = self.inner.unseal_candidates(&client)?;
            let tokens = self.inner.unseal_tokens(&row)?;
            if self.begin(&row, &tokens).await?
                && let Some(done) = self.ask(&row, &clients, &tokens).await?
            {
                return Ok(done);
            }
            // Somebody was faster, or changed the tokens meanwhile: see what there is now.
        }
    }

    /// Whether it is our turn. What is compared makes sure that `row` is what there was under the lease, too.
    async fn begin(&self, row: &ConnectionRow, tokens: &CurrentTokens) -> Result<bool> {
        let secret = tokens.refresh.as_ref().map(|secret| secret.reveal()).unwrap_or_default();
        let fingerprint = self.inner.keys.newest().fingerprint(secret);
        let intent = Intent { generation: row.generation, fingerprint, at: clock::now() };
        let begun = Instant::now();
        let ours = match self.inner.store.begin_refresh(row, &intent, &self.owner, row.lease.as_ref()).await {
            Ok(ours) => ours,
            // The answer got lost, and perhaps not the lease.
            Err(error) => match self.inner.store.connection_by_id(&self.id).await {
                Ok(Some(now)) if now.lease.as_ref().is_some_and(|lease| lease.owner == self.owner) => true,
                _ => return Err(error),
            },
        };
        // A store that took long may have given the lease long ago: then begin again, with a fresh one.
        Ok(ours && begun.elapsed() < self.inner.options.lease / 2)
    }

    /// `None` where the row has other tokens by now.
    async fn ask(&self, row: &ConnectionRow, clients: &[Client], tokens: &CurrentTokens) -> Result<Option<AccessToken>> {
        let work = async {
            match self.refresh(row, clients, tokens).await {
                Ok((new, client)) => self.finish(row, clients, tokens, (new, client)).await,
                Err(error) => self.abandon(row, error).await,
            }
        };
        tokio::select! {
            done = work => done,
            never = self.beat() => match never {},
        }
    }

    /// New tokens, and which of the clients they were got with.
    async fn refresh(
        &self,
        row: &ConnectionRow,
        clients: &[Client],
        tokens: &CurrentTokens,
    ) -> Result<(Tokens, usize), jeton_runtime::Error> {
        tracing::debug!(connection = row.name, provider = row.provider, generation = row.generation, "refreshing");
        let most = self.inner.options.refresh_timeout;
        let again = match tokens.refresh {
            Some(_) => None,
            None => Some(self.inner.grant(row).map_err(|error| jeton_runtime::Error::Host(error.to_string()))?),
        };
        let mut last = jeton_runtime::Error::Host("the client has no registration".to_owned());
        for (index, client) in clients.iter().enumerate() {
            let asking = match &again {
                None => self.providers.refresh(&row.provider, client, tokens),
                Some(grant) => self.providers.obtain(&row.provider, client, grant),
            };
            match timeout(most, asking).await {
                Ok(Ok(new)) => return Ok((new, index)),
                // Refused before it looked at the refresh token: perhaps it knows the client's other secret.
                Ok(Err(error)) if is_client(&error) => last = error,
                Ok(Err(error)) => return Err(error),
                Err(_) => return Err(jeton_runtime::Error::Host(format!("the provider took longer than {} seconds", most.as_secs()))),
            }
        }
        Err(last)
    }

    /// Shows the others, for as long as it is polled, that this refresh is alive.
    async fn beat(&self) -> std::convert::Infallible {
        let mut pause = self.inner.options.lease / 6;
        loop {
            sleep(pause).await;
            let renewed = self.inner.store.renew_lease(&self.id, &self.owner).await;
            // After a restart of the database each connection of the pool fails once: that mustn't cost a whole lease.
            pause = self.inner.options.lease / if renewed.is_ok() { 6 } else { 60 };
            match renewed {
                Ok(true) => {}
                Ok(false) => tracing::debug!(connection = self.name, "the lease is another's by now"),
                Err(error) => tracing::warn!(connection = self.name, %error, "the lease can't be renewed"),
            }
        }
    }

    /// `None` where the row has other tokens by now.
    async fn finish(
        &self,
        row: &ConnectionRow,
        clients: &[Client],
        before: &CurrentTokens,
        (mut new, client): (Tokens, usize),
    ) -> Result<Option<AccessToken>> {
        // Of the answer: it may take a while until it is written.
        let (begun, mut given_at) = (Instant::now(), clock::given_at(clock::now(), new.answered_at));
        let mut latest = Cow::Borrowed(row);
        let [mut pause, longest] = WRITE_AGAIN;
        let done = loop {
            // The service has perhaps forgotten the old refresh token, and the new one is nowhere else than here.
            match self.write(&latest, before, &new, given_at).await {
                Ok(Wrote::Done) => break true,
                Ok(Wrote::Changed) => break false,
                // The service gave twice for one refresh token, and nobody knows which of the two counts. A third answer does.
                Ok(Wrote::Twice(now)) => {
                    if let Ok((third, _)) = self.refresh(row, clients, before).await {
                        (given_at, new) = (clock::given_at(clock::now(), third.answered_at), third);
                    }
                    latest = Cow::Owned(*now);
                }
                Err(error) if begun.elapsed() >= self.inner.options.write_patience => return Err(error),
                Err(error) => {
                    tracing::warn!(connection = row.name, %error, "new tokens can't be written yet");
                    sleep(pause).await;
                    pause = (pause * 2).min(longest);
                }
            }
        };
        if let Some(works) = clients.get(client).filter(|_| client > 0)
            && let Err(error) = self.inner.prefer_candidate(&row.client, works).await
        {
            tracing::warn!(client = row.client, %error, "the secret that works can't be put first");
        }
        Ok(done.then(|| {
            let expires_at = new.expires_in.and_then(|life| clock::system_time(clock::after(given_at, life)));
            let token_type = TokenType::of(&sealed_tokens::merged(&before.extras, &new.extras));
            AccessToken { secret: new.access, token_type, expires_at, scope: new.scope.or_else(|| before.scope.clone()) }
        }))
    }

    async fn write(&self, row: &ConnectionRow, before: &CurrentTokens, new: &Tokens, given_at: i64) -> Result<Wrote> {
        let mut row = row.clone();
        loop {
            let options = self.inner.unseal_options(&row)?;
            let sealed = self.inner.seal_tokens(&row, row.generation.saturating_add(1), &options, before, new, given_at)?;
            let mut log = self.inner.log("refresh", "ok")?.about(&row.id, &row.name, &row.provider);
            if interrupted(&row) {
                log = log.detail("an earlier refresh had been interrupted; the service accepted its refresh token once more");
            }
            match self.inner.store.finish_refresh(&row, &sealed, &self.owner, clock::now(), log).await? {
                Written::Done => return Ok(Wrote::Done),
                // Sealed with a key that was replaced meanwhile.
                Written::Conflict => self.inner.reload_keys().await?,
                Written::Nothing => match self.inner.store.connection_by_id(&self.id).await? {
                    // The same tokens, but sealed with another key since.
                    Some(now) if now.generation == row.generation && now.sealed.data_key != row.sealed.data_key => {
                        self.inner.know(&now.sealed.data_key).await?;
                        row = now;
                    }
                    // A sign-in would have taken the lease away.
                    Some(now) if now.generation != row.generation && now.lease.as_ref().is_some_and(|lease| lease.owner == self.owner) => {
                        self.inner.know(&now.sealed.data_key).await?;
                        return Ok(Wrote::Twice(Box::new(now)));
                    }
                    _ => return Ok(Wrote::Changed),
                },
            }
        }
    }

    /// Keeps the tokens and says why there are no new ones. `None` where the row has other tokens by now.
    async fn abandon(&self, row: &ConnectionRow, error: jeton_runtime::Error) -> Result<Option<AccessToken>> {
        let now = clock::now();
        let (outcome, error) = judge(row, error, now)?;
        tracing::debug!(connection = row.name, %error, "the refresh brought no tokens");
        let log = self.inner.log("refresh", outcome.status.as_ref().map_or("failed", |(status, _)| status))?;
        let log = log.about(&row.id, &row.name, &row.provider).detail(error.to_string());
        if !self.inner.store.abandon_refresh(row, &self.owner, &outcome, now, log).await? {
            let changed = self.inner.store.connection_by_id(&self.id).await?;
            if changed.is_none_or(|changed| changed.generation != row.generation) {
                // One that was overtaken may have left us the lease.
                self.inner.store.release_lease(&self.id, &self.owner).await?;
                return Ok(None);
            }
        }
        match error {
            Error::Retry { .. } => self.inner.make_do(row, self.want, error).map(Some),
            _ => Err(error),
        }
    }
}

/// Whether a refresh with these very tokens was begun before, and nobody knows what came of it.
pub(super) fn interrupted(row: &ConnectionRow) -> bool {
    row.intent.as_ref().is_some_and(|intent| intent.generation == row.generation)
}

fn is_client(error: &jeton_runtime::Error) -> bool {
    match error {
        jeton_runtime::Error::Service(service) => service.kind == ErrorKind::InvalidClient,
        jeton_runtime::Error::Certificate { .. } => true,
        _ => false,
    }
}
