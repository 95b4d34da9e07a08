//! What a valid token costs: `cargo run --release -p jeton-vault --example fast_path`.
//!
//! Opens a store and hands out a token, as `jeton token` does, a thousand times in this process and in processes of their own, beside
//! a process that does nothing.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jeton_runtime::{Client, CurrentTokens, Grant, GrantKind, Secret, Tokens};
use jeton_vault::{BoxFuture, ConnectionName, KeySource, NewConnection, Providers, Vault};

const ROUNDS: usize = 1000;

struct Nobody;

impl Providers for Nobody {
    fn refresh<'a>(&'a self, _: &'a str, _: &'a Client, _: &'a CurrentTokens) -> BoxFuture<'a, Result<Tokens, jeton_runtime::Error>> {
        Box::pin(async { Err(jeton_runtime::Error::Host("nobody should ask".to_owned())) })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("nothing"), _) => Ok(()),
        (Some("token"), Some(home)) => runtime()?.block_on(token(Path::new(&home))),
        _ => {
            let home = tempfile::tempdir()?;
            runtime()?.block_on(fill(home.path()))?;
            let inside = measure(|| runtime()?.block_on(token(home.path())))?;
            let this = std::env::current_exe()?;
            let run = |argument: &str| -> Result<(), Box<dyn Error>> {
                match Command::new(&this).arg(argument).arg(home.path()).status()?.success() {
                    true => Ok(()),
                    false => Err("the child process didn't end well".into()),
                }
            };
            let (nothing, whole) = (measure(|| run("nothing"))?, measure(|| run("token"))?);
            let mut out = std::io::stdout();
            writeln!(out, "{:<30}{:>10}{:>10}{:>10}", "", "p10", "median", "p95")?;
            for (what, times) in
                [("open + token, in process", inside), ("a process that does nothing", nothing), ("a process with open + token", whole)]
            {
                let [p10, median, p95] = times.map(|time| time.as_micros());
                writeln!(out, "{what:<30}{p10:>7} µs{median:>7} µs{p95:>7} µs")?;
            }
            Ok(())
        }
    }
}

async fn open(home: &Path) -> Result<Vault, jeton_vault::Error> {
    let key = KeySource::File(home.join("jeton.key"));
    match home.join("jeton.db") {
        store if store.exists() => Vault::open_existing(&store, key).await,
        store => Vault::open(&store, key).await,
    }
}

async fn token(home: &Path) -> Result<(), Box<dyn Error>> {
    let providers: Arc<dyn Providers> = Arc::new(Nobody);
    let token = open(home).await?.access_token(&"c50".parse()?, Duration::from_secs(60), &providers).await?;
    match token.secret.reveal().len() {
        32 => Ok(()),
        _ => Err("another token was expected".into()),
    }
}

async fn fill(home: &Path) -> Result<(), Box<dyn Error>> {
    let vault = open(home).await?;
    vault.add_client(&"mine".parse()?, "box", &Client { id: "app".to_owned(), ..Client::default() }).await?;
    let grant = Grant::new(GrantKind::AuthorizationCode, vec![]);
    for number in 0..100 {
        let name: ConnectionName = format!("c{number}").parse()?;
        let tokens = Tokens {
            access: Secret::new("access-token", [b'a'; 32]),
            refresh: Some(Secret::new("refresh-token", [b'r'; 64])),
            id_token: None,
            expires_in: Some(Duration::from_secs(3600)),
            refresh_expires_in: None,
            answered_at: None,
            scope: None,
            extras: vec![],
        };
        let client = "mine".parse()?;
        vault.save(NewConnection { name: &name, client: &client, grant: &grant, tokens: &tokens, account: None, replace: false }).await?;
    }
    Ok(())
}

/// 10th, 50th and 95th percentile: the first is what it costs, the last what a busy machine makes of it.
fn measure(mut work: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<[Duration; 3], Box<dyn Error>> {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        work()?;
        times.push(begun.elapsed());
    }
    times.sort();
    let at = |share: usize| times.get(ROUNDS * share / 100).copied().unwrap_or_default();
    Ok([at(10), at(50), at(95)])
}
