//! A short round of the torture. The long one is `cargo xtask torture`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt as _;
use jeton_torture::crowd;
use jeton_torture::kill::{Counts, Plan, cases, run};
use jeton_torture::process::Workers;

fn workers() -> Workers {
    Workers::new(Path::new(env!("CARGO_BIN_EXE_jeton-torture")))
}

/// Compiled components, for all tests and their workers.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("torture-cache")
}

/// The command lies beside this crate's binary, where `cargo test --workspace` or `cargo build -p jeton` has put it.
fn jeton() -> PathBuf {
    let jeton = Path::new(env!("CARGO_BIN_EXE_jeton-torture")).with_file_name("jeton");
    assert!(jeton.exists(), "build it first: cargo build --package jeton");
    jeton
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_tasks_make_one_refresh() {
    let crowd = crowd::tasks(&cache(), 2).await.unwrap();
    assert_eq!((crowd.runs, crowd.served, crowd.refreshes), (2, 128, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn three_servers_on_one_database_make_one_refresh() {
    let crowd = crowd::servers(&workers(), &cache(), 2).await.unwrap();
    assert_eq!((crowd.runs, crowd.served, crowd.refreshes), (2, 120, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_commands_make_one_refresh() {
    let crowd = crowd::processes(&jeton(), &cache(), 2).await.unwrap();
    assert_eq!((crowd.runs, crowd.served, crowd.refreshes), (2, 128, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_nothing_is_lost_silently() {
    let seed = fastrand::u64(0..1_000_000);
    println!("seed {seed}: cargo xtask torture --only kill --rounds 16 --seed {seed}");
    let runs = cases().into_iter().zip(seed..).map(|(case, seed)| async move {
        let plan = Plan { rounds: 2, seed, lease: Duration::from_secs(1), workers: workers(), cache: cache() };
        run(case, &plan).await.unwrap()
    });
    let counts: Vec<Counts> = futures_util::stream::iter(runs).buffer_unordered(4).collect().await;
    let mut all = Counts::default();
    counts.into_iter().for_each(|counts| all += counts);
    println!("{all}");
    assert!(all.wrong.is_empty(), "{}", all.wrong.join("\n"));
    assert_eq!(all.rounds, 16);
    assert_eq!(all.recovered + all.lost_dropped + all.lost_killed, all.rounds);
    assert!(all.refreshes > 0 && all.kills() > 0);
}
