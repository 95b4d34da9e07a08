//! Refreshes of one kind again and again, for a profiler, and what each of them computed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};
use futures_util::future::BoxFuture;
use http::HeaderMap;
use jeton_runtime::{Incoming, Outgoing, Runtime, Transport, TransportError};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use crate::component::Component;
use crate::native::Native;
use crate::plain::ANSWER;
use crate::process::cpu;
use crate::server::{Kind, REFRESH_TOKEN, Server};
use crate::timing::micros;

/// What is repeated.
#[derive(Args)]
pub struct Again {
    way: Way,
    /// Refreshes in all
    #[arg(long, default_value_t = 200_000)]
    refreshes: usize,
    /// So many at once
    #[arg(long, default_value_t = 64)]
    chains: usize,
    /// Threads of the client
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Computes for so many microseconds before each
    #[arg(long, default_value_t = 0)]
    spin: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    /// The oauth2 crate, over HTTP
    Native,
    /// The component, over HTTP
    Component,
    /// The component, whose request is answered at once by the host itself
    Instant,
}

enum Client {
    Native(Box<Native>),
    Component(Component),
}

/// Repeats it, and says how long each took and computed.
pub fn run(again: &Again) -> Result<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(again.threads).enable_all().build()?;
    runtime.block_on(async {
        let server = Server::start(Kind::Http, false)?;
        let client = Arc::new(match again.way {
            Way::Native => Client::Native(Box::new(Native::new(&server.introduction)?)),
            Way::Component => Client::Component(Component::new(&server.introduction).await?),
            Way::Instant => Client::Component(Component::of(&Runtime::builder().transport(Arc::new(AtOnce)).build()?).await?),
        });
        let each = again.refreshes / again.chains;
        round(&client, again, each / 10).await?;
        let (before, begun) = (cpu("self")?, Instant::now());
        round(&client, again, each).await?;
        let of_each = |time: Duration| micros(time) / (each * again.chains) as f64;
        let (wall, computed) = (of_each(begun.elapsed()), of_each(cpu("self")?.saturating_sub(before)));
        Ok(format!("each of {} took {wall:.1} µs of the time and {computed:.1} µs of this process's CPU", each * again.chains))
    })
}

async fn round(client: &Arc<Client>, again: &Again, each: usize) -> Result<()> {
    let mut chains = JoinSet::new();
    for _ in 0..again.chains {
        let (client, spin) = (client.clone(), Duration::from_micros(again.spin));
        chains.spawn(async move {
            for _ in 0..each {
                let begun = Instant::now();
                while begun.elapsed() < spin {
                    std::hint::spin_loop();
                }
                match &*client {
                    Client::Native(native) => native.refresh(REFRESH_TOKEN).await?,
                    Client::Component(component) => component.refresh(REFRESH_TOKEN).await?,
                };
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = chains.join_next().await {
        ended.map_err(|error| anyhow!(error))??;
    }
    Ok(())
}

/// A token endpoint without a network.
struct AtOnce;

impl Transport for AtOnce {
    fn send(&self, _request: Outgoing) -> BoxFuture<'_, Result<Incoming, TransportError>> {
        let body = Zeroizing::new(ANSWER.as_bytes().to_vec());
        Box::pin(async { Ok(Incoming { status: 200, headers: HeaderMap::new(), body }) })
    }
}
