//! Kill -9 and cut connections at random moments: is anything lost that the service would still accept?
//!
//! In every round two workers refresh one connection without a pause, each as fast as it can. At a random moment one of them is killed, or
//! every connection to the database is cut, or both. The other one is stopped, and a fresh worker refreshes once. What it hears is compared
//! with the truth, which the emulator knows.

mod counts;

use std::time::Duration;

use anyhow::{Context, Result, bail};
use fastrand::Rng;
use jeton_emulator::{Fault, Matcher, Rotation};

use crate::event::Event;
use crate::judge::{Loss, Witness, used_twice, why_lost};
use crate::process::{Process, Workers};
use crate::stage::{Kind, Stage};
pub use counts::Counts;

/// The moment of the blow: at most so many microseconds after the workers were told to begin. They make some refreshes in that time.
const LATEST: u64 = 120_000;

/// The connection's pool in a fresh worker may be cut several times over.
const TRIES: usize = 40;

/// What a person is told who must sign in because of an interruption.
const TOLD: &str = "An earlier refresh got no answer";

/// Where and how it is tortured.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The store.
    pub kind: Kind,
    /// What the service does with a used refresh token.
    pub rotation: Rotation,
    /// Whether the service drops an answer in every second round, after it has acted.
    pub drops: bool,
}

/// All of them.
pub fn cases() -> Vec<Case> {
    let mut all = vec![];
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for rotation in [Rotation::Strict, Rotation::Grace] {
            all.extend([false, true].map(|drops| Case { kind, rotation, drops }));
        }
    }
    all
}

/// How it is done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Rounds of this case.
    pub rounds: usize,
    /// Decides what happens in each.
    pub seed: u64,
    /// The length of leases.
    pub lease: Duration,
    /// Who works.
    pub workers: Workers,
    /// Where compiled components are.
    pub cache: std::path::PathBuf,
}

/// Runs the rounds of one case.
pub async fn run(case: Case, plan: &Plan) -> Result<Counts> {
    let stage = Stage::new(case.kind, case.rotation, &plan.cache).await?;
    stage.sign_in().await?;
    let mut torture = Torture {
        case,
        plan,
        stage,
        rng: Rng::with_seed(plan.seed),
        pair: vec![],
        fresh: None,
        started: 0,
        cut: false,
        counts: Counts::default(),
    };
    for _ in 0..2 {
        let mut worker = torture.start()?;
        worker.hear(|event| *event == Event::Ready).await?;
        torture.pair.push(worker);
    }
    for round in 0..plan.rounds {
        let done = tokio::time::timeout(Duration::from_secs(300), torture.round(round)).await;
        done.context("a round hangs").flatten().with_context(|| format!("{case:?}, seed {}, round {round}", plan.seed))?;
    }
    let Torture { stage, pair, fresh, counts, .. } = torture;
    drop((pair, fresh));
    stage.close().await?;
    Ok(counts)
}

struct Torture<'a> {
    case: Case,
    plan: &'a Plan,
    stage: Stage,
    rng: Rng,
    pair: Vec<Process>,
    /// The next one to begin, and whether it said that it is ready.
    fresh: Option<(Process, bool)>,
    started: usize,
    /// Whether the database's connections were cut in this round.
    cut: bool,
    counts: Counts,
}

