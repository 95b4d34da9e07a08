//! What is due is refreshed ahead of time: once, a few at a time, and nothing else.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jeton_runtime::{Client, CurrentTokens, Error as Trouble, ErrorKind, Tokens};
use jeton_vault::{BoxFuture, ConnectionName, Due, KeepAlive, NewConnection, Providers, Status, Vault};
use tokio::sync::Semaphore;

use crate::home::{Home, Kind, client, on_both_stores, save, tokens, work};
use crate::service::{no, refresh_token};

const DAY: u64 = 24 * 60 * 60;

on_both_stores! {
    what_expires_soon_is_refreshed_and_nothing_else,
    a_service_that_refreshes_shortly_before_the_end_alone_isnt_asked_earlier,
    tokens_that_nobody_wants_are_touched_before_their_service_forgets_them,
    no_more_than_a_few_of_one_provider_at_once_and_the_others_dont_wait,
    one_that_fails_holds_up_no_other_and_is_left_alone_for_a_while,
    two_servers_refresh_nothing_twice,
    what_was_refreshed_since_it_was_found_is_left_alone,
    a_task_that_is_stopped_ends_its_refreshes_and_begins_no_more,
}

/// What the service says to each refresh token.
type Answer = Box<dyn Fn(&str) -> Result<Tokens, Trouble> + Send + Sync>;

/// Refreshes by a function, and counts.
struct Service {
    answer: Answer,
    idle_limit: Option<Duration>,
    refresh_window: Option<Duration>,
    /// Places for refreshes of the provider `slow`.
    gate: Semaphore,
    at_once: AtomicUsize,
    most: AtomicUsize,
    calls: Mutex<BTreeMap<String, usize>>,
    called: Semaphore,
}

impl Service {
    fn new(answer: impl Fn(&str) -> Result<Tokens, Trouble> + Send + Sync + 'static) -> Self {
        Self {
            answer: Box::new(answer),
            idle_limit: None,
            refresh_window: None,
            gate: Semaphore::new(0),
            at_once: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            calls: Mutex::default(),
            called: Semaphore::new(0),
        }
    }

    fn fresh() -> Self {
        Self::new(|_| Ok(tokens(1, Some(3600))))
    }

    /// How often each refresh token was used.
    fn calls(&self) -> Vec<(String, usize)> {
        self.calls.lock().unwrap().clone().into_iter().collect()
    }
}

impl Providers for Service {
    fn idle_limit(&self, _: &str) -> Option<Duration> {
        self.idle_limit
    }

    fn refresh_window(&self, _: &str) -> Option<Duration> {
        self.refresh_window
    }

