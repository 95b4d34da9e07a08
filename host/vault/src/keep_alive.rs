//! Refreshes ahead of time, so that nobody waits for a service, and touches refresh tokens before their service forgets them.
//!
//! Every provider has its own turn: one that is slow or fails holds up no other. What is due is read by index, a page at a time. Several
//! servers may do this with one store: whoever is second finds the tokens replaced, or the lease taken, and refreshes nothing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::store::{DueRow, Why};
use crate::{ConnectionName, Error, Providers, Result, Vault, clock};

/// After trouble that somebody must remove, such as a client that the service refuses: not before this.
const LONG_PAUSE: Duration = Duration::from_secs(60 * 60);

/// How [`Vault::keep_alive`] behaves. The default is right for most.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeepAlive {
    /// A token is refreshed when it is valid for less than this and up to half as much again, which depends on the connection, so that
    /// those who signed in together don't refresh together. `None`: only when its service would forget it. Default: 5 minutes.
    pub ahead: Option<Duration>,
    /// How many connections of one provider are refreshed at once. Default: 4.
    pub at_once: usize,
    /// How often to look for what is due. Default: a minute.
    pub every: Duration,
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self { ahead: Some(Duration::from_secs(300)), at_once: 4, every: Duration::from_secs(60) }
    }
}

/// What came of those that were due.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Due {
    /// Connections that have new tokens now, by name.
    pub refreshed: Vec<ConnectionName>,
    /// Connections that don't, and why.
    pub failed: Vec<(ConnectionName, Error)>,
    /// Why a provider's connections couldn't be read to the end, while others' could.
    pub unread: Option<Error>,
}

/// A background task that keeps connections alive until this is dropped. Refreshes that are under way then come to their end.
#[derive(Debug)]
pub struct KeptAlive {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl KeptAlive {
    /// Begins nothing new, and waits for the refreshes that are under way.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        // An error would be a panic, which was told where it happened.
        let _ = (&mut self.task).await;
    }
}

impl Drop for KeptAlive {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Vault {
    /// Refreshes once all that is due, and comes to an end. Only a store that can't be read at all is an error.
    ///
    /// To drop this future is safe: refreshes that it began go on and are kept. Needs a tokio runtime.
    pub async fn refresh_all_due(&self, providers: &Arc<dyn Providers>, options: &KeepAlive) -> Result<Due> {
        let ids = self.0.store.providers().await?;
        let paused = Paused::default();
        let rounds = ids.iter().map(|provider| self.round(provider, providers, options, &paused, None));
        let mut all = Due::default();
        for done in futures_util::future::join_all(rounds).await {
            match done {
                Ok(due) => {
                    all.refreshed.extend(due.refreshed);
                    all.failed.extend(due.failed);
                }
                Err(error) => all.unread = Some(error),
            }
        }
        Ok(all)
    }

    /// Does so again and again, in a task of its own, until the answer is dropped. Needs a tokio runtime.
    pub fn keep_alive(&self, providers: Arc<dyn Providers>, options: KeepAlive) -> KeptAlive {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(keep(self.clone(), providers, options, stopped));
        KeptAlive { stop, task }
    }

