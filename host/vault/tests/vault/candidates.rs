//! A client with several secrets: replaced without an outage, and without burning what works once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jeton_runtime::{Client, CurrentTokens, ErrorKind, Secret, Tokens};
use jeton_vault::{Accepted, BoxFuture, ClientName, Providers, Settled, Vault};

use crate::home::{Home, Kind, on_both_stores, tokens, work};
use crate::service::no;

const MINUTE: Duration = Duration::from_secs(60);

/// A service that looks at the client first, as RFC 6749 wants it, and then at the refresh token.
pub(crate) struct Strict {
    accepts: Mutex<BTreeSet<&'static str>>,
    /// Which secret came with which refresh token.
    asked: Mutex<Vec<(String, String)>>,
}

impl Strict {
    pub(crate) fn new(accepts: &[&'static str]) -> Arc<Self> {
        Arc::new(Self { accepts: Mutex::new(accepts.iter().copied().collect()), asked: Mutex::default() })
    }

    fn accept(&self, accepts: &[&'static str]) {
        *self.accepts.lock().unwrap() = accepts.iter().copied().collect();
    }

    fn asked(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Providers for Strict {
    fn refresh<'a>(
        &'a self,
        _: &'a str,
        client: &'a Client,
        current: &'a CurrentTokens,
    ) -> BoxFuture<'a, Result<Tokens, jeton_runtime::Error>> {
        let secret = client.secrets["client-secret"].reveal_text().unwrap().to_owned();
        let refresh = current.refresh.as_ref().unwrap().reveal_text().unwrap().to_owned();
        let right = self.accepts.lock().unwrap().contains(secret.as_str());
        self.asked.lock().unwrap().push((secret, refresh.clone()));
        Box::pin(async move {
            match (right, refresh.as_str()) {
                (false, _) => Err(no(ErrorKind::InvalidClient)),
                (true, "r0") => Ok(tokens(1, Some(3600))),
                (true, "r1") => Ok(tokens(2, Some(3600))),
                (true, _) => Err(no(ErrorKind::InvalidGrant)),
            }
        })
    }
}

fn mine() -> ClientName {
    "mine".parse().unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new("client-secret", text)
}

async fn first(vault: &Vault) -> String {
    vault.client(&mine()).await.unwrap().secrets["client-secret"].reveal_text().unwrap().to_owned()
}

async fn add(vault: &Vault, text: &str, first: bool) {
    vault.add_secret(&mine(), "client-secret", &secret(text), first).await.unwrap();
}

async fn a_refresh_finds_the_secret_that_works_and_keeps_to_it(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    add(&vault, "second", false).await;
    add(&vault, "second", false).await;
    assert_eq!(vault.client_info(&mine()).await.unwrap().secrets, ["client-secret", "client-secret"]);
    assert_eq!(first(&vault).await, "the-client-secret");
    let service = Strict::new(&["second"]);
    let providers: Arc<dyn Providers> = service.clone();
    assert_eq!(vault.access_token(&work(), MINUTE, &providers).await.unwrap().secret.reveal(), b"a1");
    let asked = service.asked();
    assert_eq!(asked, [("the-client-secret".to_owned(), "r0".to_owned()), ("second".to_owned(), "r0".to_owned())]);
    // From now on the one that works is asked with first.
    assert_eq!(first(&home.again().await).await, "second");
    vault.refresh(&work(), &providers).await.unwrap();
    assert_eq!(service.asked(), [("second".to_owned(), "r1".to_owned())]);
    assert_eq!(vault.drop_spare_secrets(&mine()).await.unwrap(), 1);
    assert_eq!(vault.drop_spare_secrets(&mine()).await.unwrap(), 0);
    assert_eq!(first(&vault).await, "second");
    assert_eq!(vault.client_info(&mine()).await.unwrap().secrets, ["client-secret"]);
}

async fn the_right_secret_is_found_without_anything_that_works_once(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    let service = Strict::new(&["third"]);
    let providers: Arc<dyn Providers> = service.clone();
    assert_eq!(vault.settle_secret(&mine(), &providers).await.unwrap(), Settled::Only);
    assert_eq!(service.asked().len(), 0);
    add(&vault, "second", false).await;
    add(&vault, "third", false).await;
    assert_eq!(vault.settle_secret(&mine(), &providers).await.unwrap(), Settled::Found);
    assert_eq!(first(&vault).await, "third");
    let asked = service.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|(_, refresh)| refresh != "r0"), "the connection's refresh token wasn't used: {asked:?}");

