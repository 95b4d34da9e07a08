//! A folder with a vault in it, and what tests do to its store behind the vault's back.

use std::path::PathBuf;
use std::time::Duration;

use jeton_runtime::{Account, Client, Grant, GrantKind, Secret, Tokens};
use jeton_vault::StoreSource;
use jeton_vault::{ConnectionName, KeySource, NewConnection, Options, Result, Vault};
use sqlx::postgres::PgRow;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ColumnIndex, ConnectOptions, Connection, Decode, Postgres, Row, Sqlite, Type, ValueRef};
use tempfile::TempDir;

use crate::database::Database;

/// Runs tests on both stores: each is a function that takes the kind of store.
macro_rules! on_both_stores {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::home::Kind::Sqlite).await;
            })+
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::home::Kind::Postgres).await;
            })+
        }
    };
}
pub(crate) use on_both_stores;

/// Which database keeps the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    /// These bytes, in hex, as the database writes them.
    pub(crate) fn bytes(self, hex: &str) -> String {
        match self {
            Self::Sqlite => format!("x'{hex}'"),
            Self::Postgres => format!("'\\x{hex}'::bytea"),
        }
    }
}

pub(crate) struct Home(TempDir, Option<Database>);

/// A row that was read behind the vault's back.
pub(crate) enum Seen {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Seen {
    pub(crate) fn get<T, I>(&self, column: I) -> T
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>,
        I: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    {
        match self {
            Self::Sqlite(row) => row.get(column),
            Self::Postgres(row) => row.get(column),
        }
    }
}

impl Home {
    /// With the store in a file.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap(), None)
    }

    pub(crate) async fn on(kind: Kind) -> Self {
        let database = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(Database::new().await),
        };
        Self(tempfile::tempdir().unwrap(), database)
    }

    pub(crate) fn source(&self) -> StoreSource {
        match &self.1 {
            None => StoreSource::File(self.store()),
            Some(database) => StoreSource::Postgres(database.url()),
        }
    }

    /// What errors call the store.
    pub(crate) fn store_name(&self) -> String {
        match &self.1 {
            None => "jeton.db".to_owned(),
            Some(database) => database.name().to_owned(),
        }
    }

    /// The test's database, where that is where the store is.
    pub(crate) fn database(&self) -> &Database {
        self.1.as_ref().unwrap()
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
        Vault::open(self.source(), KeySource::File(self.key())).await
    }

    /// The store that is there, by one who takes over leases that stood still for so long.
    pub(crate) async fn open_with(&self, lease: Duration) -> Vault {
        let mut options = Options::default();
        options.lease = lease;
        options.open_existing(self.source(), KeySource::File(self.key())).await.unwrap()
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

    /// The store that is there, as another server opens it.
    pub(crate) async fn again(&self) -> Vault {
        Vault::open_existing(self.source(), KeySource::File(self.key())).await.unwrap()
    }

    /// A connection to the file that isn't the vault's.
    pub(crate) async fn sql(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.store()).connect().await.unwrap()
    }

    pub(crate) async fn try_run(&self, statement: &str) -> sqlx::Result<()> {
        if let Some(database) = &self.1 {
            return database.try_run(statement).await;
        }
        let mut sql = self.sql().await;
        let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut sql).await.map(drop);
        sql.close().await.unwrap();
        done
    }

    pub(crate) async fn run(&self, statement: &str) {
        self.try_run(statement).await.unwrap();
    }

    /// A row, from whichever database it is.
    pub(crate) async fn seen(&self, statement: &str) -> Seen {
        match &self.1 {
            None => Seen::Sqlite(self.row(statement).await),
            Some(database) => Seen::Postgres(database.row(statement).await),
        }
    }

    pub(crate) async fn row(&self, statement: &str) -> SqliteRow {
        let mut sql = self.sql().await;
        sqlx::query(AssertSqlSafe(statement.to_owned())).fetch_one(&mut sql).await.unwrap()
    }

    /// Every byte of the store: the file with its log and its index, or all columns of all rows.
    pub(crate) async fn bytes(&self) -> Vec<u8> {
        let mut all = vec![];
        let Some(database) = &self.1 else {
            for name in ["jeton.db", "jeton.db-wal", "jeton.db-shm"] {
                all.extend(std::fs::read(self.store().with_file_name(name)).unwrap_or_default());
            }
            return all;
        };
        let mut sql = database.sql().await;
        let tables = sqlx::query("SELECT tablename::text FROM pg_tables WHERE schemaname = 'jeton'").fetch_all(&mut sql).await.unwrap();
        for table in tables {
            let rows = AssertSqlSafe(format!("SELECT * FROM {}", table.get::<String, _>(0)));
            for row in sqlx::query(rows).fetch_all(&mut sql).await.unwrap() {
                let columns = (0..row.len()).map(|column| row.try_get_raw(column).unwrap());
                all.extend(columns.filter(|raw| !raw.is_null()).flat_map(|raw| raw.as_bytes().unwrap().to_vec()));
            }
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
        answered_at: None,
        scope: Some("read".to_owned()),
        extras: vec![("instance".to_owned(), "eu-1".to_owned())],
    }
}

pub(crate) fn account() -> Account {
    let [id, login, name, drive] = ["7", "jane@example.com", "Jane", "d-7"].map(str::to_owned);
    Account { id, login: Some(login), name: Some(name), extras: vec![("drive-id".to_owned(), drive)] }
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
