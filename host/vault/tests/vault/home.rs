//! A folder with a vault in it, and what tests do to its file behind the vault's back.

use std::path::PathBuf;
use std::time::Duration;

use jeton_runtime::{Account, Client, Grant, GrantKind, Secret, Tokens};
use jeton_vault::{ConnectionName, KeySource, NewConnection, Result, Vault};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;

pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.0.path().join("data/jeton.db")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.0.path().join("config/jeton.key")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) async fn open(&self) -> Result<Vault> {
        Vault::open(&self.store(), KeySource::File(self.key())).await
    }

    /// A vault with the client `mine` of the provider `box`.
    pub(crate) async fn vault(&self) -> Vault {
        let vault = self.open().await.unwrap();
        vault.add_client(&"mine".parse().unwrap(), "box", &client()).await.unwrap();
        vault
    }

    /// A vault with the connection `work`, whose access token `a0` lives this long. Its refresh token is `r0`.
    pub(crate) async fn connected(&self, seconds: u64) -> Vault {
        let vault = self.vault().await;
        save(&vault, "work", &tokens(0, Some(seconds)), false).await.unwrap();
        vault
    }

    /// A connection to the file that isn't the vault's.
    pub(crate) async fn sql(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.store()).connect().await.unwrap()
    }

    pub(crate) async fn run(&self, statement: &str) {
        let mut sql = self.sql().await;
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut sql).await.unwrap();
        sql.close().await.unwrap();
    }

    pub(crate) async fn row(&self, statement: &str) -> SqliteRow {
        let mut sql = self.sql().await;
        sqlx::query(AssertSqlSafe(statement.to_owned())).fetch_one(&mut sql).await.unwrap()
    }

    /// Every byte of the store: the file, its log and its index.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut all = vec![];
        for name in ["jeton.db", "jeton.db-wal", "jeton.db-shm"] {
            all.extend(std::fs::read(self.store().with_file_name(name)).unwrap_or_default());
        }
        all
    }
}

pub(crate) fn client() -> Client {
    Client {
        id: "app-1".to_owned(),
        settings: [("enterprise".to_owned(), "42".to_owned())].into(),
        secrets: [("client-secret".to_owned(), Secret::new("client-secret", "the-client-secret"))].into(),
    }
}

/// The tokens that a service gives for the `number`th time.
pub(crate) fn tokens(number: usize, seconds: Option<u64>) -> Tokens {
    Tokens {
        access: Secret::new("access-token", format!("a{number}")),
        refresh: Some(Secret::new("refresh-token", format!("r{number}"))),
        id_token: None,
        expires_in: seconds.map(Duration::from_secs),
        refresh_expires_in: None,
        scope: Some("read".to_owned()),
        extras: vec![("instance".to_owned(), "eu-1".to_owned())],
    }
}

pub(crate) fn account() -> Account {
    Account { id: "7".to_owned(), login: Some("jane@example.com".to_owned()), name: Some("Jane".to_owned()), extras: vec![] }
}

pub(crate) async fn save(vault: &Vault, name: &str, tokens: &Tokens, replace: bool) -> Result<()> {
    let (name, client): (ConnectionName, _) = (name.parse()?, "mine".parse()?);
    let mut grant = Grant::new(GrantKind::AuthorizationCode, vec!["root_readonly".to_owned()]);
    grant.options.push(("prompt".to_owned(), "consent".to_owned()));
    let account = account();
    vault.save(NewConnection { name: &name, client: &client, grant: &grant, tokens, account: Some(&account), replace }).await
}

pub(crate) fn work() -> ConnectionName {
    "work".parse().unwrap()
}
