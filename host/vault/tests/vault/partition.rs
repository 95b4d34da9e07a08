//! A network that stalls, cuts and loses answers between a server and PostgreSQL in the middle of a refresh. A second server, on a network
//! that works, wants the same token. The service gives new tokens for a refresh token once, and ends the grant when it sees one again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jeton_runtime::ErrorKind;
use jeton_vault::{AccessToken, Error, KeySource, Options, Result, StoreSource, Vault};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::home::{Home, Kind, tokens, work};
use crate::proxy::{Proxy, Then};
use crate::service::{Service, no, refresh_token, shared};

const MINUTE: Duration = Duration::from_secs(60);

/// Short, so that a stall is as well; not so short that a busy machine takes as long.
const LEASE: Duration = Duration::from_secs(6);

/// A statement of the one who takes the lease, as far as no other has it.
const TAKES_THE_LEASE: &[u8] = b"SET lease_owner = $3";

struct Stage {
    home: Home,
    proxy: Proxy,
    /// Behind the proxy.
    far: Vault,
    near: Vault,
    service: Arc<Service>,
    /// The refresh tokens that the service was shown.
    used: Arc<Mutex<Vec<String>>>,
    asked: Arc<Notify>,
    /// The service answers once for each.
    answer: Arc<Notify>,
}

impl Stage {
    async fn new() -> Self {
        let home = Home::on(Kind::Postgres).await;
        home.connected(0).await;
        let proxy = Proxy::to(home.database().authority()).await;
        let mut options = Options::default();
        options.lease = LEASE;
        // The proxy reads along.
        let far = StoreSource::Postgres(format!("{}?sslmode=disable", home.database().url_at(proxy.authority())));
        let far = options.open_existing(far, KeySource::File(home.key())).await.unwrap();
        let near = home.open_with(LEASE).await;
        let (used, asked, answer) = (Arc::new(Mutex::new(vec![])), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let service = Service::new({
            let (used, asked, answer) = (used.clone(), asked.clone(), answer.clone());
            move |_, current| {
                let (asked, answer) = (asked.clone(), answer.clone());
                let token = refresh_token(&current);
                let number = {
                    let mut used: std::sync::MutexGuard<'_, Vec<String>> = used.lock().unwrap();
                    let again = used.contains(&token);
                    used.push(token);
                    if again { None } else { Some(used.len()) }
                };
                async move {
                    asked.notify_one();
                    answer.notified().await;
                    number.map(|number| tokens(number, Some(3600))).ok_or_else(|| no(ErrorKind::InvalidGrant))
                }
            }
        });
        Self { home, proxy, far, near, service, used, asked, answer }
    }

    fn ask(&self, vault: &Vault) -> JoinHandle<Result<AccessToken>> {
        let (vault, providers) = (vault.clone(), shared(&self.service));
        tokio::spawn(async move { vault.access_token(&work(), MINUTE, &providers).await })
    }

    /// All is well: one refresh, whose tokens everybody has, and which is in the log once.
    async fn ended_well(&self) {
        assert_eq!(*self.used.lock().unwrap(), ["r0"]);
        self.proxy.heal();
        for vault in [&self.far, &self.near] {
            assert_eq!(self.ask(vault).await.unwrap().unwrap().secret.reveal(), b"a1");
            assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r1");
        }
        assert_eq!(*self.used.lock().unwrap(), ["r0"]);
        let logged = "SELECT COUNT(*) FROM log WHERE action = 'refresh' AND outcome = 'ok'";
        assert_eq!(self.home.seen(logged).await.get::<i64, _>(0), 1);
    }
}

async fn sprung(trap: oneshot::Receiver<()>) {
    tokio::time::timeout(MINUTE, trap).await.unwrap_or_else(|_| panic!("these bytes were never sent")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_that_is_shorter_than_the_lease_delays_the_tokens_and_nobody_else_refreshes() {
    let stage = Stage::new().await;
    let refreshing = stage.ask(&stage.far);
    stage.asked.notified().await;
    stage.proxy.stall();
    let waiting = stage.ask(&stage.near);
    // The service answers, and what it gave can't be written.
    stage.answer.notify_one();
    // Time itself is what is tried here.
    sleep(LEASE / 2).await;
    assert!(!refreshing.is_finished(), "a token was handed out that isn't on disk");
    assert!(!waiting.is_finished());
    stage.proxy.heal();
    assert_eq!(refreshing.await.unwrap().unwrap().secret.reveal(), b"a1");
    assert_eq!(waiting.await.unwrap().unwrap().secret.reveal(), b"a1");
    stage.ended_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_know_whether_it_has_the_lease_asks_nothing() {
    let stage = Stage::new().await;
    let trap = stage.proxy.trap(TAKES_THE_LEASE, Then::Stall);
    let stalled = stage.ask(&stage.far);
    sprung(trap).await;
    stage.answer.notify_one();
    // It has the lease and doesn't hear of it. It shows no sign of life, and the other takes over.
    assert_eq!(stage.ask(&stage.near).await.unwrap().unwrap().secret.reveal(), b"a1");
    let error = stalled.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Store { .. }) && error.to_string().contains("doesn't answer"), "{error}");
    assert_eq!(error.remedy(), jeton_runtime::Remedy::Retry);
    stage.ended_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lost_the_answer_about_its_lease_goes_on_with_it() {
    let stage = Stage::new().await;
    let trap = stage.proxy.trap(TAKES_THE_LEASE, Then::LoseAnswer);
    let refreshing = stage.ask(&stage.far);
    sprung(trap).await;
    stage.answer.notify_one();
    assert_eq!(refreshing.await.unwrap().unwrap().secret.reveal(), b"a1");
    stage.ended_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_was_lost_is_neither_repeated_nor_forgotten() {
    let stage = Stage::new().await;
    let refreshing = stage.ask(&stage.far);
    stage.asked.notified().await;
    let waiting = stage.ask(&stage.near);
    let trap = stage.proxy.trap(b"COMMIT", Then::LoseAnswer);
    stage.answer.notify_one();
    sprung(trap).await;
    assert_eq!(refreshing.await.unwrap().unwrap().secret.reveal(), b"a1");
    assert_eq!(waiting.await.unwrap().unwrap().secret.reveal(), b"a1");
    stage.ended_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_hangs_with_the_row_is_given_up_before_the_lease_ends() {
    let stage = Stage::new().await;
    let refreshing = stage.ask(&stage.far);
    stage.asked.notified().await;
    let waiting = stage.ask(&stage.near);
    let trap = stage.proxy.trap(b"COMMIT", Then::Hang);
    stage.answer.notify_one();
    sprung(trap).await;
    assert_eq!(refreshing.await.unwrap().unwrap().secret.reveal(), b"a1");
    assert_eq!(waiting.await.unwrap().unwrap().secret.reveal(), b"a1");
    stage.ended_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_again_and_again_cost_no_token() {
    let stage = Stage::new().await;
    let refreshing = stage.ask(&stage.far);
    stage.asked.notified().await;
    let waiting = stage.ask(&stage.near);
    stage.proxy.cut();
    // Each statement of the write in turn.
    let traps = [&b"SET data_key = $2"[..], b"INSERT INTO log", b"pg_notify"].map(|bytes| stage.proxy.trap(bytes, Then::LoseAnswer));
    stage.answer.notify_one();
    for trap in traps {
        sprung(trap).await;
    }
    assert_eq!(refreshing.await.unwrap().unwrap().secret.reveal(), b"a1");
    assert_eq!(waiting.await.unwrap().unwrap().secret.reveal(), b"a1");
    stage.ended_well().await;
}
