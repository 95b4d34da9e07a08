//! Whether a token costs more where there are more connections: 10, 10 thousand and a million of them, on SQLite and PostgreSQL.
//!
//! Ten connections are real and can be refreshed; the rest are copies of one row under other names, which can't be unsealed and needn't be.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::future::{BoxFuture, try_join_all};
use jeton_runtime::{Client, CurrentTokens, Error, Grant, GrantKind, Mapping, Provider, Runtime, Secret, Tokens};
use jeton_vault::{ConnectionName, KeySource, NewConnection, Providers, Vault};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tempfile::TempDir;

use crate::process::run;
use crate::server::{CLIENT_ID, CLIENT_SECRET, Kind, Server};
use crate::table::{Bar, Table};
use crate::timing::Times;

const SIZES: [usize; 3] = [10, 10_000, 1_000_000];
const REAL: usize = 10;
const PROCESSES: usize = 200;
const CALLS: usize = 2_000;
/// Refreshes of each real connection, all ten at once.
const EACH: usize = 50;
const MINUTE: Duration = Duration::from_secs(60);

/// Everything but what must differ: `id` and `name`.
const COLUMNS: &str = "provider, client, grant_kind, scopes, options, extras, access_token, refresh_token, expires_at, generation, status, \
    status_at, created_at, updated_at, data_key";

/// Measures both stores.
pub fn measure(jeton: &Path, table: &mut Table) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        let ground = Ground::new(folder.path().join("jeton.db").display().to_string(), folder).await?;
        ground.sqlite(jeton, table).await?;
        drop(ground);
        let database = Database::new().await?;
        let measured = async {
            let ground = Ground::new(database.url(), tempfile::tempdir()?).await?;
            ground.postgres(table).await
        };
        // Whatever came of it, a million rows are removed.
        let measured = measured.await;
        database.drop().await.and(measured)
    })
}

/// A vault with its store open, until stdin ends.
pub fn idle(store: &str, key: PathBuf) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let vault = runtime.block_on(async {
        let vault = Vault::open_existing(store, KeySource::File(key)).await?;
        vault.connection(&real(0)?).await?;
        Ok::<_, anyhow::Error>(vault)
    })?;
    println!("ready");
    std::io::stdin().read_to_end(&mut vec![])?;
    drop(vault);
    Ok(())
}

struct Ground {
    folder: TempDir,
    store: String,
    vault: Vault,
    providers: Arc<dyn Providers>,
    _server: Server,
}

impl Ground {
    async fn new(store: String, folder: TempDir) -> Result<Self> {
        let server = Server::start(Kind::Emulator, false)?;
        let mut refresh_tokens = server.introduction.refresh_tokens.iter();
        let vault = Vault::open(store.as_str(), KeySource::File(folder.path().join("key"))).await?;
        let secrets = [("client-secret".to_owned(), Secret::new("client-secret", CLIENT_SECRET))].into();
        vault.add_client(&"box".parse()?, "box", &Client { id: CLIENT_ID.to_owned(), secrets, ..Client::default() }).await?;
        for number in 0..REAL {
            let refresh = refresh_tokens.next().context("the server has too few refresh tokens")?;
            let tokens = Tokens {
                access: Secret::new("access-token", format!("access-{number}")),
                refresh: Some(Secret::new("refresh-token", refresh.clone())),
                id_token: None,
                expires_in: Some(Duration::from_secs(24 * 60 * 60)),
                refresh_expires_in: None,
                answered_at: None,
                scope: None,
                extras: vec![],
            };
            let grant = Grant::new(GrantKind::AuthorizationCode, vec![]);
            let (name, client) = (real(number)?, "box".parse()?);
            vault
                .save(NewConnection { name: &name, client: &client, grant: &grant, tokens: &tokens, account: None, replace: false })
                .await?;
        }
        let mapping = Mapping { host: "api.box.com".to_owned(), port: 443, to: server.introduction.addr };
        let pem = server.introduction.certificate.clone().context("the server has no certificate")?;
        let runtime = Runtime::builder().resolve([mapping]).trust(pem.into_bytes()).build()?;
        let bundled = jeton_bundle::find("box").context("Box isn't bundled")?;
        let providers = Arc::new(Component(runtime.load(bundled.component).await?));
        Ok(Self { folder, store, vault, providers, _server: server })
    }