    fn refresh<'a>(&'a self, provider: &'a str, _: &'a Client, current: &'a CurrentTokens) -> BoxFuture<'a, Result<Tokens, Trouble>> {
        Box::pin(async move {
            let token = refresh_token(current);
            *self.calls.lock().unwrap().entry(token.clone()).or_default() += 1;
            self.called.add_permits(1);
            if provider == "slow" {
                self.most.fetch_max(self.at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                self.gate.acquire().await.unwrap().forget();
                self.at_once.fetch_sub(1, Ordering::SeqCst);
            }
            (self.answer)(&token)
        })
    }
}

fn shared(service: &Arc<Service>) -> Arc<dyn Providers> {
    service.clone()
}

fn once(token: &str) -> (String, usize) {
    (token.to_owned(), 1)
}

fn ahead_of(seconds: u64) -> KeepAlive {
    let mut options = KeepAlive::default();
    options.ahead = Some(Duration::from_secs(seconds));
    options
}

fn idle_only() -> KeepAlive {
    let mut options = KeepAlive::default();
    options.ahead = None;
    options
}

fn names(due: &Due) -> Vec<&str> {
    let mut names: Vec<_> = due.refreshed.iter().map(ConnectionName::as_str).collect();
    names.sort_unstable();
    names
}

async fn what_expires_soon_is_refreshed_and_nothing_else(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    for (number, (name, seconds)) in
        [("late", 3600), ("soon", 200), ("over", 0), ("waits", 0), ("tries", 0), ("refused", 0), ("ended", 0)].into_iter().enumerate()
    {
        save(&vault, name, &tokens(number, Some(seconds)), false).await.unwrap();
    }
    save(&vault, "endless", &tokens(7, None), false).await.unwrap();
    let mut bare = tokens(8, Some(0));
    bare.refresh = None;
    save(&vault, "bare", &bare, false).await.unwrap();
    for (name, status, retry_at) in [("waits", "retry", "9999999999"), ("tries", "retry", "1"), ("refused", "reauthorize", "NULL")] {
        home.run(&format!("UPDATE connections SET status = '{status}', retry_at = {retry_at} WHERE name = '{name}'")).await;
    }
    vault.mark_revoked(&"ended".parse().unwrap()).await.unwrap();

    let service = Arc::new(Service::fresh());
    let due = vault.refresh_all_due(&shared(&service), &ahead_of(300)).await.unwrap();
    assert_eq!(names(&due), ["over", "soon", "tries"]);
    assert!(due.failed.is_empty());
    assert_eq!(service.calls(), ["r1", "r2", "r4"].map(once));
    let due = vault.refresh_all_due(&shared(&service), &ahead_of(300)).await.unwrap();
    assert!(due.refreshed.is_empty() && due.failed.is_empty(), "{due:?}");
}

async fn a_service_that_refreshes_shortly_before_the_end_alone_isnt_asked_earlier(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    for (number, (name, seconds)) in [("early", 500), ("late", 100)].into_iter().enumerate() {
        save(&vault, name, &tokens(number, Some(seconds)), false).await.unwrap();
    }
    let mut service = Service::fresh();
    service.refresh_window = Some(Duration::from_secs(200));
    let service = Arc::new(service);
    let hour = Duration::from_secs(3600);
    let left = vault.access_token(&"early".parse().unwrap(), hour, &shared(&service)).await.unwrap();
    assert_eq!(left.secret.reveal(), tokens(0, None).access.reveal());
    let due = vault.refresh_all_due(&shared(&service), &ahead_of(3600)).await.unwrap();
    assert_eq!(names(&due), ["late"]);
    assert_eq!(service.calls(), ["r1"].map(once));
    // Whoever asks for new ones outright gets them, or the service's no.
    vault.refresh(&"early".parse().unwrap(), &shared(&service)).await.unwrap();
    assert_eq!(service.calls(), ["r0", "r1"].map(once));
}

async fn tokens_that_nobody_wants_are_touched_before_their_service_forgets_them(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    for (number, (name, days)) in [("old", 50), ("middle", 20), ("endless", 58)].into_iter().enumerate() {
        let life = if name == "endless" { None } else { Some(0) };
        save(&vault, name, &tokens(number, life), false).await.unwrap();
        home.run(&format!("UPDATE connections SET status_at = status_at - {} WHERE name = '{name}'", days * DAY)).await;
    }
    // It isn't the tokens that are newer by this.
    vault.rename(&"old".parse().unwrap(), &"ancient".parse().unwrap()).await.unwrap();
    let mut service = Service::fresh();
    service.idle_limit = Some(Duration::from_secs(60 * DAY));
    let service = Arc::new(service);
    let due = vault.refresh_all_due(&shared(&service), &idle_only()).await.unwrap();
    assert_eq!(names(&due), ["ancient", "endless"]);
    assert_eq!(service.calls(), ["r0", "r2"].map(once));
    assert!(vault.refresh_all_due(&shared(&service), &idle_only()).await.unwrap().refreshed.is_empty());
    // Where nobody knows of a limit, nothing is touched.
    let service = Arc::new(Service::fresh());
    home.run("UPDATE connections SET status_at = 1").await;
    assert!(vault.refresh_all_due(&shared(&service), &idle_only()).await.unwrap().refreshed.is_empty());
}

async fn no_more_than_a_few_of_one_provider_at_once_and_the_others_dont_wait(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    vault.add_client(&"slow".parse().unwrap(), "slow", &client()).await.unwrap();
    for number in 0..12 {
        let grant = jeton_runtime::Grant::new(jeton_runtime::GrantKind::AuthorizationCode, vec![]);
        let (name, client) = (format!("s{number}").parse().unwrap(), "slow".parse().unwrap());
        let tokens = &tokens(100 + number, Some(0));
        let new = NewConnection { name: &name, client: &client, grant: &grant, tokens, account: None, replace: false };
        vault.save(new).await.unwrap();
        save(&vault, &format!("c{number}"), &self::tokens(number, Some(0)), false).await.unwrap();
    }
    let service = Arc::new(Service::fresh());
    let mut options = ahead_of(300);
    options.at_once = 3;
    let due = tokio::spawn({
        let (vault, providers) = (vault.clone(), shared(&service));
        async move { vault.refresh_all_due(&providers, &options).await.unwrap() }
    });
    // All of the quick one's and three of the slow one's are asked for while the slow one doesn't answer.
    service.called.acquire_many(15).await.unwrap().forget();
    assert!(!due.is_finished());
    assert_eq!(service.called.available_permits(), 0);
    service.gate.add_permits(12);
    let done = due.await.unwrap();
    assert_eq!(done.refreshed.len(), 24, "{done:?}");
    assert_eq!(service.most.load(Ordering::SeqCst), 3);
}

async fn one_that_fails_holds_up_no_other_and_is_left_alone_for_a_while(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    for number in 0..9 {
        save(&vault, &format!("c{number}"), &tokens(number, Some(0)), false).await.unwrap();
    }
    let kinds = [ErrorKind::InvalidGrant, ErrorKind::TemporarilyUnavailable, ErrorKind::InvalidClient];
    let service = Arc::new(Service::new(move |token| match token {
        "r0" => Err(no(kinds[0])),
        "r1" => Err(no(kinds[1])),
        "r2" => Err(no(kinds[2])),
        _ => Ok(tokens(99, Some(3600))),
    }));
    let mut options = ahead_of(300);
    (options.at_once, options.every) = (1, Duration::from_millis(20));
    let kept = vault.keep_alive(shared(&service), options.clone());
    // The third round has begun when the one that passes was tried three times.
    loop {
        service.called.acquire().await.unwrap().forget();
        if service.calls().iter().any(|(token, calls)| token == "r1" && *calls >= 3) {
            break;
        }
        home.run("UPDATE connections SET retry_at = 1 WHERE name = 'c1' AND status = 'retry'").await;
    }
    kept.stop().await;
    for (token, calls) in service.calls() {
        assert!(calls == 1 || token == "r1", "{token}: {calls}");
    }
    assert_eq!(service.calls().len(), 9);
    let status = vault.connection(&"c0".parse().unwrap()).await.unwrap().status;
    assert!(matches!(status, Status::Reauthorize { .. }), "{status:?}");
    // A command that is run again tries again what a person has perhaps put right.
    let due = vault.refresh_all_due(&shared(&service), &options).await.unwrap();
    assert!(due.failed.iter().any(|(name, _)| name.as_str() == "c2") && due.refreshed.is_empty(), "{due:?}");
}

async fn two_servers_refresh_nothing_twice(kind: Kind) {
    let home = Home::on(kind).await;
    let one = home.vault().await;
    for number in 10..40 {
        save(&one, &format!("c{number}"), &tokens(number, Some(0)), false).await.unwrap();
    }
    let two = home.again().await;
    // Shorter than what is ahead: only who looks at what was refreshed knows that it isn't due again.
    let service = Arc::new(Service::new(|_| Ok(tokens(1, Some(100)))));
    let (providers, options) = (shared(&service), ahead_of(300));
    let (first, second) = tokio::join!(one.refresh_all_due(&providers, &options), two.refresh_all_due(&providers, &options));
    assert!(first.unwrap().failed.is_empty() && second.unwrap().failed.is_empty());
    let calls = service.calls();
    let first_tokens: Vec<_> = calls.iter().filter(|(token, _)| token != "r1").collect();
    assert_eq!(first_tokens.len(), 30);
    assert!(first_tokens.iter().all(|(_, calls)| *calls == 1), "{calls:?}");
}

async fn what_was_refreshed_since_it_was_found_is_left_alone(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    vault.add_client(&"slow".parse().unwrap(), "slow", &client()).await.unwrap();
    for number in 0..2 {
        let grant = jeton_runtime::Grant::new(jeton_runtime::GrantKind::AuthorizationCode, vec![]);
        let (name, client) = (format!("s{number}").parse().unwrap(), "slow".parse().unwrap());
        let tokens = &tokens(100 + number, Some(0));
        let new = NewConnection { name: &name, client: &client, grant: &grant, tokens, account: None, replace: false };
        vault.save(new).await.unwrap();
    }
    let service = Arc::new(Service::fresh());
    let mut options = ahead_of(300);
    options.at_once = 1;
    let due = tokio::spawn({
        let (vault, providers) = (vault.clone(), shared(&service));
        async move { vault.refresh_all_due(&providers, &options).await.unwrap() }
    });
    service.called.acquire().await.unwrap().forget();
    // Both were found; one is being refreshed. Somebody else removes the other, or signs in again.
    let (asked, _) = service.calls().remove(0);
    let other = if asked == "r100" { "s1" } else { "s0" };
    vault.remove(&other.parse().unwrap()).await.unwrap();
    service.gate.add_permits(2);
    let due = due.await.unwrap();
    assert_eq!((due.refreshed.len(), due.failed.len()), (1, 0), "{due:?}");
    assert_eq!(service.calls(), [once(&asked)]);
}

async fn a_task_that_is_stopped_ends_its_refreshes_and_begins_no_more(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(0).await;
    let service = Arc::new(Service::fresh());
    let mut options = ahead_of(300);
    options.every = Duration::from_millis(20);
    let kept = vault.keep_alive(shared(&service), options.clone());
    service.called.acquire().await.unwrap().forget();
    kept.stop().await;
    assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r1", "what was begun came to its end");
    assert_eq!(Arc::strong_count(&service), 1, "nobody is left who could ask");

    let kept = vault.keep_alive(shared(&service), options);
    drop(kept);
    gone(&service).await;
}

/// Until nobody else holds the service.
async fn gone(service: &Arc<Service>) {
    let gone = async {
        while Arc::strong_count(service) > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_clients_has_nothing_due() {
    let home = Home::new();
    let vault: Vault = home.open().await.unwrap();
    let due = vault.refresh_all_due(&shared(&Arc::new(Service::fresh())), &KeepAlive::default()).await.unwrap();
    assert!(due.refreshed.is_empty() && due.failed.is_empty());
}