    service.accept(&[]);
    assert_eq!(vault.settle_secret(&mine(), &providers).await.unwrap(), Settled::Refused);
    assert_eq!(first(&vault).await, "third");
    let down: Arc<dyn Providers> = crate::service::Service::always(Err(no(ErrorKind::TemporarilyUnavailable)));
    add(&vault, "the-client-secret", true).await;
    assert!(matches!(vault.settle_secret(&mine(), &down).await.unwrap(), Settled::Unknown(why) if why.contains("says the service")));
    assert_eq!(first(&vault).await, "the-client-secret");
}

async fn a_new_secret_is_tried_before_it_is_kept(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.vault().await;
    let service = Strict::new(&["the-client-secret", "second"]);
    let providers: Arc<dyn Providers> = service.clone();
    let accepted = async |text| vault.try_secret(&mine(), "client-secret", &secret(text), &providers).await.unwrap();
    assert_eq!(accepted("second").await, Accepted::Yes);
    assert_eq!(accepted("mistyped").await, Accepted::No);
    assert_eq!(first(&vault).await, "the-client-secret");
    assert_eq!(vault.client_info(&mine()).await.unwrap().secrets.len(), 1);
    // From a service that refuses no secret nothing is learned.
    let deaf: Arc<dyn Providers> = Arc::new(Deaf);
    let accepted = vault.try_secret(&mine(), "client-secret", &secret("mistyped"), &deaf).await.unwrap();
    assert!(matches!(accepted, Accepted::Unknown(why) if why.contains("doesn't tell")));
}

/// Looks at the refresh token first.
struct Deaf;

impl Providers for Deaf {
    fn refresh<'a>(&'a self, _: &'a str, _: &'a Client, _: &'a CurrentTokens) -> BoxFuture<'a, Result<Tokens, jeton_runtime::Error>> {
        Box::pin(async { Err(no(ErrorKind::InvalidGrant)) })
    }
}

async fn of_two_that_change_the_secrets_at_once_both_do(kind: Kind) {
    let home = Home::on(kind).await;
    let (one, two) = (home.vault().await, home.again().await);
    let texts: Vec<_> = (0..10).map(|number| format!("secret-{number}")).collect();
    let adding = texts.iter().enumerate().map(|(number, text)| add(if number % 2 == 0 { &one } else { &two }, text, number % 3 == 0));
    futures_util::future::join_all(adding).await;
    assert_eq!(one.client_info(&mine()).await.unwrap().secrets.len(), 11);
    assert_eq!(one.drop_spare_secrets(&mine()).await.unwrap(), 10);
}

/// What the service never saw: nothing was sent, so nothing is in doubt, and the other one is tried.
async fn a_certificate_that_ended_gives_way_to_the_next(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(0).await;
    let ended: Arc<dyn Providers> = Arc::new(Ended);
    let error = vault.refresh(&work(), &ended).await.unwrap_err();
    assert_eq!((error.remedy(), error.hint().as_deref()), (jeton_runtime::Remedy::FixClient, Some("renew it")), "{error}");
    let refused: Arc<dyn Providers> = crate::service::Service::always(Err(no(ErrorKind::InvalidClient)));
    vault.refresh(&work(), &refused).await.unwrap_err();
    assert_eq!(vault.try_secret(&mine(), "client-secret", &secret("the-client-secret"), &ended).await.unwrap(), Accepted::No);
    add(&vault, "second", false).await;
    assert_eq!(vault.refresh(&work(), &ended).await.unwrap().secret.reveal(), b"a1");
    assert_eq!(first(&vault).await, "second");
}

/// Has one whose certificate can't be shown any more.
struct Ended;

impl Providers for Ended {
    fn refresh<'a>(&'a self, _: &'a str, client: &'a Client, _: &'a CurrentTokens) -> BoxFuture<'a, Result<Tokens, jeton_runtime::Error>> {
        let ended = client.secrets["client-secret"].reveal() == b"the-client-secret";
        let error = jeton_runtime::Error::Certificate { what: "the certificate ended".to_owned(), hint: "renew it".to_owned() };
        Box::pin(async move { if ended { Err(error) } else { Ok(tokens(1, Some(3600))) } })
    }
}

on_both_stores!(
    a_refresh_finds_the_secret_that_works_and_keeps_to_it,
    the_right_secret_is_found_without_anything_that_works_once,
    a_new_secret_is_tried_before_it_is_kept,
    of_two_that_change_the_secrets_at_once_both_do,
    a_certificate_that_ended_gives_way_to_the_next,
);