    async fn sqlite(&self, jeton: &Path, table: &mut Table) -> Result<()> {
        const GROUP: &str = "Connections in SQLite";
        let mut sql = SqliteConnectOptions::new().filename(&self.store).connect().await?;
        let mut there = REAL;
        for size in SIZES {
            let copies = format!(
                "WITH RECURSIVE numbers (number) AS (SELECT {there} UNION ALL SELECT number + 1 FROM numbers WHERE number + 1 < {size}) \
                 INSERT INTO connections (id, name, {COLUMNS}) SELECT id || '-' || number, 'copy-' || number, {COLUMNS} \
                 FROM connections, numbers WHERE name = 'real-0'"
            );
            if size > there {
                sqlx::raw_sql(AssertSqlSafe(copies)).execute(&mut sql).await?;
                sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut sql).await?;
            }
            there = size;
            let mut command = Command::new(jeton);
            command.args(["token", "real-0"]).env("JETON_HOME", self.folder.path()).env_remove("JETON_KEY").env_remove("JETON_STORE");
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut processes = Times::default();
            for _ in 0..PROCESSES {
                processes.push(run(&mut command)?);
            }
            table.times(GROUP, format!("{size}: jeton token, whole process"), &processes, Bar::None);
            self.calls(GROUP, size, table).await?;
        }
        sql.close().await?;
        table.figure(GROUP, "idle process with the vault open", self.idle()?, "MiB", Bar::None);
        Ok(())
    }

    async fn postgres(&self, table: &mut Table) -> Result<()> {
        const GROUP: &str = "Connections in PostgreSQL";
        let mut sql = self.store.parse::<PgConnectOptions>()?.options([("search_path", "jeton")]).connect().await?;
        let mut there = REAL;
        for size in SIZES {
            let copies = format!(
                "INSERT INTO connections (id, name, {COLUMNS}) SELECT id || '-' || number, 'copy-' || number, {COLUMNS} \
                 FROM connections, generate_series({there}, {size} - 1) AS numbers (number) WHERE name = 'real-0'"
            );
            if size > there {
                sqlx::raw_sql(AssertSqlSafe(copies)).execute(&mut sql).await?;
                sqlx::raw_sql("ANALYZE connections").execute(&mut sql).await?;
            }
            there = size;
            self.calls(GROUP, size, table).await?;
        }
        sql.close().await?;
        table.figure(GROUP, "idle process with the vault open", self.idle()?, "MiB", Bar::None);
        Ok(())
    }

    /// A valid token, and ten connections that are refreshed at once, end to end.
    async fn calls(&self, group: &'static str, size: usize, table: &mut Table) -> Result<()> {
        let (name, mut times) = (real(0)?, Times::default());
        for _ in 0..CALLS {
            let begun = Instant::now();
            self.vault.access_token(&name, MINUTE, &self.providers).await?;
            times.push(begun.elapsed());
        }
        table.times(group, format!("{size}: access_token()"), &times, Bar::None);
        let begun = Instant::now();
        let refresh = |number| async move {
            let name = real(number)?;
            for _ in 0..EACH {
                self.vault.refresh(&name, &self.providers).await?;
            }
            Ok::<_, anyhow::Error>(())
        };
        try_join_all((0..REAL).map(refresh)).await?;
        let each_second = (REAL * EACH) as f64 / begun.elapsed().as_secs_f64();
        table.figure(group, format!("{size}: refreshes, ten at once"), each_second, "/s", Bar::None);
        Ok(())
    }

    /// Memory of a process that has the vault open and does nothing.
    fn idle(&self) -> Result<f64> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["idle", &self.store])
            .arg(self.folder.path().join("key"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
        ensure!(line.trim() == "ready", "the idle process didn't get ready");
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()))?;
        drop(child.stdin.take());
        child.wait()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().split(' ').next()?.parse::<f64>().ok());
        Ok(resident.context("/proc holds something unexpected")? / 1024.0)
    }
}

fn real(number: usize) -> Result<ConnectionName> {
    Ok(format!("real-{number}").parse()?)
}

/// The Box component, for the vault.
struct Component(Provider);

impl Providers for Component {
    fn refresh<'a>(&'a self, _: &'a str, client: &'a Client, tokens: &'a CurrentTokens) -> BoxFuture<'a, Result<Tokens, Error>> {
        Box::pin(self.0.refresh(client, tokens))
    }
}

/// A PostgreSQL database for this run.
struct Database(String);

impl Database {
    async fn new() -> Result<Self> {
        let database = Self(format!("jeton_bench_{}", std::process::id()));
        database.run("CREATE DATABASE").await?;
        Ok(database)
    }

    fn server() -> String {
        std::env::var("JETON_TEST_POSTGRES").unwrap_or_else(|_| "postgres://root@127.0.0.1:5432".to_owned())
    }

    fn url(&self) -> String {
        format!("{}/{}", Self::server(), self.0)
    }

    async fn drop(self) -> Result<()> {
        self.run("DROP DATABASE").await
    }

    async fn run(&self, what: &str) -> Result<()> {
        let how = if what.starts_with("DROP") { " WITH (FORCE)" } else { "" };
        let mut admin = format!("{}/postgres", Self::server()).parse::<PgConnectOptions>()?.connect().await?;
        sqlx::raw_sql(AssertSqlSafe(format!("{what} {}{how}", self.0))).execute(&mut admin).await?;
        Ok(admin.close().await?)
    }
}