impl Torture<'_> {
    fn start(&mut self) -> Result<Process> {
        self.started += 1;
        self.plan.workers.start(&self.stage.setup(&format!("worker {}", self.started), self.plan.lease))
    }

    async fn round(&mut self, round: usize) -> Result<()> {
        let mut fresh = match self.fresh.take() {
            Some(fresh) => fresh,
            None => (self.start()?, false),
        };
        self.stage.emulator.journal().clear();
        let mut witnesses = self.blow().await?;
        self.stage.emulator.faults().clear();
        if !fresh.1 {
            fresh.0.hear(|event| *event == Event::Ready).await?;
        }
        let mut fresh = fresh.0;
        let heard = self.check(&mut fresh).await?;
        witnesses.push(Witness { lines: std::mem::take(&mut fresh.lines), killed: None });
        self.judge(round, &heard, &witnesses).await?;
        if self.pair.len() < 2 {
            self.pair.push(fresh);
            // It opens the store while the next round runs.
            self.fresh = Some((self.start()?, false));
        } else {
            self.fresh = Some((fresh, true));
        }
        Ok(())
    }

    /// Both work; one dies, or the database's connections do; the rest stops.
    async fn blow(&mut self) -> Result<Vec<Witness>> {
        let postgres = self.case.kind == Kind::Postgres;
        // All choices first, so that the seed decides them whatever happens.
        let kills = !postgres || self.rng.u8(0..3) > 0;
        let cuts = postgres && (self.rng.bool() || !kills);
        let victim = self.rng.usize(0..2);
        let mut moments = [self.rng.u64(0..LATEST), self.rng.u64(0..LATEST)].map(Duration::from_micros);
        moments.sort_unstable();
        if self.case.drops && self.rng.bool() {
            self.stage.emulator.faults().inject(Fault::DropAfterCommit, Matcher::any().path("/oauth2/token"), 1);
        }
        let [first, second] = moments;
        for worker in &mut self.pair {
            worker.tell("refresh").await?;
        }
        // A moment of the case's own making: there is nothing to wait for.
        tokio::time::sleep(first).await;
        self.cut = cuts;
        if cuts && let Some(database) = &mut self.stage.database {
            self.counts.cuts += database.cut().await?;
        }
        tokio::time::sleep(second.saturating_sub(first)).await;
        let mut witnesses = vec![];
        if kills {
            let mut dead = self.pair.swap_remove(victim);
            dead.kill().await?;
            let witness = Witness { lines: std::mem::take(&mut dead.lines), killed: dead.killed };
            self.counts.struck(witness.struck());
            witnesses.push(witness);
        }
        for worker in &mut self.pair {
            worker.tell("stop").await?;
            worker.hear(|event| *event == Event::Stopped).await?;
            witnesses.push(Witness { lines: std::mem::take(&mut worker.lines), killed: None });
        }
        Ok(witnesses)
    }

    /// What a fresh worker hears in the end: a token, or that a person must sign in.
    async fn check(&mut self, fresh: &mut Process) -> Result<Event> {
        for _ in 0..TRIES {
            fresh.tell("once").await?;
            let told = |event: &Event| matches!(event, Event::Token(_) | Event::Reauthorize(_) | Event::Trouble(_));
            match fresh.hear(told).await? {
                Event::Trouble(_) => self.counts.troubles += 1,
                heard => return Ok(heard),
            }
        }
        bail!("a fresh worker is in trouble for ever: {:?}", fresh.lines.last())
    }

    async fn judge(&mut self, round: usize, heard: &Event, witnesses: &[Witness]) -> Result<()> {
        let journal = self.stage.refreshes();
        let (stored, live) = self.stage.truth().await?;
        self.counts.rounds += 1;
        self.counts.refreshes += journal.iter().filter(|refresh| refresh.given).count();
        self.counts.dropped += journal.iter().filter(|refresh| refresh.dropped).count();
        let mut wrong = vec![];
        for twice in used_twice(witnesses) {
            // Who is cut off from the store for a whole lease can't be told from one who died.
            if self.cut && u128::from(twice.after) >= self.plan.lease.as_nanos() {
                self.counts.overtaken += 1;
            } else {
                self.counts.used_twice += 1;
                wrong.push(format!("{} was used twice while its owner lived", twice.token));
            }
        }
        let told = |line: &crate::event::Line| matches!(&line.event, Event::Reauthorize(reason) if !reason.contains(TOLD));
        if witnesses.iter().flat_map(|witness| &witness.lines).any(told) {
            self.counts.untold += 1;
            wrong.push("a worker said reauthorize without the reason".to_owned());
        }
        match (heard, live) {
            (Event::Token(_), true) => self.counts.recovered += 1,
            (Event::Reauthorize(_), false) => match why_lost(&stored, &journal, witnesses) {
                Loss::Dropped if self.case.rotation == Rotation::Strict => self.counts.lost_dropped += 1,
                Loss::Killed if self.case.rotation == Rotation::Strict => self.counts.lost_killed += 1,
                loss => {
                    self.counts.silently += 1;
                    wrong.push(format!("{stored} was lost: {loss:?}"));
                }
            },
            _ => {
                self.counts.silently += 1;
                wrong.push(format!("{stored}, which the service would accept: {live}, but the worker heard {heard:?}"));
            }
        }
        if !wrong.is_empty() {
            let place = format!("{:?}, seed {}, round {round}", self.case, self.plan.seed);
            self.counts.wrong.push(format!("{place}: {}\n{journal:#?}\n{witnesses:#?}", wrong.join("; ")));
        }
        if !live || matches!(heard, Event::Reauthorize(_)) {
            self.stage.sign_in().await?;
        }
        Ok(())
    }
}
