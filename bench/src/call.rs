//! One call into a component without a request: a fresh store, an instance, the call, and all of it dropped again.

use std::time::Instant;

use anyhow::{Context, Result};
use http::HeaderMap;
use jeton_runtime::{ApiAnswer, Client, CurrentTokens, Provider, Runtime, Secret, Verdict};

use crate::table::{Bar, Table};
use crate::timing::Times;

const GROUP: &str = "A call into the component: store, instance, call, drop";
const CALLS: usize = 10_000;

/// The bundled component.
pub fn size(table: &mut Table) -> Result<()> {
    table.figure("The Box component", "size", component()?.len() as f64, "bytes", Bar::AtMost(60_000.0));
    Ok(())
}

fn component() -> Result<&'static [u8]> {
    Ok(jeton_bundle::find("box").context("Box isn't bundled")?.component)
}

/// `authenticate`, to which two secrets are lent, and `judge`, which reads an answer.
pub fn measure(table: &mut Table) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let provider = Runtime::builder().build()?.load(component()?).await?;
        let (client, tokens) = lent();
        let times = repeat(async || {
            let headers = provider.authenticate(&client, &tokens, &vec![]).await?;
            anyhow::ensure!(headers.len() == 1, "one header was expected");
            Ok(())
        });
        table.times(GROUP, "authenticate", &times.await?, Bar::AtMost(10.0));
        table.times(GROUP, "judge", &repeat(async || judge(&provider, &tokens).await).await?, Bar::AtMost(10.0));
        Ok(())
    })
}

fn lent() -> (Client, CurrentTokens) {
    let secret = |kind: &str| Secret::new(kind, [b'x'; 32]);
    let client =
        Client { id: "client".to_owned(), secrets: [("client-secret".to_owned(), secret("client-secret"))].into(), ..Client::default() };
    let tokens = CurrentTokens { access: Some(secret("access-token")), refresh: Some(secret("refresh-token")), ..CurrentTokens::default() };
    (client, tokens)
}

async fn judge(provider: &Provider, tokens: &CurrentTokens) -> Result<()> {
    let answer = ApiAnswer { endpoint: "api".to_owned(), status: 401, headers: HeaderMap::new(), body: vec![] };
    let verdict = provider.judge(answer, tokens).await?;
    anyhow::ensure!(verdict == Verdict::Expired, "another verdict was expected");
    Ok(())
}

async fn repeat(mut call: impl AsyncFnMut() -> Result<()>) -> Result<Times> {
    for _ in 0..CALLS / 10 {
        call().await?;
    }
    let mut times = Times::default();
    for _ in 0..CALLS {
        let begun = Instant::now();
        call().await?;
        times.push(begun.elapsed());
    }
    Ok(times)
}
