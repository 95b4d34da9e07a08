//! A PostgreSQL database of one's own, and how its connections are cut.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

/// Ends every connection of the vault to this database.
const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE datname = current_database() AND application_name = 'jeton' AND pid <> pg_backend_pid()";

/// See the module. [`Database::drop`] removes it; one that a killed run left is removed by the next.
pub struct Database {
    name: String,
    sql: PgConnection,
}

/// Where the server is: `JETON_TEST_POSTGRES`, else the one on this machine.
fn server() -> String {
    std::env::var("JETON_TEST_POSTGRES").unwrap_or_else(|_| "postgres://root@127.0.0.1:5432".to_owned())
}

async fn connect(name: &str) -> Result<PgConnection> {
    let options: PgConnectOptions = format!("{}/{name}", server()).parse()?;
    let unreachable = || format!("there is no PostgreSQL at {}: start one, or name another in JETON_TEST_POSTGRES", server());
    options.application_name("jeton-torture").connect().await.with_context(unreachable)
}

async fn run(sql: &mut PgConnection, statement: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(sql).await?;
    Ok(())
}

impl Database {
    /// Makes one.
    pub async fn new() -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("jeton_torture_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut admin = connect("postgres").await?;
        remove_old(&mut admin).await?;
        run(&mut admin, format!("CREATE DATABASE {name}")).await?;
        admin.close().await?;
        Ok(Self { sql: connect(&name).await?, name })
    }

    /// For the vault.
    pub fn url(&self) -> String {
        format!("{}/{}", server(), self.name)
    }

    /// Ends every connection that a vault has to it. How many there were.
    pub async fn cut(&mut self) -> Result<usize> {
        Ok(sqlx::query(CUT).fetch_all(&mut self.sql).await?.len())
    }

    /// Removes it.
    pub async fn drop(self) -> Result<()> {
        self.sql.close().await?;
        let mut admin = connect("postgres").await?;
        run(&mut admin, format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).await?;
        Ok(admin.close().await?)
    }
}

/// Removes the databases of processes that are gone.
async fn remove_old(admin: &mut PgConnection) -> Result<()> {
    let names: Vec<String> =
        sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE datname LIKE 'jeton\\_torture\\_%'").fetch_all(&mut *admin).await?;
    for name in names {
        let process = name.split('_').nth(2).unwrap_or_default();
        if !process.is_empty() && !std::path::Path::new("/proc").join(process).exists() {
            run(admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        }
    }
    Ok(())
}
