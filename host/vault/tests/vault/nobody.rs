//! Grants that need no person have no refresh token: they are asked for again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jeton_runtime::{Client, CurrentTokens, Grant, GrantKind, Tokens};
use jeton_vault::{BoxFuture, Error, NewConnection, Providers};

use crate::home::{Home, Kind, on_both_stores, tokens, work};
use crate::service::{Service, shared};

const MINUTE: Duration = Duration::from_secs(60);

on_both_stores! {
    a_service_account_gets_new_tokens_by_its_grant_and_once,
    a_grant_that_needs_a_person_is_not_repeated,
}

/// Answers grants, and counts them.
struct Machine(AtomicUsize);

impl Providers for Machine {
    fn refresh<'a>(&'a self, _: &'a str, _: &'a Client, _: &'a CurrentTokens) -> BoxFuture<'a, Result<Tokens, jeton_runtime::Error>> {
        Box::pin(async { Err(jeton_runtime::Error::Host("there is no refresh token".to_owned())) })
    }

    fn obtain<'a>(
        &'a self,
        provider: &'a str,
        client: &'a Client,
        grant: &'a Grant,
    ) -> BoxFuture<'a, Result<Tokens, jeton_runtime::Error>> {
        assert_eq!((provider, client.id.as_str(), grant.kind), ("box", "app-1", GrantKind::JwtBearer));
        assert_eq!((grant.subject.as_deref(), grant.options.len()), (Some("enterprise:7"), 1));
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move { Ok(alone(number)) })
    }
}

fn alone(number: usize) -> Tokens {
    let mut tokens = tokens(number, Some(3600));
    tokens.refresh = None;
    tokens
}

async fn connected(home: &Home, kind: GrantKind) -> jeton_vault::Vault {
    let vault = home.vault().await;
    let mut grant = Grant::new(kind, vec![]);
    (grant.subject, grant.options) = (Some("enterprise:7".to_owned()), vec![("as-user".to_owned(), "9".to_owned())]);
    let mut first = alone(0);
    first.expires_in = Some(Duration::from_secs(5));
    let (name, client) = (work(), "mine".parse().unwrap());
    let new = NewConnection { name: &name, client: &client, grant: &grant, tokens: &first, account: None, replace: false };
    vault.save(new).await.unwrap();
    vault
}

async fn a_service_account_gets_new_tokens_by_its_grant_and_once(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = connected(&home, GrantKind::JwtBearer).await;
    let machine = Arc::new(Machine(AtomicUsize::new(0)));
    let providers: Arc<dyn Providers> = machine.clone();
    let tasks = (0..20).map(|_| {
        let (vault, providers) = (vault.clone(), providers.clone());
        tokio::spawn(async move { vault.access_token(&work(), MINUTE, &providers).await })
    });
    for token in futures_util::future::join_all(tasks).await {
        assert_eq!(token.unwrap().unwrap().secret.reveal(), b"a1");
    }
    assert_eq!(machine.0.load(Ordering::SeqCst), 1);
}

async fn a_grant_that_needs_a_person_is_not_repeated(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = connected(&home, GrantKind::AuthorizationCode).await;
    let error = vault.access_token(&work(), MINUTE, &shared(&Service::never())).await.unwrap_err();
    assert!(matches!(error, Error::Reauthorize { .. }), "{error}");
}
