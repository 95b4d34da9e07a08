//! A refresh through the component beside the same refresh natively: same server, same kind of client, in turns within one run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::component::Component;
use crate::native::Native;
use crate::pin;
use crate::process::cpu;
use crate::server::{CHAINS, Kind, Server};
use crate::table::{Bar, Table};
use crate::timing::{Times, micros};

/// Each way has so many turns.
const TURNS: usize = 15;
/// Refreshes of a turn, one at a time.
const ALONE: usize = 300;
/// Refreshes of a turn in each of 64 chains.
const EACH: usize = 60;
/// Refreshes of a turn where each takes five milliseconds.
const ALONE_SLOW: usize = 30;

enum Way {
    Native(Box<Native>),
    Component(Component),
}

/// What one way took at one concurrency, over all its rounds.
#[derive(Default)]
struct Taken {
    times: Times,
    wall: Duration,
    client: Duration,
    server: Duration,
}

/// Measures it against one server.
pub fn measure(kind: Kind, table: &mut Table) -> Result<()> {
    let group = match kind {
        Kind::Http => "Refresh, a server with one answer, HTTP",
        Kind::Https => "Refresh, a server with one answer, TLS",
        Kind::Emulator => "Refresh, the emulator of Box, TLS",
        Kind::Slow => "Refresh, a server that takes 5 ms, HTTP",
    };
    let apart = Builder::new_multi_thread().worker_threads(1).on_thread_start(pin::client).enable_all().build()?;
    apart.block_on(async { tokio::spawn(one_at_a_time(kind, true)).await? })?.show(kind, group, "one at a time", table);
    if kind == Kind::Slow {
        return Ok(());
    }
    let anywhere = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if kind == Kind::Http {
        let name = "one at a time, on any processor";
        anywhere.block_on(async { tokio::spawn(one_at_a_time(kind, false)).await? })?.show(kind, group, name, table);
    }
    anywhere.block_on(at_once(kind, group, table))
}

/// One way beside the other, one refresh at a time.
struct Alone {
    natively: Taken,
    through: Taken,
    /// Of the medians of turns that follow each other, so that what else the machine does strikes both.
    adds: f64,
}

/// `apart`: client and server have a processor of their own, as they have where the service is elsewhere. Otherwise the system puts both on
/// one if they compute little, and not if they compute more, and what that costs is a part of the difference.
async fn one_at_a_time(kind: Kind, apart: bool) -> Result<Alone> {
    let server = Server::start(kind, apart)?;
    let mut chains = server.introduction.refresh_tokens.clone();
    let (native, component) = ways(&server).await?;
    let (one, _) = chains.split_at_mut(1);
    for way in [&native, &component] {
        round(way, one, 100, &server, &mut Taken::default()).await?;
    }
    let (mut natively, mut through, mut differences) = (Taken::default(), Taken::default(), vec![]);
    let each = if kind == Kind::Slow { ALONE_SLOW } else { ALONE };
    for _ in 0..TURNS {
        let native = round(&native, one, each, &server, &mut natively).await?;
        let component = round(&component, one, each, &server, &mut through).await?;
        differences.push(micros(component) - micros(native));
    }
    differences.sort_unstable_by(f64::total_cmp);
    Ok(Alone { natively, through, adds: differences.get(TURNS / 2).copied().unwrap_or_default() })
}

impl Alone {
    fn show(&self, kind: Kind, group: &'static str, how: &str, table: &mut Table) {
        table.times(group, format!("oauth2 crate, {how}"), &self.natively.times, Bar::None);
        table.times(group, format!("component, {how}"), &self.through.times, Bar::None);
        let bar = if kind == Kind::Http { Bar::AtMost(45.0) } else { Bar::None };
        match kind {
            Kind::Slow => {
                let share = self.adds / micros(self.natively.times.median()) * 100.0;
                table.figure(group, "the component adds", share, "%", Bar::AtMost(2.0));
            }
            _ => table.figure(group, format!("the component adds, {how}"), self.adds, "µs", bar),
        }
    }
}

async fn at_once(kind: Kind, group: &'static str, table: &mut Table) -> Result<()> {
    let server = Server::start(kind, false)?;
    let mut chains = server.introduction.refresh_tokens.clone();
    ensure!(chains.len() == CHAINS, "the server has too few refresh tokens");
    let (native, component) = ways(&server).await?;
    for way in [&native, &component] {
        round(way, &mut chains, 20, &server, &mut Taken::default()).await?;
    }
    let (mut natively, mut through) = (Taken::default(), Taken::default());
    for _ in 0..TURNS {
        round(&native, &mut chains, EACH, &server, &mut natively).await?;
        round(&component, &mut chains, EACH, &server, &mut through).await?;
    }
    let bar = if kind == Kind::Http { Bar::AtLeast(20_000.0) } else { Bar::None };
    for (name, taken, bar) in [("oauth2 crate", natively, Bar::None), ("component", through, bar)] {
        let each = |time: Duration| micros(time) / taken.times.count() as f64;
        table.times(group, format!("{name}, 64 at once"), &taken.times, Bar::None);
        table.figure(group, format!("{name}, 64 at once, together"), taken.times.count() as f64 / taken.wall.as_secs_f64(), "/s", bar);
        table.figure(group, format!("{name}, 64 at once, CPU of each: client"), each(taken.client), "µs", Bar::None);
        table.figure(group, format!("{name}, 64 at once, CPU of each: server"), each(taken.server), "µs", Bar::None);
    }
    Ok(())
}

async fn ways(server: &Server) -> Result<(Arc<Way>, Arc<Way>)> {
    let native = Way::Native(Box::new(Native::new(&server.introduction)?));
    Ok((Arc::new(native), Arc::new(Way::Component(Component::new(&server.introduction).await?))))
}

/// Every chain refreshes so often, each after the other. Returns the median of this turn.
async fn round(way: &Arc<Way>, chains: &mut [String], each: usize, server: &Server, taken: &mut Taken) -> Result<Duration> {
    let server = server.process();
    let before = (cpu("self")?, cpu(&server)?);
    let begun = Instant::now();
    let (mut tasks, mut all) = (JoinSet::new(), Times::default());
    for (index, chain) in chains.iter().enumerate() {
        let (way, mut token) = (way.clone(), chain.clone());
        tasks.spawn(async move {
            let mut times = Times::default();
            for _ in 0..each {
                let begun = Instant::now();
                token = way.refresh(&token).await?;
                times.push(begun.elapsed());
            }
            anyhow::Ok((index, token, times))
        });
    }
    while let Some(ended) = tasks.join_next().await {
        let (index, token, times) = ended??;
        all.extend(times);
        if let Some(chain) = chains.get_mut(index) {
            *chain = token;
        }
    }
    taken.wall += begun.elapsed();
    taken.client += cpu("self")?.saturating_sub(before.0);
    taken.server += cpu(&server)?.saturating_sub(before.1);
    let median = all.median();
    taken.times.extend(all);
    Ok(median)
}

impl Way {
    async fn refresh(&self, refresh_token: &str) -> Result<String> {
        match self {
            Self::Native(native) => native.refresh(refresh_token).await,
            Self::Component(component) => component.refresh(refresh_token).await,
        }
    }
}