    /// What is due of one provider.
    async fn round(
        &self,
        provider: &str,
        providers: &Arc<dyn Providers>,
        options: &KeepAlive,
        paused: &Paused,
        stopped: Option<watch::Receiver<bool>>,
    ) -> Result<Due> {
        let mut done = Due::default();
        let mut seen = HashSet::new();
        let limits = (providers.idle_limit(provider), providers.refresh_window(provider));
        for (why, soon, jitter) in kinds(options, limits) {
            let (mut after, now) = ((i64::MIN, String::new()), clock::now());
            loop {
                let page = self.0.store.due(why, provider, soon.until(now), (after.0, &after.1), now).await?;
                let Some(last) = page.last() else { break };
                after = (last.at, last.id.clone());
                let due = page.into_iter().filter(|row| row.at <= soon.until(now) - jitter.of(&row.id));
                let due: Vec<_> = due.filter(|row| !paused.has(&row.id) && seen.insert(row.id.clone())).collect();
                let mut outcomes = stream::iter(due)
                    .take_while(|_| std::future::ready(!stopped.as_ref().is_some_and(|stopped| *stopped.borrow())))
                    .map(|row| async move {
                        let name = ConnectionName::stored(row.name.clone());
                        let outcome = self.refresh_due(row.id.clone(), row.generation, &name, providers).await;
                        (row, name, outcome)
                    })
                    .buffer_unordered(options.at_once.max(1));
                while let Some((row, name, outcome)) = outcomes.next().await {
                    done.note(row, name, outcome, paused);
                }
            }
        }
        Ok(done)
    }
}

impl Due {
    fn note(&mut self, row: DueRow, name: ConnectionName, outcome: Result<()>, paused: &Paused) {
        match outcome {
            Ok(()) => self.refreshed.push(name),
            // Removed since.
            Err(Error::UnknownConnection { .. }) => {}
            Err(error) => {
                tracing::warn!(connection = %name, %error, "can't be kept alive");
                // Those that wait or need a sign-in are told by their status.
                if !matches!(error, Error::Retry { .. } | Error::Reauthorize { .. }) {
                    paused.put(row.id);
                }
                self.failed.push((name, error));
            }
        }
    }
}

/// By when something must have been due, seen from now.
#[derive(Clone, Copy)]
struct Until(i64);

impl Until {
    fn until(self, now: i64) -> i64 {
        now.saturating_add(self.0)
    }
}

/// Which connections are looked for, by when at the latest, and how much earlier some of them are.
fn kinds(options: &KeepAlive, (idle_limit, window): (Option<Duration>, Option<Duration>)) -> Vec<(Why, Until, Jitter)> {
    // With up to half as much again.
    let latest = |ahead: Duration| window.map_or(ahead, |window| ahead.min(window * 2 / 3));
    let ahead = options.ahead.map(|ahead| clock::after(0, latest(ahead)));
    let mut kinds = vec![];
    if let Some(ahead) = ahead {
        kinds.push((Why::Expiry, Until(ahead.saturating_add(ahead / 2)), Jitter(ahead / 2)));
    }
    if let Some(limit) = idle_limit {
        // Between a half and three quarters of its time: what fails then has time to be noticed.
        let limit = clock::after(0, limit);
        kinds.push((Why::Idle, Until(-(limit / 2)), Jitter(limit / 4)));
    }
    kinds.push((Why::Again, Until(ahead.unwrap_or(0)), Jitter(0)));
    kinds
}

/// A time up to this one, the same for a connection always.
#[derive(Clone, Copy)]
struct Jitter(i64);

impl Jitter {
    fn of(self, id: &str) -> i64 {
        // Ids are random, in hexadecimal digits.
        let random = id.get(..8).and_then(|head| i64::from_str_radix(head, 16).ok()).unwrap_or(0);
        // A 32-bit number times seconds: as wide as that needs.
        i64::try_from((i128::from(self.0) * i128::from(random)) >> 32).unwrap_or(0)
    }
}

/// Connections with trouble that somebody must remove, and since when.
#[derive(Clone, Default)]
struct Paused(Arc<std::sync::Mutex<HashMap<String, Instant>>>);

impl Paused {
    fn has(&self, id: &str) -> bool {
        let mut all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.retain(|_, since| since.elapsed() < LONG_PAUSE);
        all.contains_key(id)
    }

    fn put(&self, id: String) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(id, Instant::now());
    }
}

async fn keep(vault: Vault, providers: Arc<dyn Providers>, options: KeepAlive, mut stopped: watch::Receiver<bool>) {
    let paused = Paused::default();
    let (mut rounds, mut under_way) = (JoinSet::new(), HashSet::<String>::new());
    let mut tick = tokio::time::interval(options.every.max(Duration::from_millis(10)));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(ended) = rounds.join_next(), if !rounds.is_empty() => match ended {
                Ok(provider) => drop(under_way.remove::<String>(&provider)),
                // It panicked, and nobody knows whose it was: the others go on to their end.
                Err(_) => under_way.clear(),
            },
            _ = tick.tick() => match vault.0.store.providers().await {
                Ok(ids) => for provider in ids {
                    if under_way.insert(provider.clone()) {
                        let (vault, providers, options) = (vault.clone(), providers.clone(), options.clone());
                        let (paused, stopped) = (paused.clone(), stopped.clone());
                        rounds.spawn(async move {
                            if let Err(error) = vault.round(&provider, &providers, &options, &paused, Some(stopped)).await {
                                tracing::warn!(provider, %error, "what is due can't be read");
                            }
                            provider
                        });
                    }
                },
                Err(error) => tracing::warn!(%error, "what is due can't be read"),
            },
        }
    }
    while rounds.join_next().await.is_some() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_the_same_for_a_connection_and_differs_between_them() {
        let jitter = Jitter(1000);
        assert_eq!(jitter.of("80000000aa"), 500);
        assert_eq!((jitter.of("00000000aa"), jitter.of("ffffffffaa")), (0, 999));
        assert!(Jitter(i64::MAX / 2).of("ffffffffaa") > 0);
        assert_eq!((jitter.of("no number"), jitter.of("")), (0, 0));
    }

    #[test]
    fn a_token_is_touched_between_a_half_and_three_quarters_of_its_time() {
        let day = 24 * 60 * 60;
        let kinds = kinds(&KeepAlive { ahead: None, ..KeepAlive::default() }, (Some(Duration::from_secs(60 * 86_400)), None));
        let (why, until, jitter) = kinds[0];
        assert_eq!((why, until.until(100 * day), jitter.0), (Why::Idle, 70 * day, 15 * day));
        assert_eq!(kinds[1].0, Why::Again);
    }
}
