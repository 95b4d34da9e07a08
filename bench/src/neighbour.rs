//! What a provider's users notice of a hostile one beside it, which makes all the calls that it can.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::BoxFuture;
use jeton_hostile::{ASKS_ONCE, LOOPS_FOREVER};
use jeton_runtime::{Client, CurrentTokens, Incoming, Limits, Outgoing, Provider, Runtime, Secret, Transport, TransportError};
use tokio::task::JoinSet;

use crate::component::{Component, Http};
use crate::server::{Kind, Server};
use crate::table::{Bar, Table};
use crate::timing::Times;

const GROUP: &str = "A refresh of Box beside one hostile provider, HTTP";
const REFRESHES: usize = 2_000;

/// One refresh after the other: alone, beside a provider that computes without an end, beside one that holds its places and waits.
pub fn measure(table: &mut Table) -> Result<()> {
    for (what, hostile) in [
        ("alone", None),
        ("beside one that computes without an end", Some(LOOPS_FOREVER)),
        ("beside one whose server never answers", Some(ASKS_ONCE)),
    ] {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let times = runtime.block_on(async { tokio::spawn(refreshes_beside(hostile)).await? })?;
        runtime.shutdown_timeout(Duration::from_secs(1));
        table.times(GROUP, what, &times, Bar::None);
    }
    Ok(())
}

async fn refreshes_beside(hostile: Option<&'static [u8]>) -> Result<Times> {
    let server = Server::start(Kind::Http, false)?;
    let runtime = Runtime::builder().transport(Arc::new(Silent(Http::to(&server.introduction)?))).build()?;
    let component = Component::of(&runtime).await?;
    let mut calls = JoinSet::new();
    if let Some(file) = hostile {
        let hostile = runtime.load(file).await?;
        for _ in 0..Limits::default().calls {
            calls.spawn(again_and_again(hostile.clone()));
        }
    }
    let mut times = Times::default();
    let mut token = "first".to_owned();
    // The first make the connection, and let the hostile calls take their places.
    for number in 0..REFRESHES + REFRESHES / 10 {
        let begun = Instant::now();
        token = component.refresh(&token).await?;
        if number >= REFRESHES / 10 {
            times.push(begun.elapsed());
        }
    }
    calls.shutdown().await;
    Ok(times)
}

/// Whenever a call is stopped, the next begins.
async fn again_and_again(hostile: Provider) {
    let client = Client { id: "client".to_owned(), ..Client::default() };
    let tokens = CurrentTokens { access: Some(Secret::new("access-token", "access")), ..CurrentTokens::default() };
    let client = Client { secrets: [("client-secret".to_owned(), Secret::new("client-secret", "secret"))].into(), ..client };
    loop {
        // How it ends is of no interest: it never ends well.
        let _ = hostile.refresh(&client, &tokens).await;
    }
}

/// Never answers the hostile provider.
struct Silent(Http);

impl Transport for Silent {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, TransportError>> {
        if request.url.host_str() == Some("hostile.example") {
            return Box::pin(std::future::pending());
        }
        self.0.send(request)
    }
}
